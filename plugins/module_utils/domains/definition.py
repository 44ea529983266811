# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The definition of a guest, as libvirt writes it (https://libvirt.org/formatdomain.html), without the secrets that it may hold."""

from __future__ import annotations

from functools import cached_property
from xml.etree.ElementTree import Element

from ansible_collections.hygeia.golden.plugins.module_utils.domains.devices import (
    Disk,
    FileSystem,
    Graphics,
    HostDevice,
    Interface,
    disk,
    file_system,
    graphics,
    host_device,
    interface,
    passed_through,
)
from ansible_collections.hygeia.golden.plugins.module_utils.domains.elements import attribute, kibibytes, text, whole
from ansible_collections.hygeia.golden.plugins.module_utils.util.safe_xml import BadXml, tree

QEMU = "{http://libvirt.org/schemas/domain/qemu/1.0}"
# Where a definition can hold a secret: attributes anywhere, and elements of which every text can be one. What sysinfo says
# reaches the guest, and people put credentials there (systemd.system-credentials(7)). What is handed to QEMU past libvirt
# can be anything.
_SECRET_ATTRIBUTES = ("passwd", "query")
_SECRET_TEXTS = ("cookies", "sysinfo")


class Definition:
    """One guest; what its definition does not say is None or empty, and never a default of libvirt."""

    def __init__(self, root: Element, read_from: str, running: bool = False) -> None:
        self.root = root
        self.read_from = read_from
        # Only what runs has a number.
        self.running = running or "id" in root.attrib

    @property
    def name(self) -> str:
        return text(self.root, "name")

    @property
    def uuid(self) -> str:
        return text(self.root, "uuid").lower()

    @property
    def hypervisor(self) -> str:
        """What runs it, such as kvm or qemu, which emulates."""
        return self.root.get("type", "")

    @property
    def architecture(self) -> str:
        return attribute(self.root, "os/type", "arch")

    @property
    def machine(self) -> str:
        return attribute(self.root, "os/type", "machine")

    @property
    def emulator(self) -> str:
        return text(self.root, "devices/emulator")

    @property
    def processors(self) -> int | None:
        return whole(text(self.root, "vcpu"))

    @property
    def memory(self) -> int | None:
        """In KiB."""
        return kibibytes(self.root.find("memory"))

    @cached_property
    def disks(self) -> list[Disk]:
        return [disk(element) for element in self.all("devices/disk")]

    @cached_property
    def interfaces(self) -> list[Interface]:
        return [interface(element) for element in self.all("devices/interface")]

    @cached_property
    def host_devices(self) -> list[HostDevice]:
        """Devices of the host that the guest has for itself, and network cards of it too."""
        cards = [passed_through(element) for element in self.all("devices/interface") if element.get("type") == "hostdev"]
        return [*(host_device(element) for element in self.all("devices/hostdev")), *cards]

    @cached_property
    def file_systems(self) -> list[FileSystem]:
        """Directories of the host that the guest can mount."""
        return [file_system(element) for element in self.all("devices/filesystem")]

    @cached_property
    def graphics(self) -> list[Graphics]:
        return [graphics(element) for element in self.all("devices/graphics")]

    @cached_property
    def raw_options(self) -> list[str]:
        """Options that are handed to QEMU past libvirt, without their values."""
        return [element.get("value", "") for element in self.all(f"{QEMU}commandline/{QEMU}arg") if element.get("value")]

    def all(self, path: str) -> list[Element]:
        return self.root.findall(path)

    def has(self, path: str) -> bool:
        return self.root.find(path) is not None

    def text(self, path: str) -> str:
        return text(self.root, path)

    def attribute(self, path: str, name: str) -> str:
        return attribute(self.root, path, name)


def parse(written: str | bytes, read_from: str, running: bool = False) -> Definition:
    """The definition in the answer of ``virsh dumpxml``, in a file of /etc/libvirt/qemu or in a status of /run/libvirt/qemu."""
    root = tree(written)
    if root.tag == "domstatus":
        running = running or root.get("state") == "running"
        root = next(iter(root.findall("domain")), root)
    if root.tag != "domain":
        raise BadXml(f"describes a {root.tag} and no domain; take what virsh dumpxml prints")
    _forget_secrets(root)
    found = Definition(root, read_from, running)
    if not found.name:
        raise BadXml("names no guest; take what virsh dumpxml prints")
    return found


def _forget_secrets(root: Element) -> None:
    for element in root.iter():
        for name in _SECRET_ATTRIBUTES:
            element.attrib.pop(name, None)
    for element in (inner for name in _SECRET_TEXTS for outer in root.iter(name) for inner in outer.iter()):
        element.text = None
    for element in root.findall(f"{QEMU}commandline/*"):
        if not element.get("value", "").startswith("-"):
            element.attrib.pop("value", None)
