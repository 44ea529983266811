# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a guest starts, what of it could be dumped, and devices and arguments that it does not need."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.domains.definition import QEMU, Definition
from ansible_collections.hygeia.golden.plugins.module_utils.domains.elements import switched_on
from ansible_collections.hygeia.golden.plugins.module_utils.domains.isolation.surroundings import Surroundings
from ansible_collections.hygeia.golden.plugins.module_utils.model.answer import Answer, judged, unneeded

# Machines for which there is a firmware with Secure Boot.
_WITH_SECURE_BOOT = ("x86_64", "i686", "aarch64", "")


def firmware(guest: Definition, unused_around: Surroundings) -> Answer:
    """A definition either names a firmware that enforces Secure Boot, or asks libvirt for one with keys in it."""
    if guest.architecture not in _WITH_SECURE_BOOT:
        return unneeded(f"{guest.architecture} has no Secure Boot")
    features = {feature.get("name"): feature.get("enabled") for feature in guest.all("os/firmware/feature")}
    secure = switched_on(guest.attribute("os/loader", "secure")) or switched_on(features.get("secure-boot"))
    observed = {"secure boot": secure, "enrolled keys": features.get("enrolled-keys", "not said")}
    problems = [] if secure else ["it starts whatever its disk has"]
    if features.get("enrolled-keys") == "no":
        problems.append("its firmware has no keys, so that nothing is verified")
    return judged(problems, {"secure boot": True}, observed, guest.read_from, "set <loader secure='yes'/> or the feature secure-boot")


def tpm(guest: Definition, unused_around: Surroundings) -> Answer:
    """Measurements of the start and keys of disks belong into a TPM 2.0."""
    found = [(backend.get("type", ""), backend.get("version", "")) for backend in guest.all("devices/tpm/backend")]
    fits = any(version == "2.0" or (kind != "emulator" and not version) for kind, version in found)
    problems = [] if fits else [f"its TPM is of version {found[0][1] or '1.2'}" if found else "it has no TPM"]
    return judged(
        problems,
        {"tpm": "2.0"},
        {"tpm": [" ".join(pair).strip() for pair in found]},
        guest.read_from,
        "add a tpm with a backend of version 2.0",
    )


def dumps(guest: Definition, around: Surroundings) -> Answer:
    """A dump of a guest's memory has its keys and the data of its patients in it."""
    whole = guest.attribute("memory", "dumpCore")
    crashed = guest.text("on_crash")
    by_default = (around.settings or {}).get("dump_guest_core", 0) == 1 and whole != "off"
    problems = ["a core dump of its process has its memory in it"] if whole == "on" or by_default else []
    if crashed.startswith("coredump"):
        problems.append(f"its memory is written to a file when it crashes ({crashed})")
    if guest.has("features/vmcoreinfo") and guest.attribute("features/vmcoreinfo", "state") != "off":
        problems.append("it tells its host where in its memory the kernel's own data is (vmcoreinfo)")
    observed = {"dumpCore": whole or ("on" if by_default else "off"), "on_crash": crashed or "destroy"}
    remedy = "set dumpCore='off' and on_crash to destroy or restart"
    return judged(problems, {"dumpCore": "off", "on_crash": ["destroy", "restart"]}, observed, guest.read_from, remedy)


def unneeded_devices(guest: Definition, unused_around: Surroundings) -> Answer:
    """Emulated hardware is code of the host that a guest can attack; servers need none of this."""
    found = sorted(set(_extra(guest)))
    problems = [f"it has {name}" for name in found]
    return judged(problems, {"devices": []}, {"devices": found}, guest.read_from, "remove it")


def _extra(guest: Definition) -> Iterator[str]:
    if any(disk.device == "floppy" for disk in guest.disks):
        yield "a floppy drive"
    if any(sound.get("model") != "none" for sound in guest.all("devices/sound")):
        yield "a sound card"
    if guest.has("devices/parallel"):
        yield "a parallel port"
    if guest.has("devices/hub"):
        yield "a USB hub"
    if any(switched_on(video.get("accel3d")) for video in guest.all("devices/video/model/acceleration")):
        yield "3D graphics that its host draws"
    if any(disk.device == "cdrom" and disk.source for disk in guest.disks):
        yield "a medium in its CD drive"


def arguments(guest: Definition, unused_around: Surroundings) -> Answer:
    """What is handed to QEMU past libvirt is confined by nothing that libvirt knows."""
    found = [*guest.raw_options]
    found += [f"environment {element.get('name', '')}" for element in guest.all(f"{QEMU}commandline/{QEMU}env")]
    found += [f"property {element.get('name', '')}" for element in guest.all(f"{QEMU}override/{QEMU}device/{QEMU}frontend/{QEMU}property")]
    found += [f"capability {element.get('capability', '')}" for element in guest.all(f"{QEMU}capabilities/*")]
    problems = [f"{', '.join(found)} is handed to QEMU past libvirt"] if found else []
    return judged(problems, {"arguments": []}, {"arguments": found}, guest.read_from, "use what libvirt has for it, or remove it")
