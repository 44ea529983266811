# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The binder of a period as one document: what the page shows, and binder.json has."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.signing.verification import Trust
from ansible_collections.hygeia.golden.plugins.plugin_utils.binder import failures, patches, proofs, runs, safeguards
from ansible_collections.hygeia.golden.plugins.plugin_utils.binder.period import Period
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.manifest import RETENTION, retain_until

SCHEMA_VERSION = 1

Document = dict[str, Any]


def document(
    directory: str, period: Period, frameworks: Sequence[Entry], trust: Trust | None, histories: Sequence[str], moment: str
) -> Document:
    """Everything that the evidence in a directory says about a period; ``trust`` is None when nobody's signature counts."""
    evidence = runs.read(directory, period)
    return {
        "schema_version": SCHEMA_VERSION,
        "period": {"name": period.name, "title": period.title, "begin": period.begin, "end": period.end},
        "made": moment,
        "hosts": [_host(host, evidence.within[host]) for host in evidence.within],
        "runs": [
            {"run": run.name, "host": run.host, "ended": run.ended, "outcome": run.outcome, "sha256": run.sha256} for run in evidence.runs
        ],
        "unread": evidence.unread,
        "silent": sorted(set(evidence.before) - set(evidence.within)),
        "safeguards": [safeguards.safeguards(evidence, framework) for framework in frameworks],
        "failures": failures.failures(evidence, period),
        "waivers": failures.waivers(evidence),
        "patches": patches.patches(evidence),
        "restores": proofs.restores(evidence),
        "images": proofs.images(evidence),
        "signatures": proofs.signatures(evidence, trust),
        "histories": proofs.chain(directory, trust, histories),
        "retention": {"retain_until": retain_until(moment), "basis": RETENTION},
    }


def _host(host: str, found: Sequence[runs.Run]) -> dict[str, Any]:
    """How often a host or template was looked at, and how it was last."""
    profile = found[-1].manifest.get("profile")
    return {
        "host": host,
        "runs": len(found),
        "outcomes": dict(Counter(run.outcome for run in found)),
        "last": found[-1].ended,
        "outcome": found[-1].outcome,
        "profile": profile.get("id", "") if isinstance(profile, dict) else "",
    }


def manifest(found: Mapping[str, Any], files: Mapping[str, bytes], generator: Mapping[str, str]) -> dict[str, Any]:
    """The digests of the binder's files, in the form of a run's manifest, so that the same program verifies it."""
    return {
        "schema_version": SCHEMA_VERSION,
        "host": f"binder {found['period']['name']}",
        "generator": dict(generator),
        "ended": found["made"],
        "verdict": {"outcome": "binder"},
        "image": None,
        "period": found["period"],
        "runs": {run["run"]: run["sha256"] for run in found["runs"]},
        "files": {name: {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content)} for name, content in sorted(files.items())},
        "retention": found["retention"],
    }
