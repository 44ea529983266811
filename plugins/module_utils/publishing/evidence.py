# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the evidence of a promotion says about its image: that it was promoted, its files, and the machines that it can run in.

Everything is read from evidence that was verified first, so the facts about an image are as good as its signature.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import PASS
from ansible_collections.hygeia.golden.plugins.module_utils.signing.program import SigningError
from ansible_collections.hygeia.golden.plugins.module_utils.signing.verification import MANIFEST, Trust, newest, read, verify

RESULTS = "results.json"
# Evidence is written before the pointer moves, and replaced when that has happened; the history tells of a killed run.
OUTCOMES = ("promoted", "approved")
_DEVICE = re.compile(r"[A-Za-z0-9][\w-]*", re.A)
_FACT = re.compile(r"portable-(firmware|disk|network|agent)-(.+)")
# What a record of each aspect is called in the description of a machine.
_LISTS = {"firmware": "firmware", "disk": "disks", "network": "networks"}


@dataclass(frozen=True)
class Promotion:
    """A promotion by its verified evidence."""

    path: str
    signers: list[str]
    ended: str
    machines: dict[str, dict[str, Any]]


def of(path: str, sha256: str, trust: Trust) -> Promotion:
    """The promotion of the image with this digest; SigningError where its evidence is missing or does not verify."""
    directory = path if os.path.lexists(os.path.join(path, MANIFEST)) else newest(path, sha256)
    found = verify(directory, trust, sha256=sha256)
    if found.problems:
        raise SigningError(f"the evidence {directory} does not verify: {'; '.join(found.problems)}")
    outcome = (found.manifest.get("verdict") or {}).get("outcome")
    if outcome not in OUTCOMES:
        raise SigningError(f"the evidence {directory} is of a run that ended as {outcome}, not of a promotion")
    signers = [signature["signer"] for signature in found.signatures]
    return Promotion(directory, signers, found.manifest["ended"], _machines(directory, found.manifest["files"]))


def _machines(directory: str, files: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """For each platform that was asked about: the firmwares, disks and network cards that work, and whether its agent starts."""
    if RESULTS not in files:
        return {}
    try:
        records = json.loads(read(directory, RESULTS))["records"]
        facts = [(_FACT.fullmatch(record["control"]), record) for record in records]
    except (KeyError, TypeError, ValueError, RecursionError) as problem:
        raise SigningError(f"{RESULTS} of the evidence {directory} cannot be read: {problem}") from problem
    machines: dict[str, dict[str, Any]] = {}
    for about, record in facts:
        if about:
            machine = machines.setdefault(about[2], {"firmware": [], "disks": [], "networks": [], "agent": False})
            if about[1] in _LISTS:
                machine[_LISTS[about[1]]] = _working(record)
            else:
                machine["agent"] = record["status"] == PASS
    return machines


def _working(record: dict[str, Any]) -> list[str]:
    """The devices that a passed record found to work."""
    observed = record.get("observed")
    found = observed.get("one of") if isinstance(observed, dict) and record["status"] == PASS else None
    return [device for device in found if isinstance(device, str) and _DEVICE.fullmatch(device)] if isinstance(found, list) else []
