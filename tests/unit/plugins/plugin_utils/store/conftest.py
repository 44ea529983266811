# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Evidence of made-up runs, and a store of them."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from contextlib import ExitStack
from functools import cache

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.store import engine, loading


def make_record(control="ssh-root-login", status="pass", **known):
    return {
        "control": control,
        "title": f"Title of {control}",
        "severity": "high",
        "level": 1,
        "origin": "hygeia.golden",
        "host": "",
        "stage": "live",
        "status": status,
        "expected": {"sshd: PermitRootLogin": "no"},
        "observed": {"sshd: PermitRootLogin": "yes" if status == "fail" else "no"},
        "read_from": "sshd -T",
        "message": "",
        "waiver": None,
        "references": {"hipaa": ["164.312(d)"]},
        **known,
    }


class Site:
    """Directories of evidence and of a store."""

    def __init__(self, place):
        self.evidence, self.store = place / "evidence", place / "store"

    def run(self, host, ended, *records, stored=True, vulnerabilities=None, **known):
        """Leave evidence as the role does, and add it to the store; returns its directory."""
        place = self.evidence / host / ended.translate({ord("-"): None, ord(":"): None})
        place.mkdir(parents=True, exist_ok=True)
        counts = Counter(record["status"] for record in records)
        applicable = len(records) - counts["not_applicable"]
        results = json.dumps(
            {
                "records": records,
                "patches": {"vulnerabilities": {"stated": vulnerabilities is not None, "open": vulnerabilities or [], "closed": []}},
            }
        )
        manifest = {
            "host": host,
            "groups": [],
            "started": None,
            "ended": ended,
            "verdict": {"outcome": "refused" if counts["fail"] else "passed"},
            "profile": {"id": "hipaa"},
            "stages": ["live"],
            "score": {
                "controls": len(records),
                "applicable": applicable,
                **{status: counts[status] for status in ("pass", "fail", "error", "waived", "not_checked", "not_applicable")},
                "percent": 100 * counts["pass"] // applicable if applicable else None,
            },
            "release": None,
            "image": None,
            "generator": {"version": "0.1.0"},
            "files": {"results.json": {"sha256": hashlib.sha256(results.encode()).hexdigest(), "size": len(results)}},
            **known,
        }
        (place / "results.json").write_text(results, encoding="utf-8")
        (place / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
        if stored:
            self.load(place)
        return place

    def load(self, place):
        return loading.loaded(_database(), str(self.store), str(place))


_OPENED = ExitStack()


@cache
def _database():
    """One for all tests: making one takes longer than what they do with it."""
    return _OPENED.enter_context(engine.connected(threads=1))


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)


@pytest.fixture
def record():
    return make_record
