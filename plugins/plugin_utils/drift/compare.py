# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What differs between an image's manifest and that of a machine: one difference an item, as data.

What an updated package brought along, as it brought it, is counted with the package.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.manifest.selection import FILES, Entry, Selection
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift.manifest import Manifest

PACKAGES = "packages"
_NAMES = {"f": "file", "d": "directory", "l": "link", "c": "device", "b": "device", "p": "named pipe", "s": "socket", "?": "unknown"}
_SPECIAL = 0o6000
_EVERYBODY = 0o002


@dataclass(frozen=True)
class Difference:
    """One item; ``was`` or ``now`` is None where there is none. ``package`` is the updated one that it came with as packaged."""

    category: str
    item: str
    was: Any
    now: Any
    package: str = ""
    files: int = 0


@dataclass
class Comparison:
    """All differences, and of which categories nothing can be said, with the reason."""

    differences: list[Difference] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)
    compared: list[str] = field(default_factory=list)


def compared(reference: Manifest, now: Manifest, chosen: Selection) -> Comparison:
    """``reference`` is selected already, and was known to the system that ``now`` is of."""
    found = Comparison()
    for name in dict.fromkeys([*reference.categories, *now.categories]):
        _category(found, name, reference, now)
    changed = {_package(difference.item): difference.now for difference in found.differences if difference.category == PACKAGES}
    files, counted = _files(reference, now, changed, chosen)
    brought = _Brought(now, changed)
    found.differences = [
        *(
            _with_files(difference, counted) if difference.category == PACKAGES else brought.marked(difference)
            for difference in found.differences
        ),
        *files,
    ]
    found.compared.append(FILES)
    return found


def _category(found: Comparison, name: str, reference: Manifest, now: Manifest) -> None:
    then, here = reference.categories.get(name), now.categories.get(name)
    if here is None or here.unread:
        found.unread[name] = here.unread if here else "the machine did not tell it"
    elif then is None or then.items is None:
        found.unread[name] = f"the image has none to compare with: {then.unread if then else 'it is of an earlier release'}"
    else:
        found.compared.append(name)
        found.differences += _items(name, then.items, then.items if here.items is None else here.items)


def _items(category: str, was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[Difference]:
    for item in sorted({*was, *now}):
        if was.get(item) != now.get(item) or (item in was) != (item in now):
            yield Difference(category, item, was.get(item), now.get(item))


def _package(item: str) -> str:
    """The name of a package without its architecture."""
    return item.rpartition(":")[0] or item


def _with_files(difference: Difference, counted: Mapping[str, int]) -> Difference:
    return Difference(
        difference.category,
        difference.item,
        difference.was,
        difference.now,
        _package(difference.item),
        counted.get(_package(difference.item), 0),
    )


# -- files ------------------------------------------------------------------------------


def _files(reference: Manifest, now: Manifest, changed: Mapping[str, Any], chosen: Selection) -> tuple[list[Difference], dict[str, int]]:
    """The differences of files, and how many of each package that changed are as it brought them."""
    touched = {*now.groups, *now.gone}
    was = dict(_by_path((name, entries) for name, entries in reference.groups.items() if name in touched))
    here = dict(_by_path(now.groups.items()))
    found, counted = [], dict.fromkeys(changed, 0)
    for path in sorted({*was, *here}):
        (then_group, then), (now_group, entry) = was.get(path, ("", None)), here.get(path, ("", None))
        if then == entry:
            continue
        package = next((name for name in (now_group, then_group) if name in changed), "")
        if package and _as_packaged(path, then, entry, now.packaged, chosen):
            counted[package] += 1
            if not _gained(then, entry):
                continue
        else:
            package = _beside(path, here, changed) if chosen.rights_only(path) else ""
            if package:
                counted[package] += 1
                continue
        found.append(_difference(path, then, entry, package))
    return found, counted


def _by_path(groups: Iterable[tuple[str, list[Entry]]]) -> Iterator[tuple[str, tuple[str, Entry]]]:
    for name, entries in groups:
        for entry in entries:
            yield entry[0], (name, entry)


def _as_packaged(path: str, then: Entry | None, entry: Entry | None, packaged: frozenset[str], chosen: Selection) -> bool:
    """Does all that is different follow from a package? What it takes away with it does, too."""
    if entry is None:
        return then is not None
    if entry[1] == "f" and path not in packaged and not chosen.rights_only(path):
        return False
    return then is None or then[1] != entry[1] or then[2:5] == entry[2:5]


def _gained(then: Entry | None, entry: Entry | None) -> bool:
    """Are there rights now that somebody should look at, even where a package brought them?"""
    return entry is not None and _powers(entry) > (_powers(then) if then else set())


def _powers(entry: Entry) -> set[str]:
    found = {"special"} if entry[1] == "f" and entry[2] & _SPECIAL else set()
    found |= {"capability"} if entry[7] else set()
    return found | ({"everybody"} if entry[1] in "fd" and entry[2] & _EVERYBODY and not entry[2] & 0o1000 else set())


def _beside(path: str, here: Mapping[str, tuple[str, Entry]], changed: Mapping[str, Any]) -> str:
    """The changed package whose directory a generated file lies in, such as the modules' indexes of a kernel."""
    group = here.get(path.rpartition("/")[0], ("", None))[0]
    return group if group in changed else ""


def _difference(path: str, then: Entry | None, entry: Entry | None, package: str) -> Difference:
    if then is None or entry is None:
        return Difference(FILES, path, then and _whole(then), entry and _whole(entry), package)
    was, now = _whole(then), _whole(entry)
    names = [name for name in dict.fromkeys([*was, *now]) if was.get(name) != now.get(name)]
    return Difference(FILES, path, {name: was.get(name) for name in names}, {name: now.get(name) for name in names}, package)


def _whole(entry: Entry) -> dict[str, Any]:
    unused_path, kind, mode, owner, group, size, content, capability, attributes = entry
    found: dict[str, Any] = {"type": _NAMES[kind], "mode": f"{mode:04o}", "owner": f"{owner}:{group}"}
    if kind == "f" and content:
        found |= {"size": size, "sha256": content if content != "?" else "could not be read"}
    elif content:
        found |= {"target" if kind == "l" else "content": content}
    return {**found, **({"capability": capability} if capability else {}), **({"attributes": attributes} if attributes else {})}


# -- what else a package brings ---------------------------------------------------------


class _Brought:
    """Items of other categories that are files of a package that changed, as it brought them: units, jobs of cron, certificates."""

    def __init__(self, now: Manifest, changed: Mapping[str, Any]) -> None:
        self._changed = changed
        self._packages = {
            path: name for name, entries in now.groups.items() if name in changed for path in _paths(entries) if path in now.packaged
        }
        self._units = {path.rpartition("/")[2]: name for path, name in self._packages.items() if "/systemd/system/" in path}

    def marked(self, difference: Difference) -> Difference:
        return Difference(difference.category, difference.item, difference.was, difference.now, self._package(difference))

    def _package(self, difference: Difference) -> str:
        if difference.category == "units" and (difference.was is None or difference.now is None):
            return self._units.get(difference.item, "")
        if difference.category == "crontabs" and difference.now is not None:
            return self._packages.get(difference.item.partition(": ")[0], "")
        if difference.category == "certificates" and "ca-certificates" in self._changed:
            return "ca-certificates"
        return ""


def _paths(entries: Iterable[Entry]) -> Iterator[str]:
    return (entry[0] for entry in entries)
