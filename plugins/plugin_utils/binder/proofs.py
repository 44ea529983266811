# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Restores that were tried, images that were promoted, and whether signatures and the history of runs verify."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import ERROR, FAIL, PASS
from ansible_collections.hygeia.golden.plugins.module_utils.signing import history, verification
from ansible_collections.hygeia.golden.plugins.module_utils.signing.history import INDEX
from ansible_collections.hygeia.golden.plugins.module_utils.signing.program import SigningError
from ansible_collections.hygeia.golden.plugins.module_utils.signing.verification import Trust
from ansible_collections.hygeia.golden.plugins.module_utils.util.readable import readable_throughout
from ansible_collections.hygeia.golden.plugins.plugin_utils.binder.runs import Evidence, Run

# The checks that restore something (roles/baseline/files/checks/backup.yml).
RESTORES = ("backup-canary-proven", "backup-sample-proven")
TIME = "backup-time-proven"
# Programs that verify wait for each other's processes and not for a processor alone.
_AT_ONCE = 4

Row = dict[str, Any]


def restores(evidence: Evidence) -> dict[str, Any]:
    """For each host how often a restore was proven and failed, and the hosts on which none was tried."""
    rows: list[Row] = []
    untried = []
    for host, runs in evidence.within.items():
        tried = [_restore(run) for run in runs]
        tried = [each for each in tried if each["tried"]]
        if not tried:
            untried.append(host)
            continue
        proven = [each for each in tried if not each["failed"]]
        rows.append(
            {
                "host": host,
                "proven": len(proven),
                "failed": len(tried) - len(proven),
                "last_proven": max((each["ended"] for each in proven), default=""),
                "last_failed": max((each["ended"] for each in tried if each["failed"]), default=""),
                "message": next((each["message"] for each in reversed(tried) if each["failed"]), ""),
                "in_time": tried[-1]["in_time"],
            }
        )
    return {"rows": rows, "untried": untried}


def _restore(run: Run) -> Row:
    by_status = {record["control"]: record for record in run.records if record["control"] in (*RESTORES, TIME)}
    looked = [by_status[name] for name in RESTORES if name in by_status and by_status[name]["status"] in (PASS, FAIL, ERROR)]
    failed = [record for record in looked if record["status"] != PASS]
    return {
        "ended": run.ended,
        "tried": bool(looked),
        "failed": bool(failed),
        "message": failed[0]["message"] if failed else "",
        "in_time": by_status[TIME]["status"] if TIME in by_status else "not_checked",
    }


def images(evidence: Evidence) -> list[Row]:
    """What was promoted and rolled back, in its order."""
    rows = []
    for run in sorted(evidence.runs, key=lambda run: run.ended):
        image, rollback = run.manifest.get("image"), run.manifest.get("rollback")
        if run.outcome == "promoted" and isinstance(image, dict):
            profile = run.manifest.get("profile")
            about = profile.get("id", "") if isinstance(profile, dict) else ""
            rows.append(
                {
                    "image": os.path.basename(str(image.get("path"))),
                    "sha256": str(image.get("sha256")),
                    "about": f"promoted with profile {about}",
                }
            )
        elif run.outcome == "rolled_back" and isinstance(rollback, dict):
            about = f"rolled back by {rollback.get('by')}: {rollback.get('reason')}"
            rows.append({"image": str(rollback.get("image")), "sha256": str(rollback.get("sha256")), "about": about})
        else:
            continue
        rows[-1].update(host=run.host, time=run.ended)
    return rows


def signatures(evidence: Evidence, trust: Trust | None) -> dict[str, Any]:
    """Whether each run is what was signed; without anybody who may sign, nothing is verified and nothing is said."""
    runs = evidence.runs
    if trust is None:
        return {"verified": None, "runs": len(runs), "signers": [], "problems": []}
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        found = list(pool.map(lambda run: verification.verify(run.directory, trust), runs))
    signers: dict[str, int] = {}
    for each in found:
        for signer in {signature["signer"] for signature in each.signatures} if not each.problems else ():
            signers[signer] = signers.get(signer, 0) + 1
    return {
        "verified": sum(not each.problems for each in found),
        "runs": len(runs),
        "signers": [{"signer": name, "runs": count} for name, count in sorted(signers.items())],
        "problems": readable_throughout([{"run": run.name, "why": each.problems} for run, each in zip(runs, found) if each.problems]),
    }


def chain(directory: str, trust: Trust | None, histories: Sequence[str] = ()) -> list[Row]:
    """Whether the index of runs, and histories of images, are what was written."""
    paths = [os.path.join(directory, INDEX), *histories]
    return [_history(path, directory, trust) for path in paths]


def _history(path: str, directory: str, trust: Trust | None) -> Row:
    row: Row = {"name": os.path.basename(path), "path": path, "state": "not_checked", "entries": 0, "confirmed": 0, "sha256": None}
    row.update(problems=[], notes=[])
    if trust is None:
        return {**row, "notes": ["nobody was named whose signature counts"]}
    if os.path.basename(path) == INDEX and not os.path.lexists(path):
        return {**row, "state": FAIL, "problems": ["there is no index of runs, so nothing shows whether evidence was removed"]}
    try:
        found = history.verify(path, directory, trust, today=time.strftime("%Y-%m-%d", time.gmtime()))
    except SigningError as problem:
        return {**row, "state": ERROR, "problems": [str(problem)]}
    known = found.examination
    row.update(state=FAIL if found.problems else PASS, entries=known.entries, confirmed=known.confirmed, sha256=known.sha256)
    return {**row, **readable_throughout({"problems": found.problems, "notes": found.notes})}
