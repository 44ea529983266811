# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The run before of the same host, found beside the evidence of this one, and what has become different since.

Old evidence is input like any other: it may be of another release, cut off, or
of somebody's making. What cannot be read is reported and never stops a run.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import NOT_APPLICABLE, OURS, PASS, STATUSES, Record
from ansible_collections.hygeia.golden.plugins.module_utils.util.masking import masked
from ansible_collections.hygeia.golden.plugins.module_utils.util.readable import readable_throughout
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import SEVERITIES, by_control, ours, verdict
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.statuses import FAILED

BETTER, WORSE, CHANGED, NEW, GONE = "better", "worse", "changed", "new", "gone"
DIFFERENCES = (WORSE, BETTER, CHANGED, NEW, GONE)
# More than the results of any host take, and as many runs are looked at as may lie between two of the same kind.
LARGEST = 64 * 1024 * 1024
MOST_RUNS = 10
_NAME = re.compile(r"\d{8}T\d{6}Z(-\d+)?")
# What of a record of then is shown now, and may be of any length in a file of anybody.
_LONGEST = 300

# Title, severity and status of each control.
Verdicts = dict[str, dict[str, str]]
# For each sort of difference its controls; and of which run these are.
Since = dict[str, Any]


class Unusable(Exception):
    """Evidence that cannot be compared with, with the reason."""


def since(path: str, replaces: str | None, records: Sequence[Record], part: bool = False) -> Since | None:
    """What is different since the newest run before that looked at most of the same controls, or None where there is none.

    ``path`` is where this run's evidence is about to be written, and ``replaces`` a directory of this very run. A run that
    looks at a ``part`` of its profile has left out what it did not look at.
    """
    now = _verdicts(records)
    unread: list[dict[str, str]] = []
    for directory in _before(path, replaces) if now else ():
        try:
            ended, then = _read(os.path.join(directory, "results.json"))
        except Unusable as problem:
            unread.append({"run": os.path.basename(directory), "why": str(problem)})
            continue
        if 2 * len(now.keys() & then.keys()) > len(now):
            then = {name: about for name, about in then.items() if name in now} if part else then
            return {"run": os.path.basename(directory), "ended": ended, "unread": unread, **compared(then, now)}
    return {"run": "", "ended": "", "unread": unread, **{name: [] for name in DIFFERENCES}} if unread else None


def compared(then: Verdicts, now: Verdicts) -> Since:
    """For each sort of difference the controls, the most severe first, with their verdict then and now."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in DIFFERENCES}
    for control in dict.fromkeys([*now, *then]):
        before, after = then.get(control, {}), now.get(control, {})
        sort = _sort(before.get("status"), after.get("status"))
        if sort:
            about = after or before
            found[sort].append(
                {
                    "control": control,
                    "title": about["title"],
                    "severity": about["severity"],
                    "then": before.get("status"),
                    "now": after.get("status"),
                }
            )
    return {sort: sorted(rows, key=lambda row: -SEVERITIES.index(row["severity"])) for sort, rows in found.items()}


def _sort(before: str | None, after: str | None) -> str:
    if before == after:
        return ""
    if before is None or after is None:
        return NEW if before is None else GONE
    if after in FAILED and before not in FAILED:
        return WORSE
    return BETTER if after == PASS and before != NOT_APPLICABLE else CHANGED


def _verdicts(records: Sequence[Record]) -> Verdicts:
    return {
        name: {"title": group[0]["title"], "severity": group[0]["severity"], "status": verdict(group)}
        for name, group in by_control(ours(records)).items()
    }


# -- old evidence ---------------------------------------------------------------------


def _before(path: str, replaces: str | None) -> list[str]:
    """The directories of earlier runs of the same host, the newest first: by their names where these are times, else by age."""
    path = os.path.abspath(path)
    parent, own = os.path.split(path)
    aside = {os.path.realpath(place) for place in (path, replaces) if place}
    try:
        with os.scandir(parent) as entries:
            found = [
                (entry.name, entry.stat(follow_symlinks=False).st_mtime)
                for entry in entries
                if entry.is_dir(follow_symlinks=False) and not entry.name.startswith(".")
            ]
    except OSError:
        return []
    found = [(name, age) for name, age in found if os.path.realpath(os.path.join(parent, name)) not in aside]
    if _NAME.fullmatch(own):
        times = [name for name, unused_age in found if _NAME.fullmatch(name) and _moment(name) < _moment(own)]
        ordered = sorted(times, key=_moment, reverse=True)
    else:
        ordered = [name for name, unused_age in sorted(found, key=lambda each: each[1], reverse=True)]
    return [os.path.join(parent, name) for name in ordered[:MOST_RUNS]]


def _moment(name: str) -> tuple[str, int]:
    """Two runs of one second have a number each: 2 comes before 10."""
    time, unused_dash, number = name.partition("-")
    return time, int(number or 1)


def _read(path: str) -> tuple[str, Verdicts]:
    """When a run ended, and the verdict on each of its controls."""
    try:
        known = json.loads(_text(path))
    except (ValueError, RecursionError) as problem:
        raise Unusable("its results.json is damaged") from problem
    if not isinstance(known, dict) or not isinstance(known.get("records"), list):
        raise Unusable("its results.json has no records")
    ended = known.get("ended")
    records = readable_throughout(masked([_summary(record) for record in known["records"] if _usable(record)]))
    return _shown(ended) if isinstance(ended, str) else "", _verdicts(records)


def _text(path: str) -> str:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as problem:
        raise Unusable(f"its results.json cannot be read: {problem.strerror}") from problem
    try:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise Unusable("its results.json is not a file")
        if about.st_size > LARGEST:
            raise Unusable("its results.json is too large")
        with open(handle, "rb", closefd=False) as stream:
            return stream.read(LARGEST).decode("utf-8")
    except OSError as problem:
        raise Unusable(f"its results.json cannot be read: {problem.strerror}") from problem
    finally:
        os.close(handle)


def _usable(record: object) -> bool:
    """A record of ours from which a verdict follows; a release before may have had others."""
    return (
        isinstance(record, dict)
        and all(isinstance(record.get(name), str) for name in ("control", "title", "status", "severity"))
        and record["status"] in STATUSES
        and record["severity"] in SEVERITIES
        and record.get("origin", OURS) == OURS
    )


def _summary(record: Record) -> dict[str, str]:
    return {"origin": OURS, **{name: _shown(record[name]) for name in ("control", "title", "status", "severity")}}


def _shown(text: str) -> str:
    return text[:_LONGEST]
