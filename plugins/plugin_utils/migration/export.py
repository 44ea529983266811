# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The waves as tables for other programs. No cell of them is a formula to a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

# What a spreadsheet takes for a formula at the beginning of a cell (https://owasp.org/www-community/attacks/CSV_Injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r")

_COLUMNS = (
    *("wave", "day", "phase", "group", "machine", "id", "application", "tier", "owner", "vendor", "window"),
    *("cpus", "memory_mib", "gib", "readiness", "concerns", "advice", "new_cluster"),
)
_AWS = (
    *("ExternalId", "SMBiosId", "IPAddress", "MACAddress", "HostName", "VMware.MoRefId", "VMware.VCenterId"),
    *("CPU.NumberOfLogicalCores", "OS.Name", "VMware.VMName", "RAM.TotalSizeInMB", "Applications", "ApplicationWave", "Tags"),
)
_AZURE = (
    *("*Server name", "IP addresses", "*Cores", "*Memory (In MB)", "*OS name", "OS version", "OS architecture"),
    *("Number of disks", "Disk 1 size (In GB)", "MAC address"),
)


def waves_csv(plan: Mapping[str, Any]) -> str:
    """One row for each machine, in the order in which they move; what does not move comes last."""
    by_wave = {wave["name"]: wave for wave in plan["waves"]}
    return _written(
        _COLUMNS,
        (
            {
                **{name: machine[name] for name in _COLUMNS if name in machine},
                "machine": machine["label"],
                "day": by_wave[machine["wave"]]["day"] if machine["wave"] else "",
                "phase": by_wave[machine["wave"]]["phase"] if machine["wave"] else "",
                "concerns": " ".join(machine["concerns"]["found"]),
                "advice": " ".join(machine["advice"]),
            }
            for machine in _ordered(plan)
        ),
    )


def aws_csv(plan: Mapping[str, Any]) -> str:
    """The import template of Migration Hub, the one format of a cloud that has a column for the wave."""
    return _written(_AWS, (_aws(machine) for machine in _ordered(plan) if machine["wave"]))


def _aws(machine: Mapping[str, Any]) -> dict[str, Any]:
    platform, unused_colon, rest = machine["id"].partition(":")
    vcenter, unused_colon, moref = rest.rpartition(":")
    return {
        "ExternalId": machine["id"],
        "IPAddress": next(iter(machine["addresses"]), ""),
        "MACAddress": next(iter(machine["macs"]), ""),
        "HostName": machine["dns_name"] or machine["name"],
        "VMware.MoRefId": moref if platform == "vmware" else "",
        "VMware.VCenterId": vcenter if platform == "vmware" else "",
        "CPU.NumberOfLogicalCores": machine["cpus"],
        "OS.Name": machine["os"],
        "VMware.VMName": machine["name"] if platform == "vmware" else "",
        "RAM.TotalSizeInMB": machine["memory_mib"],
        "Applications": f'["{machine["application"]}"]'.replace("\\", "") if machine["application"] else "",
        "ApplicationWave": machine["wave"],
        "Tags": ", ".join(f"{name}:{machine[name]}" for name in ("owner", "tier") if machine[name]),
    }


def azure_csv(plan: Mapping[str, Any]) -> str:
    """The import template of Azure Migrate, in the order of the waves; it has no column for the wave itself."""
    return _written(
        _AZURE,
        (
            {
                "*Server name": machine["label"],
                "IP addresses": ";".join(machine["addresses"]),
                "*Cores": machine["cpus"],
                "*Memory (In MB)": machine["memory_mib"],
                "*OS name": machine["os"],
                "OS architecture": "x64",
                "Number of disks": 1 if machine["gib"] else "",
                "Disk 1 size (In GB)": machine["gib"],
                "MAC address": next(iter(machine["macs"]), ""),
            }
            for machine in _ordered(plan)
            if machine["wave"]
        ),
    )


def _ordered(plan: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return sorted(plan["machines"], key=lambda machine: (machine["wave"] is None, machine["wave"] or "", machine["group"], machine["id"]))


def _written(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerow(columns)
    writer.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    return stream.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    text = value if isinstance(value, str) else None
    return f"'{text}" if text and text.startswith(_FORMULA) else value
