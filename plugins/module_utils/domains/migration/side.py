# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One of the two hosts of a move, as its libvirt describes it; each part is asked for once."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from xml.etree.ElementTree import Element

from ansible_collections.hygeia.golden.plugins.module_utils.domains import pool
from ansible_collections.hygeia.golden.plugins.module_utils.domains.definition import Definition
from ansible_collections.hygeia.golden.plugins.module_utils.domains.elements import text, whole
from ansible_collections.hygeia.golden.plugins.module_utils.domains.pool import Pool
from ansible_collections.hygeia.golden.plugins.module_utils.domains.virsh import Virsh, VirshError, document
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of, words_of

_INCOMPATIBLE = "the CPU is incompatible with host CPU: "
_NO_INTERFACE = "Interface not found"


@dataclass(frozen=True)
class Volume:
    """A file or a block device; ``changed`` is when its inode was changed last, in nanoseconds, which no copy has in common."""

    key: str
    capacity: int
    changed: int


class Side:
    """A host by its connection."""

    def __init__(self, virsh: Virsh) -> None:
        self.virsh = virsh
        self._hardware: dict[str, Element | str] = {}

    @cached_property
    def capabilities(self) -> Element:
        return self._tree("capabilities")

    @property
    def uuid(self) -> str:
        return text(self.capabilities, "host/uuid")

    @cached_property
    def name(self) -> str:
        return self.virsh.ask("hostname").strip()

    def virtual_hardware(self, guest: Definition) -> Element | str:
        """What this host can emulate for the machine of a guest, or the reason why it cannot have such a machine."""
        if guest.uuid not in self._hardware:
            # libvirt answers this on a connection that may write only.
            ran = self.virsh.run("domcapabilities", *self._machine(guest))
            reason = ran.error.removeprefix("error: ").removeprefix("invalid argument: ")
            self._hardware[guest.uuid] = document(ran.out, "virsh domcapabilities") if ran.ok else reason
        return self._hardware[guest.uuid]

    @staticmethod
    def _machine(guest: Definition) -> list[str]:
        machine = {"virttype": guest.hypervisor, "arch": guest.architecture, "machine": guest.machine, "emulatorbin": guest.emulator}
        return [f"--{name}={value}" for name, value in machine.items() if value]

    def lacks(self, guest: Definition, processor: str) -> str:
        """Why this host cannot give a guest the processor of this XML, or nothing."""
        options = [word.replace("--emulatorbin=", "--emulator=") for word in self._machine(guest)]
        ran = self.virsh.run("hypervisor-cpu-compare", "--file=/dev/stdin", "--error", *options, stdin=processor)
        if ran.ok:
            return ""
        if _INCOMPATIBLE in ran.err:
            return ran.err.split(_INCOMPATIBLE, 1)[1].strip()
        raise VirshError(f"virsh --connect {self.virsh.uri} hypervisor-cpu-compare: {ran.error.removeprefix('error: ')}")

    @cached_property
    def guests(self) -> dict[str, str]:
        """The names of all guests by their UUIDs."""
        lines = (words_of(line) for line in lines_of(self.virsh.ask("list", "--all", "--uuid", "--name")))
        return {words[0]: " ".join(words[1:]) for words in lines if len(words) > 1}

    @cached_property
    def networks(self) -> dict[str, frozenset[str]]:
        """The port groups of each network that is active."""
        names = self._names("net-list", "--name")
        return {
            name: frozenset(group.get("name", "") for group in self._tree("net-dumpxml", f"--network={name}").findall("portgroup"))
            for name in names
        }

    def has_link(self, name: str) -> bool:
        """Is there a network device of this name, such as a bridge?"""
        ran = self.virsh.run("--readonly", "iface-mac", f"--interface={name}")
        if not ran.ok and _NO_INTERFACE not in ran.err:
            raise VirshError(f"virsh --connect {self.virsh.uri} iface-mac: {ran.error.removeprefix('error: ')}")
        return ran.ok

    @cached_property
    def filters(self) -> frozenset[str]:
        return frozenset(" ".join(words_of(line)[1:]) for line in lines_of(self.virsh.ask("nwfilter-list")))

    @cached_property
    def secrets(self) -> dict[str, str]:
        """What each secret is for, by its UUID; its value is not read."""
        lines = (words_of(line) for line in lines_of(self.virsh.ask("secret-list")))
        return {words[0]: " ".join(words[1:]) for words in lines if words}

    @cached_property
    def pools(self) -> list[Pool]:
        return [pool.of(self._tree("pool-dumpxml", f"--pool={name}")) for name in self._names("pool-list", "--name")]

    def pool(self, directory: str) -> Pool | None:
        return next((pool for pool in self.pools if pool.path == directory), None)

    def volume(self, path: str) -> Volume | None:
        """What lies at a path of a pool; None where no pool knows it."""
        ran = self.virsh.run("--readonly", "vol-dumpxml", f"--vol={path}")
        return _volume(document(ran.out, f"virsh vol-dumpxml {path}")) if ran.ok else None

    @cached_property
    def free(self) -> int:
        """Memory that guests could have, in KiB: what is free, or holds what can be read again."""
        found = re.findall(r"^(free|buffers|cached) *: *([0-9]+) KiB", self.virsh.ask("nodememstats"), re.M | re.A)
        return sum(int(amount) for unused_name, amount in found)

    @cached_property
    def pages(self) -> dict[int, int]:
        """Free pages by their size in KiB."""
        found = re.findall(r"^([0-9]+)KiB: ([0-9]+)$", self.virsh.ask("freepages", "--all"), re.M | re.A)
        sizes: dict[int, int] = {}
        for size, count in found:
            sizes[int(size)] = sizes.get(int(size), 0) + int(count)
        return sizes

    @property
    def cells(self) -> frozenset[int]:
        return _ids(self.capabilities.findall("host/topology/cells/cell"))

    @property
    def processors(self) -> frozenset[int]:
        return _ids(self.capabilities.findall("host/topology/cells/cell/cpus/cpu"))

    def _names(self, *words: str) -> list[str]:
        return [line.strip() for line in lines_of(self.virsh.ask(*words)) if line.strip()]

    def _tree(self, *words: str) -> Element:
        return document(self.virsh.ask(*words), f"virsh {words[0]}")


def _ids(elements: list[Element]) -> frozenset[int]:
    return frozenset(number for number in (whole(element.get("id")) for element in elements) if number is not None)


def _volume(root: Element) -> Volume:
    seconds, unused_dot, fraction = text(root, "target/timestamps/ctime").partition(".")
    return Volume(
        text(root, "key"), whole(text(root, "capacity")) or 0, (whole(seconds) or 0) * 10**9 + (whole(fraction.ljust(9, "0")) or 0)
    )
