# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A vCenter, by the answers of info modules of community.vmware, or of others in the same form.

``vmware_vm_info`` lists all machines with few facts (``virtual_machines``), ``vmware_guest_info`` describes one with more (``instance``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory import machine
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.machine import Machine
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.notes import Notes, Unusable
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.source import Source

_LISTS = ("virtual_machines", "instance", "guests", "vms")


def read(data: Any, notes: Notes, name: str, vcenter: str, exported: str = "", attributes: Mapping[str, str] | None = None) -> Source:
    """The machines of one vCenter or several answers of it; ``vcenter`` is its instance UUID, which RVTools calls VI SDK UUID."""
    source = Source(name, "vcenter", exported)
    by_id: dict[str, Machine] = {}
    for index, entry in enumerate(_entries(data, name)):
        called = machine.shown(str(entry.get("guest_name") or entry.get("hw_name") or entry.get("name") or ""))
        moid = str(entry.get("moid") or "")
        if not called or not moid:
            raise Unusable(f"{name}, entry {index + 1}: there is no name or moid; pass what vmware_vm_info or vmware_guest_info returned.")
        if entry.get("hw_is_template") or called.startswith("vCLS-"):
            source.left_out.append(
                {"name": called, "reason": "template" if entry.get("hw_is_template") else "machine of vSphere Cluster Services"}
            )
            continue
        identifier = f"vmware:{vcenter}:{moid}"
        if identifier not in by_id:
            by_id[identifier] = machine.new(identifier, called, "vmware", name)
        try:
            _fill(by_id[identifier], entry)
        except (TypeError, ValueError, AttributeError) as problem:
            raise Unusable(
                f"{name}, machine {called}: an answer has another shape ({problem}); pass the module's answer unchanged."
            ) from problem
        for field, title in (attributes or {}).items():
            if by_id[identifier]["attributes"].get(title):
                by_id[identifier][field] = by_id[identifier]["attributes"][title]
    if not vcenter:
        notes.guess(name, "the vCenter's UUID was not given, so a VM ID of another one could be taken for one of these", name)
    source.machines = list(by_id.values())
    return source


def _entries(data: Any, name: str) -> Iterator[Mapping[str, Any]]:
    if isinstance(data, Mapping):
        inner = next((data[key] for key in _LISTS if key in data), None)
        if inner is None and "moid" in data:
            yield data
        elif inner is None:
            raise Unusable(f"{name}: the answer has none of {', '.join(_LISTS)}; pass what the module returned.")
        else:
            yield from _entries(inner, name)
    elif isinstance(data, Sequence) and not isinstance(data, str):
        for each in data:
            yield from _entries(each, name)
    else:
        raise Unusable(f"{name}: {type(data).__name__} is no answer of a module; pass what it returned.")


def _fill(found: Machine, entry: Mapping[str, Any]) -> None:
    allocated = entry.get("allocated") or {}
    cards = [entry[f"hw_{card}"] for card in entry.get("hw_interfaces") or () if isinstance(entry.get(f"hw_{card}"), Mapping)]
    networks = entry.get("vm_network") or {}
    facts = {
        "power": machine.power(str(entry.get("power_state") or entry.get("hw_power_status") or "")),
        "os": machine.shown(str(entry.get("guest_fullname") or entry.get("hw_guest_full_name") or "")) or None,
        "uuid": machine.uuid(str(entry.get("uuid") or entry.get("hw_product_uuid") or "")) or None,
        "host": entry.get("esxi_hostname") or entry.get("hw_esxi_host"),
        "cluster": entry.get("cluster") or entry.get("hw_cluster"),
        "datacenter": entry.get("datacenter"),
        "hw_version": entry.get("hw_version"),
        "tools": entry.get("guest_tools_status"),
        "cpus": allocated.get("cpu") or entry.get("hw_processor_count"),
        "memory_mib": allocated.get("memory") or entry.get("hw_memtotal_mb"),
        "cores_per_socket": entry.get("hw_cores_per_socket"),
        "provisioned_mib": round(allocated["storage"] / 2**20, 3) if allocated.get("storage") else None,
        "consolidation_needed": entry.get("guest_consolidation_needed"),
        "snapshots": len(entry["snapshots"]) if isinstance(entry.get("snapshots"), list) else None,
    }
    found.update({field: machine.shown(value) if isinstance(value, str) else value for field, value in facts.items() if value is not None})
    macs = [*(entry.get("mac_address") or ()), *networks, *(card.get("macaddress") or "" for card in cards)]
    found["macs"] = sorted({*found["macs"], *filter(None, (machine.mac(str(text)) for text in macs))})
    texts = [entry.get("ip_address") or "", entry.get("ipv4") or ""]
    texts += [text for card in networks.values() for version in ("ipv4", "ipv6") for text in card.get(version) or ()]
    texts += [text for card in cards for text in card.get("ipaddresses") or ()]
    found["addresses"] = machine.addresses([*found["addresses"], *map(str, texts)])
    values = {**(entry.get("attributes") or {}), **(entry.get("customvalues") or {})}
    found["attributes"].update({machine.shown(str(name)): machine.shown(str(value)) for name, value in values.items() if value})
