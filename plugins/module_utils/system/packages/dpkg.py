# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What dpkg says is installed, read from its status file (dpkg-query(1) reads the same one)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.system.packages.inventory import GONE, INSTALLED, Inventory

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

STATUS = "/var/lib/dpkg/status"

_STANZA = re.compile(r"^Package: (?P<name>\S+)\n(?P<rest>(?:.+\n?)*)", re.M | re.A)
_STATUS = re.compile(r"^Status: (?P<want>\S+) (?P<error>\S+) (?P<state>\S+)$", re.M | re.A)
_VERSION = re.compile(r"^Version: (\S+)$", re.M | re.A)
_ESSENTIAL = re.compile(r"^(?:Essential|Protected): yes$", re.M)
_ARCHITECTURE = re.compile(r"^Architecture: (\S+)$", re.M | re.A)
_SOURCE = re.compile(r"^Source: (\S+)(?: \((\S+)\))?$", re.M | re.A)
# A signed package is made anew, as a source of its own, from the one that vulnerabilities are reported for.
_SIGNED = re.compile(r"-signed(?:-\w+)?$", re.A)
_MADE_FROM = re.compile(r"^Built-Using: (\S+) \(= (\S+?)\)", re.M | re.A)

_LARGEST = 256 * 1024 * 1024

# Installed, and only its triggers are still to run.
_TRIGGERED = ("triggers-awaited", "triggers-pending")


class Packages(Inventory):
    """The packages of a status file; none where dpkg is not used."""

    source = STATUS

    def __init__(self, host: Host) -> None:
        super().__init__()
        self._host = host

    def _read(self) -> Iterator[tuple[str, tuple[str, str, bool]]]:
        for name, state, version, rest in self._stanzas():
            yield name, (state, version, bool(_ESSENTIAL.search(rest)))

    def listing(self) -> list[dict[str, str]]:
        found = []
        for name, state, version, rest in self._stanzas():
            if state == INSTALLED:
                architecture = _ARCHITECTURE.search(rest)
                source, source_version = origin(name, version, rest)
                found.append(
                    {
                        "package": name,
                        "version": version,
                        "architecture": architecture[1] if architecture else "",
                        "source": source,
                        "source_version": source_version,
                    }
                )
        return found

    def _stanzas(self) -> Iterator[tuple[str, ...]]:
        """Each package as name, state, version and the rest of what is said of it."""
        text = self._host.read(STATUS, _LARGEST) or ""
        for stanza in _STANZA.finditer(text):
            status, version = _STATUS.search(stanza["rest"]), _VERSION.search(stanza["rest"])
            state = status["state"] if status else GONE[-1]
            yield stanza["name"], INSTALLED if state in _TRIGGERED else state, version[1] if version else "", stanza["rest"]


def origin(name: str, version: str, stanza: str) -> tuple[str, str]:
    """The source package, and its version, that advisories speak of (deb-control(5), fields Source and Built-Using)."""
    source = _SOURCE.search(stanza)
    found = (source[1], source[2] or version) if source else (name, version)
    made_from = _MADE_FROM.search(stanza) if _SIGNED.search(found[0]) else None
    return (made_from[1], made_from[2]) if made_from else found


def origins(text: str) -> dict[tuple[str, str], tuple[str, str]]:
    """The origin of each package of ``apt-cache show``, by name and version."""
    found = {}
    for stanza in _STANZA.finditer(text):
        version = _VERSION.search(stanza["rest"])
        if version:
            found[(stanza["name"], version[1])] = origin(stanza["name"], version[1], stanza["rest"])
    return found
