# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Measured load: one row a machine and moment, of whatever collected it (vCenter's counters, sysstat, Prometheus)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory import csv_file, machine
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.notes import Notes, Unusable
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.source import Source

# What is measured: part of the processors and of the memory in percent, disk operations and MiB in a second.
MEASURES = ("cpu_percent", "memory_percent", "iops", "mib_per_second")
MOST = 3_000_000
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)?")


def read(path: str, notes: Notes) -> Source:
    table = csv_file.table(path, notes)
    name = table.required("machine", "server", "vm", "name", "host", says="machine")
    moment = table.required("time", "timestamp", "moment", says="time")
    measures = [
        table.column("cpupercent", "cpu"),
        table.column("memorypercent", "memory"),
        table.column("iops"),
        table.column("mibpersecond", "throughput"),
    ]
    source = Source(table.file, "samples", complete=False)
    for row in table:
        when = _seconds(moment.text(row), table.place(row, moment.title))
        source.samples.setdefault(machine.shown(name.text(row)), []).append([when, *(column.number(row) for column in measures)])
    return source


def given(data: Any, name: str) -> Source:
    """The same from a mapping of machines to lists of ``{time, cpu_percent, …}``."""
    source = Source(name, "samples", complete=False)
    if not isinstance(data, Mapping):
        raise Unusable(f"{name}: samples are a mapping of machines to lists; pass one.")
    for called, series in data.items():
        if not isinstance(series, Sequence) or isinstance(series, str):
            raise Unusable(f"{name}, machine {called}: samples are a list; pass one.")
        for index, sample in enumerate(series):
            place = f"{name}, machine {called}, sample {index + 1}"
            if not isinstance(sample, Mapping):
                raise Unusable(f"{place}: a sample is a mapping with time and {', '.join(MEASURES)}; pass one.")
            values = [sample.get(measure) for measure in MEASURES]
            if any(value is not None and (isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0) for value in values):
                raise Unusable(f"{place}: a value is not a number of at least 0; correct it.")
            source.samples.setdefault(machine.shown(str(called)), []).append([_seconds(str(sample.get("time", "")), place), *values])
    return source


def _seconds(text: str, place: str) -> int:
    """Seconds since 1970; a moment without a zone is in UTC."""
    if text.isdigit() and len(text) <= 11:
        return int(text)
    if not _MOMENT.fullmatch(text):
        raise Unusable(f"{place}: {machine.shown(text)[:40]!r} is no moment; write one such as 2026-11-30T02:15:00Z.")
    try:
        when = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError as problem:
        raise Unusable(f"{place}: {text} is no moment ({problem}); write one such as 2026-11-30T02:15:00Z.") from problem
    return int((when if when.tzinfo else when.replace(tzinfo=timezone.utc)).timestamp())
