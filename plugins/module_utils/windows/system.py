# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A Windows system that is switched off, as the kinds see it: its volume, its registry, and what it is."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.windows.ntfs.volume import Volume
from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry.registry import Registry

VERSION = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
SERVICES = "HKLM\\SYSTEM\\CurrentControlSet\\Services"
_UNINSTALL = (
    "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Uninstall",
    "HKLM\\SOFTWARE\\WOW6432Node\\Microsoft\\Windows\\CurrentVersion\\Uninstall",
)
# The releases of Windows Server by the first build of each (learn.microsoft.com: Windows Server release information).
_RELEASES = ((26100, "2025"), (20348, "2022"), (17763, "2019"), (14393, "2016"))

_HIBERNATION = "hiberfil.sys"
# What a hibernation file begins with as long as somebody may wake up from it.
_ASLEEP = (b"hibr", b"HIBR")


@dataclass(frozen=True)
class Program:
    """An entry of the list of installed programs."""

    name: str
    version: str
    publisher: str
    path: str


class Programs:
    """What is installed: a program by its name in the list, or a service by its own; ``*`` is a wildcard."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    @cached_property
    def all(self) -> list[Program]:
        return list(self._listed())

    def _listed(self) -> Iterator[Program]:
        for path in _UNINSTALL:
            key = self._registry.key(path)
            for entry in key.subkeys() if key else ():
                name, version, publisher = (
                    value.text if value else "" for value in map(entry.value, ("DisplayName", "DisplayVersion", "Publisher"))
                )
                if name:
                    yield Program(name, version, publisher, f"{path}\\{entry.name}")

    def matching(self, pattern: str) -> list[Program]:
        return [program for program in self.all if fnmatch.fnmatchcase(program.name.lower(), pattern.lower())]

    def installed(self, name: str) -> bool:
        return bool(self.matching(name)) or self._registry.key(f"{SERVICES}\\{name}") is not None


class WindowsSystem:
    """A system on a volume; ``container`` is what every system is asked."""

    container = False

    def __init__(self, volume: Volume) -> None:
        self.volume = volume
        self.registry = Registry(volume)
        self.packages = Programs(self.registry)

    @cached_property
    def build(self) -> int:
        text = self.registry.text(VERSION, "CurrentBuildNumber") or self.registry.text(VERSION, "CurrentBuild")
        return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0

    @cached_property
    def revision(self) -> int:
        return self.registry.number(VERSION, "UBR")

    @cached_property
    def release(self) -> str:
        """Of Windows Server the year; empty for what is none, or older than 2016."""
        server = self.registry.text(VERSION, "InstallationType").startswith("Server")
        return next((year for first, year in _RELEASES if server and self.build >= first), "")

    @property
    def systems(self) -> Sequence[str]:
        return [f"windows-{self.release}", "windows"] if self.release else ["windows"]

    @property
    def os_release(self) -> Mapping[str, str]:
        """What a system is called in os-release(5)."""
        return {"ID": self.systems[0]}

    @cached_property
    def remarks(self) -> tuple[str, ...]:
        """In which state it was left, as far as that bears on what is read."""
        return tuple(_remarks(self.volume))

    def described(self) -> dict[str, Any]:
        """The system for evidence."""
        texts = {name: self.registry.text(VERSION, name) for name in ("ProductName", "EditionID", "InstallationType", "DisplayVersion")}
        return {
            "id": "windows",
            "version": self.release,
            "names": list(self.systems),
            "name": texts["ProductName"],
            "edition": texts["EditionID"],
            "installation": texts["InstallationType"],
            "build": f"{self.build}.{self.revision}",
        }


def _remarks(volume: Volume) -> Iterator[str]:
    """In which state the system was left, as far as that bears on what is read."""
    if volume.dirty:
        yield f"{volume.name} was not shut down cleanly, so what its journal has beyond it was not read: start the template and shut it down"
    asleep = volume.open(_HIBERNATION)
    if asleep and asleep.size >= 4 and asleep.read(0, 4) in _ASLEEP:
        yield (
            f"{volume.name} is hibernated or was shut down with fast startup, so what was in memory was not read: "
            "run 'powercfg /hibernate off' in the template and shut it down"
        )
