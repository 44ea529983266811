# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hosts themselves, by results of workload_info: machines with their flows and load, without an export of any platform."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory import flows, machine, samples
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.machine import Machine
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.notes import Notes, Unusable
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.source import Source, require_recent
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.looks import Look, key, looks, merged

LARGEST = 64 * 2**20
# What stands for the process of a dependency that a file of the host names, and that was not seen: it counts no connection.
CONFIGURED = "configuration"
_FILES = {"nfs": 2049, "nfs4": 2049, "cifs": 445, "smb3": 445, "smbfs": 445}
_SETTINGS = {"ad_server": 389, "ipa_server": 389, "krb5_server": 88, "kdc": 88, "admin_server": 749}
# A server with or without a port, an interface or the name on its certificate, as resolved.conf(5) and krb5.conf(5) write one.
_SERVER = re.compile(r"\[([^\]]+)\].*|([^\s:#%/]+)(?::\d+)?(?:[#%].*)?|([0-9A-Fa-f:.]+)(?:[#%].*)?")
_HERE = ("localhost", "this_host", "_srv_", "")
_URI = re.compile(r"(ldaps?)://(\[[^\]]+\]|[^\s:/,]+)(?::(\d{1,5}))?")


def read(path: str | None, data: Any, notes: Notes, name: str, today: str, max_age: int) -> Source:
    """All looks at one host count; each host was looked at within ``max_age`` days."""
    found = merged(list(_given(path, data, name)))
    if not found:
        raise Unusable(f"{name}: there is no result of workload_info; write some to files named .json.")
    source = Source(name, "workload", min(look["observed"][:10] for look in found))
    for look in found:
        called = machine.shown(look["machine"]["name"])
        require_recent(look["observed"][:10], today, max_age, f"{name}, machine {called}")
        for message in look["records"]:
            notes.guess(called, f"not seen by the look of {look['observed']}: {machine.shown(message)}", name)
        source.machines.append(_machine(look, name))
        _add_flows(look, source)
        if look["samples"]:
            # An address is one machine's; of a name nobody knows.
            address = next(iter(source.machines[-1]["addresses"]), called)
            source.samples.update(samples.given({address: look["samples"]}, f"{name}, machine {called}").samples)
    return source


def _given(path: str | None, data: Any, name: str) -> Iterator[Look]:
    if not path:
        yield from looks(data, name)
        return
    try:
        files = [os.path.join(path, each) for each in sorted(os.listdir(path)) if each.endswith(".json")] if os.path.isdir(path) else [path]
        for file in files:
            with open(file, "rb") as stream:
                yield from looks(_parsed(stream.read(LARGEST + 1), file), os.path.basename(file))
    except OSError as problem:
        raise Unusable(f"{path}: the results cannot be read ({problem.strerror or problem}); make them readable.") from problem


def _parsed(content: bytes, file: str) -> Any:
    if len(content) > LARGEST:
        raise Unusable(f"{file}: the file is larger than {LARGEST >> 20} MiB; keep one result in a file.")
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as problem:
        raise Unusable(f"{file}: this is not JSON ({machine.shown(str(problem))}); write what workload_info returned.") from problem


# -- the machine -------------------------------------------------------------------------


