# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The CSV template of AWS Application Discovery and Migration Hub; averages and maxima only, from which no percentile can be had.

https://docs.aws.amazon.com/migrationhub/latest/ug/discovery-import.html
"""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory import csv_file, machine
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.notes import Notes, Unusable
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.source import Source

_USAGE = {
    "cpu_percent_avg": "cpuusagepctavg",
    "cpu_percent_max": "cpuusagepctmax",
    "memory_used_mib_avg": "ramusedsizeinmbavg",
    "memory_used_mib_max": "ramusedsizeinmbmax",
}


def read(path: str, notes: Notes) -> Source:
    table = csv_file.table(path, notes)
    external, name = table.column("externalid"), table.column("vmwarevmname")
    host, identity = table.column("hostname"), table.column("smbiosid")
    moref, vcenter = table.column("vmwaremorefid"), table.column("vmwarevcenterid")
    address, mac = table.column("ipaddress"), table.column("macaddress")
    cpus, memory = table.column("cpunumberoflogicalcores", "cpunumberofcores"), table.column("ramtotalsize")
    system, release = table.column("osname"), table.column("osversion")
    applications, wave = table.column("applications"), table.column("applicationwave")
    usage = {field: table.column(title) for field, title in _USAGE.items()}
    if not any(column.there for column in (external, host, address, mac, moref)):
        raise Unusable(f"{table.file}, row 1: there is no column ExternalId, HostName, IPAddress or MACAddress; use the template of AWS.")
    source = Source(table.file, "aws_discovery")
    for row in table:
        known = [column.text(row) for column in (external, host, address, mac) if column.text(row)]
        if moref.text(row) and vcenter.text(row):
            identifier = f"vmware:{vcenter.text(row)}:{moref.text(row)}"
        elif known:
            identifier = f"aws:{known[0]}"
        else:
            raise Unusable(
                f"{table.place(row)}: the row names no machine; fill in ExternalId, HostName, IPAddress, MACAddress, or MoRefId with VCenterId."
            )
        found = machine.new(identifier, machine.shown(name.text(row) or host.text(row) or known[0]), "unknown", source.name)
        if moref.text(row):
            found["platform"] = "vmware"
        count = cpus.number(row, whole=True)
        named = applications.names(row)
        found.update(
            dns_name=machine.shown(host.text(row)) or None,
            uuid=machine.uuid(identity.text(row)) or None,
            addresses=machine.addresses(address.names(row)),
            macs=[found_mac for text in mac.names(row) if (found_mac := machine.mac(text))],
            cpus=None if count is None else int(count),
            memory_mib=memory.mebibytes(row),
            os=" ".join(filter(None, (machine.shown(column.text(row)) for column in (system, release)))) or None,
            application=machine.shown(named[0]) if named else None,
            wave=machine.shown(wave.text(row)) or None,
            usage={field: value for field, column in usage.items() if (value := column.number(row)) is not None},
        )
        if len(named) > 1:
            notes.guess(found["name"], f"{len(named)} applications are listed, and the first is used: {named[0]}", table.place(row))
        source.machines.append(found)
    return source
