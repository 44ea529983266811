# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What dpkg says is installed, read from its status file (dpkg-query(1) reads the same one)."""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.module_utils.packages.inventory import GONE, INSTALLED, Inventory

STATUS = "/var/lib/dpkg/status"

_STANZA = re.compile(r"^Package: (?P<name>\S+)\n(?P<rest>(?:.+\n?)*)", re.M)
_STATUS = re.compile(r"^Status: (?P<want>\S+) (?P<error>\S+) (?P<state>\S+)$", re.M)
_VERSION = re.compile(r"^Version: (\S+)$", re.M)
_ESSENTIAL = re.compile(r"^(?:Essential|Protected): yes$", re.M)
_ARCHITECTURE = re.compile(r"^Architecture: (\S+)$", re.M)
_SOURCE = re.compile(r"^Source: (\S+)(?: \((\S+)\))?$", re.M)
# A signed package is made anew, as a source of its own, from the one that vulnerabilities are told of.
_SIGNED = re.compile(r"-signed(?:-\w+)?$")
_MADE_FROM = re.compile(r"^Built-Using: (\S+) \(= (\S+?)\)", re.M)

# Installed, and only its triggers are still to run.
_TRIGGERED = ("triggers-awaited", "triggers-pending")


class Packages(Inventory):
    """The packages of a status file; none where dpkg is not used."""

    source = STATUS

    def __init__(self, status):
        super().__init__()
        self._status = status

    def _read(self):
        for name, state, version, rest in self._stanzas():
            yield name, (state, version, bool(_ESSENTIAL.search(rest)))

    def listing(self):
        found = []
        for name, state, version, rest in self._stanzas():
            if state == INSTALLED:
                architecture = _ARCHITECTURE.search(rest)
                source, source_version = origin(name, version, rest)
                found.append({
                    "package": name, "version": version, "architecture": architecture[1] if architecture else "",
                    "source": source, "source_version": source_version,
                })
        return found

    def _stanzas(self):
        """Each package as name, state, version and the rest of what is said of it."""
        try:
            with open(self._status, encoding="utf-8", errors="replace") as stream:
                text = stream.read()
        except (FileNotFoundError, NotADirectoryError):
            return
        for stanza in _STANZA.finditer(text):
            status, version = _STATUS.search(stanza["rest"]), _VERSION.search(stanza["rest"])
            state = status["state"] if status else GONE[-1]
            yield stanza["name"], INSTALLED if state in _TRIGGERED else state, version[1] if version else "", stanza["rest"]


def origin(name, version, stanza):
    """The source package, and its version, that advisories speak of (deb-control(5), fields Source and Built-Using)."""
    source = _SOURCE.search(stanza)
    found = (source[1], source[2] or version) if source else (name, version)
    made_from = _MADE_FROM.search(stanza) if _SIGNED.search(found[0]) else None
    return made_from.groups() if made_from else found


def origins(text):
    """The origin of each package of ``apt-cache show``, by name and version."""
    found = {}
    for stanza in _STANZA.finditer(text):
        version = _VERSION.search(stanza["rest"])
        if version:
            found[(stanza["name"], version[1])] = origin(stanza["name"], version[1], stanza["rest"])
    return found
