# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The packages of component servicing (CBS): components, features and updates, each with its state."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry.registry import Registry

PATH = "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Component Based Servicing\\Packages"
# States from which on a package is in force: install pending and installed.
_INSTALLED = (0x60, 0x70)


@dataclass(frozen=True)
class Package:
    """``name`` is the part before the key of its maker, ``identity`` all of it."""

    name: str
    identity: str
    installed: bool

    @property
    def version(self) -> str:
        return self.identity.rpartition("~")[2]


def packages(registry: Registry) -> Iterator[Package]:
    above = registry.key(PATH)
    for key in above.subkeys() if above else ():
        state = key.value("CurrentState")
        yield Package(key.name.partition("~")[0], key.name, bool(state) and state.number in _INSTALLED if state else False)


def matching(registry: Registry, pattern: str) -> list[Package]:
    return [package for package in packages(registry) if fnmatch.fnmatchcase(package.name.lower(), pattern.lower())]