def _machine(look: Look, source: str) -> Machine:
    own = look["machine"]
    found = machine.new(f"host:{machine.shown(key(look))}", machine.shown(own["name"]), "unknown", source)
    room = [each for each in own.get("partitions") or () if isinstance(each, Mapping)]
    sizes = [_number(each.get("capacity_mib")) or 0 for each in room]
    free = [_number(each.get("free_mib")) or 0 for each in room]
    found.update(
        dns_name=machine.shown(str(own.get("dns_name") or "")) or None,
        uuid=machine.uuid(str(own.get("uuid") or "")) or None,
        addresses=machine.addresses(map(str, own.get("addresses") or ())),
        macs=sorted({mac for each in own.get("macs") or () if (mac := machine.mac(str(each)))}),
        cpus=_number(own.get("cpus")),
        memory_mib=_number(own.get("memory_mib")),
        os=machine.shown(str(own.get("os") or "")) or None,
        firmware=own.get("firmware") if own.get("firmware") in ("bios", "efi") else None,
        power=machine.ON,
        disks=[_disk(each) for each in own.get("disks") or () if isinstance(each, Mapping)],
        partitions=[
            {"name": machine.shown(str(each.get("name"))), "capacity_mib": size, "free_mib": left, "disk_key": None}
            for each, size, left in zip(room, sizes, free)
        ],
        attributes={"services": ", ".join(machine.shown(str(each.get("name"))) for each in look["services"])} if look["services"] else {},
    )
    found["disk_count"] = len(found["disks"]) or None
    found["provisioned_mib"] = sum(disk["capacity_mib"] or 0 for disk in found["disks"]) or None
    found["in_use_mib"] = max(0, sum(sizes) - sum(free)) or None
    return found


def _disk(disk: Mapping[str, Any]) -> dict[str, Any]:
    nothing = dict.fromkeys(("raw", "thin", "datastore", "mode", "sharing", "bus_sharing", "controller"))
    return {"name": machine.shown(str(disk.get("name"))), "capacity_mib": _number(disk.get("capacity_mib")), **nothing}


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**53 else None


# -- what it depends on --------------------------------------------------------------------


def _add_flows(look: Look, source: Source) -> None:
    """What was seen; and what the configuration names, for a question by UDP leaves no trace."""
    for flow in look["flows"]:
        flows.add(
            source,
            machine.shown(flow["source"]),
            machine.shown(flow["destination"]),
            flow["protocol"],
            flow["port"],
            process=machine.shown(str(flow.get("process") or "")),
            count=flow["count"],
            moment=look["observed"][:16] if not isinstance(flow.get("last"), str) else flow["last"][:16],
        )
    seen = {(flow["destination"], flow["protocol"], flow["port"]) for flow in look["flows"]}
    own = source.machines[-1]
    here = next(iter(own["addresses"]), own["dns_name"] or own["name"])
    for end, protocol, port in dict.fromkeys(_configured(look)):
        parts = _SERVER.fullmatch(end)
        server = machine.shown(next((part for part in parts.groups() if part), "")) if parts else ""
        if server.lower() not in _HERE and (server, protocol, port) not in seen:
            flows.add(source, here, server, protocol, port, process=CONFIGURED, count=0, moment=look["observed"][:16])


def _configured(look: Look) -> Iterator[tuple[str, str, int]]:
    names = look.get("resolvers")
    for each in names.get("servers") or () if isinstance(names, Mapping) else ():
        yield _text(each, "value"), "udp", 53
    for each in look["time_servers"]:
        yield _text(each, "value"), "udp", 123
    for each in look["mounts"]:
        port = _FILES.get(_text(each, "type"))
        if port and _text(each, "server"):
            yield _text(each, "server"), "tcp", port
    for each in look["directory"]:
        setting = _text(each, "setting")
        if setting in _SETTINGS:
            for server in re.split(r"[,\s]+", _text(each, "value")):
                yield server, "tcp", _SETTINGS[setting]
        for scheme, server, port in _URI.findall(_text(each, "value")):
            yield server, "tcp", _port(port) or (636 if scheme == "ldaps" else 389)
    for each in look["licence_servers"]:
        if _port(each.get("port")):
            yield _text(each, "server"), "tcp", _port(each["port"])


def _text(entry: Any, field: str) -> str:
    value = entry.get(field) if isinstance(entry, Mapping) else None
    return value if isinstance(value, str) else ""


def _port(value: Any) -> int:
    number = int(value) if isinstance(value, (int, str)) and str(value).isascii() and str(value).isdigit() else 0
    return number if 0 < number < 65536 else 0
