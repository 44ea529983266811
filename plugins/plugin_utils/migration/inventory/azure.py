# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The CSV templates of Azure Migrate: servers for its import, and dependencies that it exports.

https://learn.microsoft.com/azure/migrate/tutorial-discover-import, https://learn.microsoft.com/azure/migrate/how-to-create-group-machine-dependencies-agentless
"""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory import csv_file, flows, machine
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.notes import Notes
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.source import Source
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.table import Column, Row, Table, key

_FIRMWARE = {"bios": "bios", "uefi": "efi", "efi": "efi"}
_DISK_SIZE = re.compile(r"disk(\d+)size")


def read_servers(path: str, notes: Notes) -> Source:
    """Servers; the name is their key, and no usage is more than one number."""
    table = csv_file.table(path, notes)
    name = table.required("servername", says="Server Name")
    cpus, memory = table.column("cores"), table.column("memory")
    addresses, mac = table.column("ipaddresses", "ipaddress"), table.column("macaddress", "macaddresses")
    system, release = table.column("osname"), table.column("osversion")
    firmware, disks = table.column("boottype", "firmwaretype"), table.column("numberofdisks")
    sizes = sorted((int(match[1]), table.column(title)) for title in _keys(table) if (match := _DISK_SIZE.fullmatch(title)))
    busy = {"cpu_percent": table.column("cpuutilizationpercentage"), "memory_percent": table.column("memoryutilizationpercentage")}
    source = Source(table.file, "azure_migrate")
    for row in table:
        called = machine.shown(name.text(row))
        if not called:
            continue
        found = machine.new(f"azure:{called.lower()}", called, "unknown", source.name)
        count = cpus.number(row, whole=True)
        number = disks.number(row, whole=True)
        found.update(
            cpus=None if count is None else int(count),
            memory_mib=memory.mebibytes(row),
            addresses=machine.addresses(addresses.names(row)),
            macs=[address for text in mac.names(row) if (address := machine.mac(text))],
            os=" ".join(filter(None, (machine.shown(column.text(row)) for column in (system, release)))) or None,
            firmware=_FIRMWARE.get(firmware.text(row).lower()),
            disk_count=None if number is None else int(number),
            usage={what: value for what, column in busy.items() if (value := column.number(row)) is not None},
            disks=[_disk(index, size, row) for index, size in sizes if size.text(row)],
        )
        found["provisioned_mib"] = sum(disk["capacity_mib"] or 0 for disk in found["disks"]) or None
        source.machines.append(found)
    return source


def _keys(table: Table) -> list[str]:
    return [key(title)[0] for title in table.titles]


def _disk(index: int, size: Column, row: Row) -> dict[str, object]:
    nothing = dict.fromkeys(("raw", "thin", "datastore", "mode", "sharing", "bus_sharing", "controller"))
    return {"name": f"Disk {index}", "capacity_mib": size.mebibytes(row, "gib"), **nothing}


def read_dependencies(path: str, notes: Notes) -> Source:
    """Connections; the other end is an address where it is not discovered itself."""
    table = csv_file.table(path, notes)
    ends = {"source": table.column("sourceservername"), "destination": table.column("destinationservername")}
    address, port = table.column("destinationip"), table.required("destinationport", says="Destination port")
    process, slot = table.column("destinationprocess", "destinationapplication"), table.column("timeslot")
    source = Source(table.file, "azure_dependencies", complete=False)
    for row in table:
        flows.add(
            source,
            machine.shown(ends["source"].text(row)),
            machine.shown(ends["destination"].text(row) or address.text(row)),
            "tcp",
            flows.port(port, row),
            process=machine.shown(process.text(row)),
            moment=slot.text(row)[:16],
        )
    return source
