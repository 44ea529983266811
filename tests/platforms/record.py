# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The record of one run of the main job on a real image, for docs/platforms: what was run, and what came of it."""

from __future__ import annotations

import collections
import hashlib
import json
import re
from pathlib import Path

# Findings that a reader must know; of the rest there are figures.
LISTED = ("fail", "error")
LONGEST = 200


def made(evidence, signed_off, commit, stand_in=False):
    """The record of the evidence in a directory, as a dictionary."""
    evidence = Path(evidence)
    manifest = json.loads((evidence / "manifest.json").read_text(encoding="utf-8"))
    results = json.loads((evidence / "results.json").read_text(encoding="utf-8"))["records"]
    image = manifest["image"] or {}
    return {
        "platform": system_of(evidence, manifest),
        "stand_in": stand_in,
        "date": manifest["ended"][:10],
        "signed_off": signed_off,
        "collection": {"version": manifest["generator"]["version"], "commit": commit},
        "ansible_core": manifest["generator"]["ansible_core"],
        "profile": manifest["profile"]["id"],
        "template": {"file": Path(manifest["source"]["path"]).name, "sha256": manifest["source"]["sha256"]},
        "image": {"sha256": image.get("sha256", ""), "size": image.get("size", 0)},
        "outcome": manifest["verdict"]["outcome"],
        "packages_changed": len(manifest["packages"]["changed"]),
        "audits": {stage: figures(results, stage) for stage in manifest["stages"]},
        "findings": findings(results),
        "evidence_sha256": hashlib.sha256((evidence / "manifest.json").read_bytes()).hexdigest(),
    }


def system_of(evidence, manifest):
    """The name and version of the audited system, as the bill of materials has them from its os-release."""
    (path,) = [evidence / name for name in manifest["files"] if name.endswith(".cdx.json")]
    component = json.loads(path.read_text(encoding="utf-8"))["metadata"]["component"]
    (name,) = [entry["value"] for entry in component["properties"] if entry["name"] == "hygeia.golden:os"]
    return re.sub(r"[^a-z0-9.]+", "-", name.lower()).strip("-")


def figures(records, stage):
    """How many records of a stage have each status."""
    counted = collections.Counter(record["status"] for record in records if record["stage"] == stage)
    return dict(sorted(counted.items()))


def findings(records):
    """What did not hold, each in a line, with the stages at which it was found."""
    found = {}
    for record in records:
        if record["status"] in LISTED:
            key = (record["control"], record["status"], record["message"][:LONGEST])
            found.setdefault(key, []).append(record["stage"])
    return [
        {"control": control, "status": status, "stages": stages, "message": message}
        for (control, status, message), stages in sorted(found.items())
    ]
