# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What differs between two systems: packages, files, units and controls.

Files that packages brought are summarized by package: when its version changed, what it replaced is a number. Everything else is reported file by
file, but what lies in a directory that is new or gone as a whole, which is counted with the directory.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record
from ansible_collections.hygeia.golden.plugins.plugin_utils.comparison.listing import Entry
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.previous import compared as controls_compared
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import by_control, ours, verdict

ADDED, REMOVED, CHANGED = "added", "removed", "changed"
_AS_PACKAGED = "="
_SETUID, _SETGID, _STICKY = 0o4000, 0o2000, 0o1000
_TYPES = {"f": "file", "d": "directory", "l": "link", "c": "device", "b": "device", "p": "named pipe", "s": "socket", "?": "unknown"}

# One difference, as the page and comparison.json have it.
Row = dict[str, Any]
# What was found of one system: its tree by paths, packages, units and records.
System = Mapping[str, Any]


def compared(before: System, after: System) -> dict[str, Any]:
    """All differences, each sort by itself."""
    packages = _packages(before["packages"], after["packages"])
    files, replaced = _files(before["tree"], after["tree"], {row["package"] for row in packages})
    for row in packages:
        row["files"] = replaced.get(row["package"], 0)
    return {
        "packages": packages,
        "notable": [row for row in files if row["notable"]],
        "files": _gathered(files),
        "units": _units(before["units"], after["units"]),
        "controls": _controls(before["records"], after["records"]),
        "settings": _settings(before["records"], after["records"]),
    }


# -- packages ---------------------------------------------------------------------------


def _packages(before: Sequence[Row], after: Sequence[Row]) -> list[Row]:
    then, now = _versions(before), _versions(after)
    return [
        {"package": name, "from": ", ".join(then.get(name, ())), "to": ", ".join(now.get(name, ()))}
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    ]


def _versions(packages: Sequence[Row]) -> dict[str, list[str]]:
    """The versions of each package, of which several may be installed, for several architectures too."""
    found: dict[str, list[str]] = {}
    for entry in packages:
        found.setdefault(entry["package"], []).append(entry["version"])
    return {name: sorted(set(versions)) for name, versions in found.items()}


# -- files ------------------------------------------------------------------------------


def _files(before: Mapping[str, Entry], after: Mapping[str, Entry], updated: set[str]) -> tuple[list[Row], dict[str, int]]:
    """The differences that are to be listed by file, and how many files were replaced by packages of another version."""
    rows, replaced = [], dict.fromkeys(updated, 0)
    for path in sorted(before.keys() | after.keys()):
        then, now = before.get(path), after.get(path)
        package = next((entry.package for entry in (now, then) if entry and entry.package), "")
        if then == now:
            # What an updated package brought to the same place is as packaged in both, and another file all the same.
            if package in updated and now and now.content == _AS_PACKAGED:
                replaced[package] += 1
        elif package in updated and _only_by_package(then, now):
            replaced[package] += 1
        else:
            rows += _row(path, package, then, now)
    return rows, replaced


def _only_by_package(then: Entry | None, now: Entry | None) -> bool:
    """Does all that is different follow from the package? Rights that it brings are worth a look all the same."""
    for entry in filter(None, (then, now)):
        if not entry.package or (entry.type == "f" and entry.content != _AS_PACKAGED):
            return False
    if now and not then:
        return not _notable(then, now)
    return not then or not now or _rights(then) == _rights(now)


def _rights(entry: Entry) -> tuple[object, ...]:
    return entry.type, entry.mode, entry.owner, entry.group, entry.capability


def _row(path: str, package: str, then: Entry | None, now: Entry | None) -> list[Row]:
    changes = _changes(then, now) if then and now else []
    if then and now and not changes:
        return []  # only the size that a package gave it, or to which package it belongs
    either = now or then
    return [
        {
            "path": path,
            "sort": CHANGED if then and now else ADDED if now else REMOVED,
            "type": _TYPES[either.type] if either else "",
            "package": package,
            "changes": changes,
            "notable": _notable(then, now),
            "then": _facts(then),
            "now": _facts(now),
        }
    ]


