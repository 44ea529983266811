# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The description of a virtual machine in an OVA, or beside its disks: which files are the disks, and what the machine is made of."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.window import Window

_LONGEST, _DEEPEST = 1 << 20, 64
_BEGINNING = re.compile(rb"(?:\xef\xbb\xbf)?\s*<(?:[^>]{0,4000}>\s*<){0,8}(?:\w{1,20}:)?Envelope\b")
_ITEMS = ("Item", "StorageItem", "EthernetPortItem")
# The numbers of DMTF for what a virtual machine has.
_IDE, _SCSI, _NETWORK, _DISK, _OTHER_STORAGE = "5", "6", "10", "17", "20"
# The disks that a template may have: as many as one controller of the common kind takes.
MOST = 15
_LAST = 1 << 20
_NOWHERE = (_LAST, _LAST, _LAST)
_WORD = re.compile(r"[\w.+-]{1,40}", re.A)
_CONTROLLERS = {"virtualscsi": "pvscsi", "": "lsilogic", "vmware.sata.ahci": "ahci", "vmware.nvme.controller": "nvme"}


@dataclass
class Described:
    """What a description tells of."""

    systems: int = 0
    hardware: str = ""
    firmware: str = ""
    files: dict[str, dict[str, str]] = field(default_factory=dict)
    disks: list[dict[str, str]] = field(default_factory=list)
    items: list[dict[str, str]] = field(default_factory=list)

    def machine(self) -> dict[str, str]:
        """The firmware, the controller of the disk and the network card, in the words that VMware has for them; empty where it names none."""
        described = {
            "firmware": self.firmware or ("bios" if self.hardware.startswith("vmx-") else ""),
            "controller": self._controller(),
            "network": next((item.get("ResourceSubType", "").lower() for item in self.items if item.get("ResourceType") == _NETWORK), ""),
            "hardware": self.hardware,
        }
        return {name: word if _WORD.fullmatch(word) else "" for name, word in described.items()}

    def in_order(self) -> list[dict[str, str]]:
        """The disks by their place at the controllers, which is the order in which a boot finds them."""
        places = {item.get("HostResource", "").rpartition("/")[2]: self._place(item) for item in self.items if _is_disk(item)}
        return sorted(self.disks, key=lambda disk: places.get(disk.get("diskId", ""), _NOWHERE))

    def _place(self, disk: dict[str, str]) -> tuple[int, ...]:
        """The number of its controller, among all and among its kind, and its own there."""
        parent = self._parent(disk)
        return _number(parent.get("ResourceType")), _number(parent.get("Address")), _number(disk.get("AddressOnParent"))

    def _parent(self, disk: dict[str, str]) -> dict[str, str]:
        return next((item for item in self.items if item.get("InstanceID", "") == disk.get("Parent", "")), {})

    def _controller(self) -> str:
        parent = self._parent(next(filter(_is_disk, self.items), {}))
        kind, sub = parent.get("ResourceType"), parent.get("ResourceSubType", "").lower()
        if kind == _IDE:
            return "ide"
        if kind == _OTHER_STORAGE:
            return _CONTROLLERS.get(sub, sub or "ahci")
        return _CONTROLLERS.get(sub, sub) if kind == _SCSI else ""


def _is_disk(item: dict[str, str]) -> bool:
    return item.get("ResourceType") == _DISK


def _number(text: str | None) -> int:
    """A number of a description, or one behind all others."""
    return int(text) if text and re.fullmatch(r"[0-9]{1,6}", text) else _LAST


def is_description(start: bytes) -> bool:
    """Is this how an OVF begins?"""
    return bool(_BEGINNING.match(start))


def disks_of(description: Window) -> tuple[list[str], dict[str, str]]:
    """The names of the files that are the disks, in the order in which the machine has them, and what it is made of."""
    described = parse(description)
    if described.systems > 1:
        raise description.refused(f"describes {described.systems} virtual machines", "export each of them for itself")
    if not 0 < len(described.disks) <= MOST:
        raise description.refused(
            f"describes {len(described.disks) or 'no'} disks, and a template has between one and {MOST}",
            "export it with the disks of its system",
        )
    names = [_file_of(disk, described, description) for disk in described.in_order()]
    if len(set(names)) < len(names):
        raise description.refused("has two disks in one file", "export it anew")
    return names, described.machine()


def _file_of(disk: dict[str, str], described: Described, description: Window) -> str:
    """The name of the file that a disk lies in."""
    if disk.get("parentRef"):
        raise description.refused("describes the delta of another disk", "consolidate its snapshots, and export it anew")
    file = described.files.get(disk.get("fileRef", ""), {})
    name = file.get("href", "")
    if not name:
        raise description.damaged("it names no file for its disk")
    if file.get("compression", "identity") not in ("identity", "") or file.get("chunkSize"):
        raise description.refused(f"has {name} compressed or in chunks", "export it anew without that, with its disk as streamOptimized")
    return name


def parse(description: Window) -> Described:
    """Read a description. A document type is refused, so that no entity is ever expanded and nothing else is ever read."""
    if description.size > _LONGEST:
        raise description.damaged("its description is longer than any")
    reader = _Reader(description)
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = reader.start, reader.end, reader.text
    parser.buffer_text = True
    try:
        parser.Parse(description.read(0, description.size), True)
    except (expat.ExpatError, ValueError, LookupError) as problem:
        raise description.damaged(f"its description is cut off or no XML ({problem})") from problem
    return reader.described


class _Reader:
    """Collects the elements that matter, whichever prefix their names have."""

    def __init__(self, description: Window) -> None:
        self.described = Described()
        self._description = description
        self._path: list[str] = []
        self._text: list[str] = []

    def refuse(self, *unused_declaration: object) -> NoReturn:
        raise self._description.refused("declares a document type, which could read other files", "export it anew")

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._path.append(_local(name))
        self._text = []
        if len(self._path) > _DEEPEST:
            raise self._description.damaged("its description is deeper than any")
        plain = {_local(key): value for key, value in attributes.items()}
        element, described = self._path[-1], self.described
        if element == "File" and self._path[-2:-1] == ["References"]:
            described.files[plain.get("id", "")] = plain
        elif element == "Disk" and self._path[-2:-1] == ["DiskSection"]:
            described.disks.append(plain)
        elif element == "VirtualSystem":
            described.systems += 1
        elif element in _ITEMS:
            described.items.append({})
        elif element == "Config" and plain.get("key") == "firmware":
            described.firmware = plain.get("value", "")

    def end(self, unused_name: str) -> None:
        element = self._path.pop()
        text = "".join(self._text).strip()
        if self._path and self._path[-1] in _ITEMS:
            self.described.items[-1].setdefault(element, text)
        elif element == "VirtualSystemType":
            self.described.hardware = text.split()[0] if text else ""

    def text(self, text: str) -> None:
        self._text.append(text)


def _local(name: str) -> str:
    return name.rpartition(" ")[2]
