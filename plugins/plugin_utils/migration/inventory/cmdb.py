# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A site's own sheet: which application a machine belongs to, who owns it, and how much a patient's care depends on it."""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory import csv_file, machine
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.notes import Notes, Unusable
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.source import Source
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.table import Column, Row, Table, key
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.workbook import Workbook

# The field, and what sites call its column; a source can name others.
FIELDS = {
    "name": ("Server", "Machine", "VM", "Name", "Host name", "Hostname", "Server name", "CI"),
    "application": ("Application", "App", "Application name", "Service", "System"),
    "owner": ("Owner", "Application owner", "Business owner", "Responsible"),
    "tier": ("Clinical tier", "Tier", "Criticality", "Class"),
    "rto_hours": ("RTO", "RTO hours", "Recovery time objective"),
    "rpo_hours": ("RPO", "RPO hours", "Recovery point objective"),
    "vendor": ("Vendor", "Manufacturer", "Supplier"),
    "window": ("Window", "Maintenance window", "Downtime window"),
    "role": ("Role", "Function", "Purpose"),
    "zone": ("Zone", "Network zone", "Security zone"),
    "wave": ("Wave", "Migration wave"),
    "powered_off_since": ("Powered off since", "Off since"),
    "address": ("IP", "IP address", "Address"),
    "uuid": ("UUID",),
}
_HOURS = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*(min|minutes?|m|h|hrs?|hours?|d|days?)?", re.I)
_PER_HOUR = {"m": 1 / 60, "h": 1.0, "d": 24.0}


def read(path: str, notes: Notes, sheet: str = "", columns: dict[str, str] | None = None) -> Source:
    """Rows of a CSV file or a workbook; ``columns`` maps a field to the heading that a site uses."""
    named = {field: (columns[field],) if columns and field in columns else titles for field, titles in FIELDS.items()}
    table = _table(path, notes, sheet, named["name"])
    found = {field: table.column(*(key(title)[0] for title in titles)) for field, titles in named.items()}
    for field in columns or {}:
        if field not in FIELDS:
            raise Unusable(f"{table.place()}: there is no field {field}; choose one of {', '.join(FIELDS)}.")
        if not found[field].there:
            raise Unusable(
                f"{table.place()}: there is no column {(columns or {})[field]} for the field {field}; correct the option columns."
            )
    if not found["name"].there:
        raise Unusable(
            f"{table.place()}: there is no column that names the machine; add one called Server, or name it with the option columns."
        )
    source = Source(table.file, "cmdb", complete=False)
    for row in table:
        if called := machine.shown(found["name"].text(row)):
            source.machines.append(_machine(called, table, row, found, source.name))
    return source


def _table(path: str, notes: Notes, sheet: str, names: tuple[str, ...]) -> Table:
    if not path.lower().endswith((".xlsx", ".xlsm")):
        return csv_file.table(path, notes)
    book = Workbook(path, notes)
    name = sheet or next(iter(book.sheets), "")
    table = book.table(name, names)
    if table is None:
        raise Unusable(f"{book.file}: there is no sheet {name or 'at all'}; name one of {', '.join(book.sheets)}.")
    return table


def _machine(name: str, table: Table, row: Row, found: dict[str, Column], source: str) -> machine.Machine:
    result = machine.new(f"cmdb:{table.file}:{row.number}", name, "unknown", source)
    for field in ("application", "owner", "vendor", "window", "role", "zone", "wave"):
        result[field] = machine.shown(found[field].text(row)) or None
    result["tier"] = machine.shown(found["tier"].text(row)) or None
    for field in ("rto_hours", "rpo_hours"):
        result[field] = _hours(table, row, found[field])
    result["powered_off_since"] = found["powered_off_since"].day(row) or None
    result["addresses"] = machine.addresses(found["address"].names(row))
    result["uuid"] = machine.uuid(found["uuid"].text(row)) or None
    result["dns_name"] = name if "." in name else None
    return result


def _hours(table: Table, row: Row, column: Column) -> float | None:
    """A duration in hours: 4, 4 h, 30 min, 1 day."""
    text = column.text(row)
    if not text:
        return None
    found = _HOURS.fullmatch(text)
    if not found:
        raise Unusable(
            f"{table.place(row, column.title)}: {machine.shown(text)[:60]!r} is no duration; write one such as 4 h, 30 min or 1 day."
        )
    return round(float(found[1].replace(",", ".")) * _PER_HOUR[(found[2] or "h")[0].lower()], 3)
