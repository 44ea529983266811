# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What became of a restore, as results: the image, the start, and the time against the objective."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.backup.durations import format_duration
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import FAIL, NOT_CHECKED, PASS, Record, record

STAGE = "live"


def results(target: str, restore: Mapping[str, Any], recovery_time: float, problem: str = "") -> list[Record]:
    """A result for each step. The first that was not taken tells the problem; nothing after it is passed."""
    found: list[Record] = []
    for aspect, expected, observed, well, remark in _steps(restore, recovery_time):
        before = all(result["status"] == PASS for result in found)
        reached = observed is not None and before
        status = PASS if reached and well else FAIL if before else NOT_CHECKED
        message = "" if status == PASS else (problem or remark) if before else "an earlier step failed"
        found.append(record(f"restored-{aspect}-{target}", status, STAGE, expected, observed, str(restore.get("place", "")), message))
    return found


def _steps(restore: Mapping[str, Any], recovery_time: float) -> Iterator[tuple[str, object, object, bool, str]]:
    wanted, read = restore.get("sha256"), restore.get("read")
    yield "image", {"sha256": wanted}, {"sha256": read} if read else None, bool(wanted) and read == wanted, "this is not what was promoted"
    booted = restore.get("booted")
    yield "start", {"login": True}, None if booted is None else {"login": True, "seconds": booted}, True, "the guest was not started"
    elapsed = restore.get("seconds")
    took = f"the restore took {format_duration(elapsed)}, longer than the objective" if elapsed is not None else "nobody measured it"
    observed = None if elapsed is None else {"seconds": elapsed}
    yield "time", {"at most seconds": recovery_time}, observed, elapsed is not None and elapsed <= recovery_time, took
