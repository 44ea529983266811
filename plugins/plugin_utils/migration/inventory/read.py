# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The inventory of a site, from the list of its sources."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory import (
    aws,
    azure,
    cmdb,
    flows,
    join,
    libvirt,
    rvtools,
    samples,
    vcenter,
    workload,
)
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.notes import Notes, Unusable
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.source import Source, require_recent
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.spelling import suggestion

MAX_AGE = 30
_COMMON = frozenset(("kind", "path", "data", "name", "exported", "max_age"))
_DAY = re.compile(r"\d{4}-\d\d-\d\d")

Given = Mapping[str, Any]


def inventory(sources: Sequence[Given], today: str, max_age: int = MAX_AGE) -> join.Inventory:
    """Everything that the sources say, in one normal form; the first of them is right where two disagree."""
    notes = Notes()
    if not _is_day(today):
        raise Unusable(f"today is {today!r}; write a day such as 2026-11-30.")
    read = [_read(given, index + 1, notes, today, max_age) for index, given in enumerate(sources)]
    names = [source.name for source in read]
    for index, source in enumerate(read):
        if names.count(source.name) > 1:
            source.name = f"{source.name} ({index + 1})"
    return join.joined(read, notes, today)


def _read(given: Given, number: int, notes: Notes, today: str, max_age: int) -> Source:
    here = f"source {number}"
    if not isinstance(given, Mapping):
        raise Unusable(f"{here}: a source is a mapping with kind and path; write one.")
    kind = str(given.get("kind", ""))
    if kind not in READERS:
        raise Unusable(f"{here}: there is no kind {kind or 'given'}; {suggestion(kind, READERS)}.")
    reader, own, needs = READERS[kind]
    unknown = [str(name) for name in given if name not in _COMMON | own]
    if unknown:
        raise Unusable(f"{here}: {kind} has no option {unknown[0]}; {suggestion(unknown[0], sorted(_COMMON | own))}.")
    if not any(given.get(name) for name in needs):
        raise Unusable(f"{here}: {kind} needs {' or '.join(needs)}; give it.")
    exported = str(given.get("exported") or "")
    if exported and not _is_day(exported):
        raise Unusable(f"{here}: exported is {exported!r}; write a day such as 2026-11-30.")
    allowed = given.get("max_age", max_age)
    if isinstance(allowed, bool) or not isinstance(allowed, int) or allowed < 0:
        raise Unusable(f"{here}: max_age is {allowed!r}; write a number of days.")
    path = given.get("path")
    if path and not os.path.exists(str(path)):
        raise Unusable(f"{path}: there is no such file; correct the path.")
    source = reader({**given, "today": today, "max_age": allowed, "exported": exported}, notes)
    if not source.exported and exported:
        source.exported = exported
    require_recent(source.exported, today, allowed, str(path or source.name))
    return source


def _is_day(text: str) -> bool:
    try:
        return bool(_DAY.fullmatch(text)) and bool(date.fromisoformat(text))
    except ValueError:
        return False


def _named(given: Given) -> str:
    return str(given.get("name") or os.path.basename(str(given.get("path") or "").rstrip("/")) or given["kind"])


def _rvtools(given: Given, notes: Notes) -> Source:
    return rvtools.read(given["path"], notes, given["today"], given["max_age"], given["exported"], given.get("attributes"))


def _vcenter(given: Given, notes: Notes) -> Source:
    return vcenter.read(given["data"], notes, _named(given), str(given.get("vcenter") or ""), given["exported"], given.get("attributes"))


def _libvirt(given: Given, unused_notes: Notes) -> Source:
    return libvirt.read(given.get("path"), given.get("data"), _named(given), str(given.get("host") or ""), given["exported"])


def _cmdb(given: Given, notes: Notes) -> Source:
    return cmdb.read(given["path"], notes, str(given.get("sheet") or ""), given.get("columns"))


def _samples(given: Given, notes: Notes) -> Source:
    return samples.read(given["path"], notes) if given.get("path") else samples.given(given["data"], _named(given))


def _workload(given: Given, notes: Notes) -> Source:
    return workload.read(given.get("path"), given.get("data"), notes, _named(given), given["today"], given["max_age"])


def _file(read: Callable[[str, Notes], Source]) -> Callable[[Given, Notes], Source]:
    return lambda given, notes: read(given["path"], notes)


# Each with its reader, its own options, and those of which it needs one.
READERS: dict[str, tuple[Callable[[Given, Notes], Source], frozenset[str], tuple[str, ...]]] = {
    "rvtools": (_rvtools, frozenset(("attributes",)), ("path",)),
    "azure_migrate": (_file(azure.read_servers), frozenset(), ("path",)),
    "azure_dependencies": (_file(azure.read_dependencies), frozenset(), ("path",)),
    "aws_discovery": (_file(aws.read), frozenset(), ("path",)),
    "vcenter": (_vcenter, frozenset(("vcenter", "attributes")), ("data",)),
    "libvirt": (_libvirt, frozenset(("host",)), ("path", "data")),
    "cmdb": (_cmdb, frozenset(("sheet", "columns")), ("path",)),
    "flows": (_file(flows.read), frozenset(), ("path",)),
    "samples": (_samples, frozenset(), ("path", "data")),
    "workload": (_workload, frozenset(), ("path", "data")),
}