def _changes(then: Entry, now: Entry) -> list[dict[str, str]]:
    """What is different of what is there in both, in words."""
    found = []
    if then.type != now.type:
        found.append(("type", _TYPES[then.type], _TYPES[now.type]))
    if then.type == now.type and then.content != now.content:
        found.append(("target" if now.type == "l" else "content", _shown(then), _shown(now)))
    if then.mode != now.mode:
        found.append(("mode", f"{then.mode:04o}", f"{now.mode:04o}"))
    if (then.owner, then.group) != (now.owner, now.group):
        found.append(("owner", f"{then.owner}:{then.group}", f"{now.owner}:{now.group}"))
    if then.capability != now.capability:
        found.append(("capability", then.capability or "none", now.capability or "none"))
    return [{"what": what, "from": before, "to": after} for what, before, after in found]


def _shown(entry: Entry) -> str:
    if entry.type != "f":
        return entry.content
    if entry.content == _AS_PACKAGED:
        return "as packaged"
    return "could not be read" if entry.content == "?" else f"SHA-256 {entry.content[:16]}…, {entry.size} bytes"


def _notable(then: Entry | None, now: Entry | None) -> list[str]:
    """Why somebody should look at what is there now, where it was not so before."""
    if not now:
        return []
    return [why for why in _powers(now) if not then or why not in _powers(then)] + (
        ["no longer as its package brought it"]
        if now.package and now.type == "f" and then and then.content == _AS_PACKAGED != now.content
        else []
    )


def _powers(entry: Entry) -> list[str]:
    found = []
    if entry.type == "f" and entry.mode & _SETUID:
        found.append(f"runs as {entry.owner} (setuid)")
    if entry.type == "f" and entry.mode & _SETGID:
        found.append(f"runs with the group {entry.group} (setgid)")
    if entry.capability:
        found.append("runs with capabilities")
    if entry.type in "cb":
        found.append("is a device")
    if entry.mode & 0o002 and entry.type != "l" and not (entry.type == "d" and entry.mode & _STICKY):
        found.append("can be written by everybody")
    return found


def _facts(entry: Entry | None) -> Row | None:
    return {**asdict(entry), "mode": f"{entry.mode:04o}"} if entry else None


def _gathered(rows: Sequence[Row]) -> list[Row]:
    """The rows without those below a directory of the same sort, which are counted with it."""
    tops: dict[str, Row] = {}
    kept = []
    for row in rows:
        top = _above(row["path"], tops) if row["sort"] != CHANGED else None
        if top and top["sort"] == row["sort"]:
            top["entries"] += 1
            top["bytes"] += (row["now"] or row["then"])["size"]
            continue
        row = {**row, "entries": 0, "bytes": (row["now"] or row["then"])["size"]}
        kept.append(row)
        if row["type"] == "directory" and row["sort"] != CHANGED:
            tops[row["path"]] = row
    return kept


def _above(path: str, tops: Mapping[str, Row]) -> Row | None:
    """The directory among those that a path lies below."""
    while path:
        path = path.rpartition("/")[0]
        if path in tops:
            return tops[path]
    return None


# -- units and controls -----------------------------------------------------------------


def _units(before: Iterable[Row], after: Iterable[Row]) -> list[Row]:
    then, now = ({each["unit"]: each["state"] for each in units} for units in (before, after))
    return [
        {"unit": name, "from": then.get(name, ""), "to": now.get(name, "")}
        for name in sorted({*then, *now})
        if then.get(name) != now.get(name)
    ]


def _controls(before: Sequence[Record], after: Sequence[Record]) -> dict[str, list[Row]]:
    """The controls whose verdict is another one."""
    return controls_compared(_verdicts(before), _verdicts(after))


def _verdicts(records: Sequence[Record]) -> dict[str, dict[str, str]]:
    return {
        name: {"title": group[0]["title"], "severity": group[0]["severity"], "status": verdict(group)}
        for name, group in by_control(ours(records)).items()
    }


def _settings(before: Sequence[Record], after: Sequence[Record]) -> list[Row]:
    """The effective values that are other ones, whatever a control says of them."""
    then, now = _values(before), _values(after)
    return [
        {"control": control, "setting": name, "from": then.get((control, name)), "to": now.get((control, name))}
        for control, name in sorted({*then, *now})
        if then.get((control, name)) != now.get((control, name))
    ]


def _values(records: Sequence[Record]) -> dict[tuple[str, str], Any]:
    return {
        (record["control"], name): value
        for record in ours(records)
        if isinstance(record["observed"], dict)
        for name, value in record["observed"].items()
    }
