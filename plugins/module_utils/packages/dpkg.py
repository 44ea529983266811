# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What dpkg says is installed, read from its status file (dpkg-query(1) reads the same one)."""

from __future__ import annotations

import re

_STANZA = re.compile(
    r"^Package: (?P<name>\S+)\nStatus: (?P<want>\S+) (?P<error>\S+) (?P<state>\S+)$(?P<rest>(?:\n.+)*)", re.M
)
_VERSION = re.compile(r"^Version: (\S+)$", re.M)


class Packages:
    """Installed packages by name, with their versions; empty where dpkg is not used."""

    def __init__(self, status):
        self._status = status
        self._planned = {}
        self._versions = None

    @property
    def versions(self):
        if self._versions is None:
            self._versions = dict(self._read())
        return self._versions

    def _read(self):
        try:
            with open(self._status, encoding="utf-8", errors="replace") as stream:
                text = stream.read()
        except (FileNotFoundError, NotADirectoryError):
            return
        for stanza in _STANZA.finditer(text):
            if stanza["state"] != "installed":
                continue
            version = _VERSION.search(stanza["rest"])
            yield stanza["name"], version[1] if version else ""

    def installed(self, name):
        """Is it installed, or would it be once the changes that check mode planned were made?"""
        return self._planned.get(name, name in self.versions)

    def plan(self, name, installed):
        """Check mode: count a package as installed (or removed) from now on."""
        self._planned[name] = installed

    def forget(self):
        """Read the status file again: packages have just been installed or removed."""
        self._versions = None
