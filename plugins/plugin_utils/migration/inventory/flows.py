# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Observed connections: who opened one to whom, on which port. A CSV file of any collector with these columns is read."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory import csv_file, machine
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.notes import Notes, Unusable
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.source import Source
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.table import Column, Row

_PROTOCOLS = {"6": "tcp", "17": "udp", "tcp": "tcp", "udp": "udp", "": "tcp"}


def read(path: str, notes: Notes) -> Source:
    """Flow records, such as those of nfdump, of a cloud (srcaddr, dstaddr, dstport) or of the command in docs/migration-planning.md."""
    table = csv_file.table(path, notes)
    start = table.required("source", "src", "srcaddr", "sa", "sourceip", "sourceservername", says="source")
    end = table.required("destination", "dst", "dstaddr", "da", "destinationip", "destinationservername", says="destination")
    to_port = table.required("port", "dstport", "dp", "destinationport", says="port")
    protocol, action = table.column("protocol", "proto", "pr"), table.column("action")
    process, count, moment = table.column("process"), table.column("count", "flows", "packets"), table.column("last", "end", "te")
    source = Source(table.file, "flows", complete=False)
    for row in table:
        name = protocol.text(row).lower()
        if name not in _PROTOCOLS or action.text(row).lower() in ("reject", "deny", "drop"):
            continue
        add(
            source,
            machine.shown(start.text(row)),
            machine.shown(end.text(row)),
            _PROTOCOLS[name],
            port(to_port, row),
            process=machine.shown(process.text(row)),
            count=int(count.number(row, whole=True) or 1),
            moment=moment.text(row)[:16],
        )
    return source


def port(column: Column, row: Row) -> int:
    number = column.number(row, whole=True)
    if number is None or not 0 < number < 65536:
        raise Unusable(f"{column.place(row)}: {column.text(row)!r} is no port; write a number from 1 to 65535.")
    return int(number)


def add(source: Source, start: str, end: str, protocol: str, number: int, process: str = "", count: int = 1, moment: str = "") -> None:
    if start and end:
        source.flows.append(
            {"source": start, "destination": end, "protocol": protocol, "port": number, "process": process, "count": count, "last": moment}
        )
