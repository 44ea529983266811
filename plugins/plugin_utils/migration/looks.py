# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Many looks of workload_info at many hosts, merged: one workload a host, with everything that was ever seen connected."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory import machine
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.notes import Unusable

SCHEMA_VERSION = 1
Look = dict[str, Any]

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_LISTS = ("flows", "listeners", "services", "mounts", "time_servers", "directory", "licence_servers", "samples")


def looks(given: Any, place: str) -> Iterator[Look]:
    """Each look in what a task has registered: a workload, the whole answer with it, one of a loop, or a list of these."""
    if isinstance(given, list):
        for number, each in enumerate(given, 1):
            yield from looks(each, f"{place}, entry {number}")
    elif isinstance(given, Mapping) and "workload" in given:
        yield {**_sound(given["workload"], place), "records": _unseen(given.get("results"))}
    elif isinstance(given, Mapping) and isinstance(given.get("results"), list):
        yield from looks(given["results"], place)
    else:
        yield {"records": [], **_sound(given, place)}


def merged(found: Sequence[Look]) -> list[Look]:
    """One workload a host: the latest look, with the flows, listeners and samples of all of them; in an order of names."""
    by_host: dict[str, list[Look]] = {}
    for look in found:
        by_host.setdefault(key(look), []).append(look)
    return [_of_one_host(sorted(by_host[name], key=lambda look: look["observed"])) for name in sorted(by_host)]


def key(look: Look) -> str:
    """What tells one host from another: the UUID of its platform, which only root can read, else its name and a hardware address."""
    own = look["machine"]
    named = [str(own.get("dns_name") or own["name"]).lower(), *sorted(map(str, own.get("macs") or ()))[:1]]
    return machine.uuid(str(own.get("uuid") or "")) or "/".join(named)


def _of_one_host(found: Sequence[Look]) -> Look:
    latest = found[-1]
    own = {**latest["machine"]}
    for field in ("addresses", "macs"):
        own[field] = sorted({str(each) for look in found for each in look["machine"].get(field) or ()})
    return {
        **latest,
        "machine": own,
        "looks": len(found),
        "first": found[0]["observed"],
        "flows": _flows(found),
        "listeners": _once(found, "listeners", ("protocol", "port", "address", "process")),
        "samples": _once(found, "samples", ("time",)),
    }


def _flows(found: Sequence[Look]) -> list[dict[str, Any]]:
    flows: dict[tuple[str, ...], dict[str, Any]] = {}
    for look in found:
        for flow in look["flows"]:
            name = tuple(str(flow.get(field)) for field in ("source", "destination", "protocol", "port"))
            known = flows.setdefault(name, {**flow, "count": 0, "first": look["observed"]})
            known["count"] += flow["count"]
            known["last"] = look["observed"]
            known["process"], known["unit"] = known.get("process") or flow.get("process"), known.get("unit") or flow.get("unit")
    return [flows[name] for name in sorted(flows)]


def _once(found: Sequence[Look], part: str, fields: tuple[str, ...]) -> list[dict[str, Any]]:
    """Entries of all looks, of two with the same fields the later one."""
    entries = {tuple(str(entry.get(field)) for field in fields): entry for look in found for entry in look[part]}
    return [entries[name] for name in sorted(entries)]


# -- the shape of a look ---------------------------------------------------------------


def _sound(look: Any, place: str) -> Look:
    """A look whose parts have their shapes, whoever wrote the file."""
    if not isinstance(look, Mapping) or look.get("schema_version") != SCHEMA_VERSION:
        raise Unusable(f"{place}: this is no result of workload_info; write what that module returned as workload.")
    own = look.get("machine")
    if not isinstance(own, Mapping) or not isinstance(own.get("name"), str) or not own["name"]:
        raise Unusable(f"{place}: the machine has no name; run workload_info again.")
    if not isinstance(look.get("observed"), str) or not _MOMENT.fullmatch(look["observed"]):
        raise Unusable(f"{place}: observed is no moment such as 2026-11-30T02:15:00Z; run workload_info again.")
    sound = {**look, "machine": dict(own)}
    for part in _LISTS:
        entries = look.get(part) or []
        if not isinstance(entries, list) or not all(isinstance(entry, Mapping) for entry in entries):
            raise Unusable(f"{place}: {part} is no list of mappings; run workload_info again.")
        sound[part] = [dict(entry) for entry in entries]
    for field in ("addresses", "macs", "disks", "partitions"):
        if not isinstance(own.get(field) or [], list):
            raise Unusable(f"{place}: {field} of the machine is no list; run workload_info again.")
    for number, flow in enumerate(sound["flows"], 1):
        _require_flow(flow, f"{place}, flow {number}")
    return sound


def _require_flow(flow: Mapping[str, Any], place: str) -> None:
    named = all(isinstance(flow.get(field), str) for field in ("source", "destination"))
    if not named or flow.get("protocol") not in ("tcp", "udp") or not _is_number(flow.get("port"), 65535):
        raise Unusable(f"{place}: a flow has a source, a destination, tcp or udp, and a port from 1 to 65535; run workload_info again.")
    if not _is_number(flow.get("count"), 2**31):
        raise Unusable(f"{place}: the count is no number; run workload_info again.")


def _is_number(value: Any, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value <= most


def _unseen(records: Any) -> list[str]:
    """What this look could not see."""
    return [
        f"{each.get('control')}: {each.get('message')}"
        for each in (records if isinstance(records, list) else ())
        if isinstance(each, Mapping) and each.get("status") == "not_checked"
    ]
