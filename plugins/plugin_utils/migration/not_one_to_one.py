# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What should not move as it is: files to shared storage, databases to a service, and what nobody uses to its end."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.machine import OFF
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.policy import Policy

RETIRE, ASK, FILES, OBJECTS, DATABASE, REBUILD = "retire", "ask", "files", "objects", "database", "rebuild"
ADVICE = {
    RETIRE: "Retire it: keep a backup for as long as its records have to be kept, and do not move it.",
    ASK: "Ask the owner whether it is still needed; nobody knows how long it has been off.",
    FILES: "Move the data to network storage or a collaboration service by share, and retire the machine.",
    OBJECTS: "Move the data to network or object storage by export, and retire the machine.",
    DATABASE: "Consider a managed database or a database cluster, after the vendor of the application has agreed.",
    REBUILD: "Install the vendor's appliance for the new platform, and restore its configuration.",
}
_SMB, _NFS = frozenset((139, 445)), frozenset((111, 2049))
_DATABASES = {
    1433: "SQL Server",
    1521: "Oracle",
    1972: "Caché or IRIS",
    3306: "MySQL or MariaDB",
    5432: "PostgreSQL",
    27017: "MongoDB",
    50000: "Db2",
}
_FEW_CLIENTS = 2
_CONVERTED = re.compile(r"(?i)windows|red hat|rhel|centos|rocky|alma|oracle linux|ubuntu|debian|suse|sles|fedora|linux")


def not_one_to_one(inventory: Mapping[str, Any], policy: Policy) -> dict[str, Any]:
    """``advice`` for machines, by id and sort; a machine without advice moves as it is."""
    clients: dict[tuple[str, int], set[str]] = defaultdict(set)
    for flow in inventory["flows"]:
        clients[flow["destination"], flow["port"]].add(flow["source"])
    asked: dict[str, dict[int, int]] = defaultdict(dict)
    for (identifier, port), found in clients.items():
        asked[identifier][port] = len(found)
    rows = [row for machine in inventory["machines"] for row in _of(machine, asked[machine["id"]], policy, inventory["today"])]
    return {"advice": rows, "counts": {sort: sum(row["advice"] == sort for row in rows) for sort in ADVICE}}


def _of(machine: Mapping[str, Any], ports: Mapping[int, int], policy: Policy, today: str) -> list[dict[str, Any]]:
    if machine["power"] == OFF:
        return [_off(machine, policy["retire_after_days"], today)] if _long_off(machine, policy, today) is not False else []
    found = []
    role = f"{machine['role'] or ''} {machine['name']}".lower()
    for sort, protocol, known in ((FILES, "SMB", _SMB), (OBJECTS, "NFS", _NFS)):
        number = sum(ports.get(port, 0) for port in known)
        if number >= _FEW_CLIENTS or (sort == FILES and re.search(r"file ?server|\bfiles?\b", role)):
            seen = f"{number} clients were seen on {protocol}" if number else "its name or role says so"
            found.append(_row(machine, sort, f"It serves files: {seen}; {_size(machine)}"))
    for port, name in _DATABASES.items():
        if ports.get(port, 0):
            many = "1 client" if ports[port] == 1 else f"{ports[port]} clients"
            found.append(_row(machine, DATABASE, f"It serves {name}: {many} on port {port}; {_size(machine)}"))
    if machine["os"] and not _CONVERTED.search(machine["os"]):
        found.append(_row(machine, REBUILD, f"Its system is {machine['os']}, which conversion tools do not know"))
    return found


def _long_off(machine: Mapping[str, Any], policy: Policy, today: str) -> bool | None:
    """Has it been off for long? None if nobody knows since when."""
    since = machine["powered_off_since"]
    return None if not since else (date.fromisoformat(today) - date.fromisoformat(since)).days >= policy["retire_after_days"]


def _off(machine: Mapping[str, Any], days: int, today: str) -> dict[str, Any]:
    since = machine["powered_off_since"]
    if not since:
        return _row(machine, ASK, f"It is off, and no source says since when; {_size(machine)}")
    age = (date.fromisoformat(today) - date.fromisoformat(since)).days
    return _row(machine, RETIRE, f"It has been off since {since}, {age} days, and the site retires after {days}; {_size(machine)}")


def _row(machine: Mapping[str, Any], advice: str, why: str) -> dict[str, Any]:
    return {"machine": machine["id"], "advice": advice, "why": why, "gib": gibibytes(machine)}


def _size(machine: Mapping[str, Any]) -> str:
    size = gibibytes(machine)
    return "its size is not known" if size is None else f"{size:g} GiB"


def gibibytes(machine: Mapping[str, Any]) -> float | None:
    """What has to be copied of a machine, as far as anybody knows."""
    used = machine["in_use_mib"] or machine["provisioned_mib"] or sum(disk["capacity_mib"] or 0 for disk in machine["disks"])
    return round(used / 1024, 1) if used else None
