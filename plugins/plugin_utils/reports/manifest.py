# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""manifest.json: what was made of what, by what, with which outcome, and how long this is kept."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.settings import sent
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.run import Run

SCHEMA_VERSION = 1
# The rule is about documentation of policies, procedures and actions; it does not name logs or images.
RETENTION = "45 CFR 164.316(b)(2)(i): documentation is retained for six years from its creation or when it last was in effect."


def manifest(run: Run, files: dict[str, str]) -> dict[str, Any]:
    """``files`` are the other texts of the evidence by name, so that a change to one of them shows."""
    return {
        "schema_version": SCHEMA_VERSION,
        "host": run["host"],
        "groups": run["groups"] or [],
        "generator": run["generator"],
        "playbook": run["playbook"],
        "started": run["started"] or None,
        "ended": run["ended"],
        "source": run["source"],
        "isolation": run["isolation"] or None,
        "image": run["image"],
        # The root of the digests in image_manifest.json, of the image as it booted.
        "image_root": run["image_root"] or None,
        "profile": {
            "id": run["profile"],
            "controls": len(run["controls"]),
            # The one that the image says of itself, too.
            "sha256": run["controls_sha256"],
        },
        "verdict": {
            "outcome": run["verdict"],
            "severity": run["severity"],
            "text": run["sentence"],
            "failing": run["failing"],
            "boot_skipped": run["boot_skipped"],
        },
        "score": run["score"],
        "stages": run["stages"],
        "waivers": [{"control": name, **waiver} for name, waiver in _waivers(run).items() if waiver],
        "feeds": [{key: feed.get(key) for key in ("name", "kind", "date", "sha256")} for feed in run["feeds"]],
        "vulnerabilities": {
            "stated": run["patches"]["stated"],
            "text": run["patches"]["text"],
            **(
                {name: len({entry["id"] for entry in run["patches"][name]}) for name in ("closed", "open")}
                if run["patches"]["stated"]
                else {}
            ),
        },
        "release": run["release"] or None,
        "rollback": run["rollback"] or None,
        "history": run["history"],
        "packages": {"changed": run["changes"], "pending": run["pending"]},
        "files": {name: {"sha256": _digest(text), "size": len(text.encode())} for name, text in sorted(files.items())},
        "retention": {"retain_until": retain_until(run["ended"]), "basis": RETENTION},
    }


def controls_digest(run: Run) -> str:
    """Of the ids and settings of the controls."""
    return _digest(json.dumps(sent(run["controls"]), sort_keys=True))


def _waivers(run: Run) -> dict[str, dict[str, Any] | None]:
    """Those of the controls, looked at or not, and those of checks that were looked at."""
    return {
        **{control["id"]: control.get("waiver") for control in run["controls"]},
        **{record["control"]: record["waiver"] for record in run["records"]},
    }


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def retain_until(moment: str) -> str:
    """The day six years after a moment; the 29th of February becomes the 1st of March."""
    year, month, day = moment[:10].split("-")
    return f"{int(year) + 6}-03-01" if (month, day) == ("02", "29") else f"{int(year) + 6}-{month}-{day}"
