# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The virtual hardware of a guest at the destination: processor, machine, firmware and devices."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from ansible_collections.hygeia.golden.plugins.module_utils.domains.elements import attribute, text
from ansible_collections.hygeia.golden.plugins.module_utils.domains.migration.move import Move
from ansible_collections.hygeia.golden.plugins.module_utils.model.answer import Answer, judged, unknown, unneeded

# Modes in which the guest has what its host has.
_AS_HOST = ("host-passthrough", "maximum")


def machine(move: Move) -> Answer:
    found = move.destination.virtual_hardware(move.guest)
    asked = {"machine": move.guest.machine, "type": move.guest.hypervisor}
    problems = [f"the destination has no such machine ({found})"] if isinstance(found, str) else []
    observed = {} if problems else asked
    return judged(problems, asked, observed, "virsh domcapabilities", "install a QEMU that has it, or change the machine of the guest")


def processor(move: Move) -> Answer:
    """libvirt itself compares; where the guest has the host's own processor, both must be the same."""
    element = move.guest.root.find("cpu")
    if element is None or (not element.get("mode") and element.find("model") is None):
        return unneeded("the guest has the processor that QEMU gives every guest")
    mode = element.get("mode", "custom")
    expected = {"mode": mode, "model": text(element, "model")}
    if isinstance(move.destination.virtual_hardware(move.guest), str):
        return unknown("the destination does not have the machine of the guest, so its processor is not compared", expected)
    if mode in _AS_HOST:
        different = _different(move)
        remedy = f"give the guest a named model that both hosts have{_common(move)}"
        return judged(different, expected, {"as at the source": not different}, "virsh capabilities", remedy)
    missing = move.destination.lacks(move.guest, ElementTree.tostring(element, encoding="unicode"))
    problems = [f"the destination lacks what the processor of the guest has ({missing})"] if missing else []
    problems += _clocked(move, element)
    remedy = f"give the guest an older model{_common(move)} and start it again"
    return judged(problems, expected, {"compatible": not missing}, "virsh hypervisor-cpu-compare", remedy)


def _different(move: Move) -> Iterator[str]:
    one, other = (side.capabilities.find("host/cpu") for side in (move.source, move.destination))
    for what, path, name in (("model", "model", ""), ("vendor", "vendor", ""), ("microcode", "microcode", "version")):
        here, there = ((attribute(cpu, path, name) if name else text(cpu, path)) if cpu is not None else "" for cpu in (one, other))
        if here != there:
            yield f"the guest has the processor of its host, and its {what} is {here or 'unknown'} here and {there or 'unknown'} there"
    here_has, there_has = (
        {feature.get("name", "") for feature in cpu.findall("feature")} if cpu is not None else set() for cpu in (one, other)
    )
    if here_has - there_has:
        yield f"the guest has the processor of its host, and the destination lacks {', '.join(sorted(here_has - there_has))}"


def _clocked(move: Move, element: Element) -> list[str]:
    """A time stamp counter that never changes its speed is not moved, unless its frequency is fixed (libvirt, formatdomain)."""
    fixed = any(feature.get("name") == "invtsc" and feature.get("policy") == "require" for feature in element.findall("feature"))
    frequency = any(timer.get("name") == "tsc" and timer.get("frequency") for timer in move.guest.all("clock/timer"))
    return ["the guest requires invtsc, with which QEMU moves nothing"] if fixed and not frequency else []


def _common(move: Move) -> str:
    """A model that both hosts can give, in the newest first order of libvirt, as a part of a sentence."""
    usable = []
    for side in (move.source, move.destination):
        found = side.virtual_hardware(move.guest)
        models = [] if isinstance(found, str) else found.findall("cpu/mode[@name='custom']/model[@usable='yes']")
        usable.append([(model.text or "") for model in models])
    both = [model for model in usable[0] if model in usable[1]]
    return f" ({', '.join(both[:3])})" if both else ""


def firmware(move: Move) -> Answer:
    """The code of the firmware must lie at the same path; variables are moved, but their file is made from a template."""
    loader = move.guest.text("os/loader")
    if not loader:
        return unneeded("the guest has the firmware that QEMU brings")
    found = move.destination.virtual_hardware(move.guest)
    if isinstance(found, str):
        return unknown("the destination does not have the machine of the guest, so its firmware is not compared", {"loader": loader})
    there = sorted(value.text or "" for value in found.findall("os/loader/value"))
    problems = [] if loader in there else [f"the destination does not have {loader}"]
    template = move.guest.attribute("os/nvram", "template")
    if template and not any(template.rpartition("/")[0] == path.rpartition("/")[0] for path in there):
        problems.append(f"the destination does not have {template.rpartition('/')[0]}, where the template of its variables lies")
    return judged(problems, {"loader": loader}, {"loaders": there}, "virsh domcapabilities", "install the same firmware there")


def devices(move: Move) -> Answer:
    """What belongs to the source does not move."""
    problems = list(_bound_to_host(move))
    found = move.destination.virtual_hardware(move.guest)
    emulated = [element for element in move.guest.all("devices/tpm/backend") if element.get("type") == "emulator"]
    if emulated and not isinstance(found, str):
        there = [value.text for value in found.findall("devices/tpm/enum[@name='backendModel']/value")]
        if "emulator" not in there:
            problems.append("the destination cannot emulate its TPM: install swtpm there")
    observed = {"host devices": [device.address for device in move.guest.host_devices]}
    return judged(problems, {"host devices": []}, observed, move.guest.read_from)


def _bound_to_host(move: Move) -> Iterator[str]:
    guest = move.guest
    for device in guest.host_devices:
        yield f"the {device.type} device {device.address} belongs to the source: detach it before the move, and attach one of the destination"
    for place in guest.file_systems:
        yield f"the directory {place.source} of the source is shared with the guest: unmount it in the guest and detach it"
    for memory in guest.all("devices/shmem"):
        yield f"the shared memory {memory.get('name', '')} stays at the source: detach it"
    for unused_device in guest.all("devices/redirdev"):
        yield "a USB port of a console is redirected to the guest: detach the redirdev"
    if guest.all("devices/tpm/backend[@type='passthrough']"):
        yield "the TPM of the source is passed to the guest: give it an emulated one"
    if guest.has("launchSecurity"):
        yield "its memory is encrypted by the processor of the source (launchSecurity), which libvirt does not move"
    if guest.raw_options:
        yield f"options are handed to QEMU past libvirt ({', '.join(guest.raw_options)}), which does not know whether they can be moved"
