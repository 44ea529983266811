# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What dpkg says is installed, read from its status file (dpkg-query(1) reads the same one)."""

from __future__ import annotations

import re

_STANZA = re.compile(r"^Package: (?P<name>\S+)\n(?P<rest>(?:.+\n?)*)", re.M)
_STATUS = re.compile(r"^Status: (?P<want>\S+) (?P<error>\S+) (?P<state>\S+)$", re.M)
_VERSION = re.compile(r"^Version: (\S+)$", re.M)
_ESSENTIAL = re.compile(r"^(?:Essential|Protected): yes$", re.M)

INSTALLED = "installed"
# Removed, the first with its configuration left behind (dpkg(1)).
GONE = ("config-files", "not-installed")
# Installed, and only its triggers are still to run.
_TRIGGERED = ("triggers-awaited", "triggers-pending")


class Packages:
    """Packages by name, with their states and versions; empty where dpkg is not used."""

    def __init__(self, status):
        self._status = status
        self._planned = {}
        self._found = None

    @property
    def versions(self):
        """The version of each installed package."""
        return {name: version for name, (state, version, unused_e) in self._all.items() if state == INSTALLED}

    @property
    def unfinished(self):
        """Packages that dpkg began to install or to remove and did not finish, by name with their states."""
        return {
            name: state for name, (state, unused_v, unused_e) in self._all.items() if state not in (INSTALLED, *GONE)
        }

    def state(self, name):
        """The state that dpkg gives a package, ``not-installed`` when it does not know it."""
        return self._all.get(name, (GONE[-1], "", False))[0]

    def essential(self, name):
        """Does the system need it to work at all?"""
        return self._all.get(name, ("", "", False))[2]

    @property
    def _all(self):
        if self._found is None:
            self._found = {}
            for name, entry in self._read():
                # The same package of a second architecture does not hide that the first is installed.
                if name not in self._found or entry[0] == INSTALLED:
                    self._found[name] = entry
        return self._found

    def _read(self):
        try:
            with open(self._status, encoding="utf-8", errors="replace") as stream:
                text = stream.read()
        except (FileNotFoundError, NotADirectoryError):
            return
        for stanza in _STANZA.finditer(text):
            status, version = _STATUS.search(stanza["rest"]), _VERSION.search(stanza["rest"])
            state = status["state"] if status else GONE[-1]
            state = INSTALLED if state in _TRIGGERED else state
            yield stanza["name"], (state, version[1] if version else "", bool(_ESSENTIAL.search(stanza["rest"])))

    def installed(self, name):
        """Is it installed, or would it be once the changes that check mode planned were made?"""
        return self._planned.get(name, self.state(name) == INSTALLED)

    def plan(self, name, installed):
        """Check mode: count a package as installed (or removed) from now on."""
        self._planned[name] = installed

    def forget(self):
        """Read the status file again: packages have just been installed or removed."""
        self._found = None


def choices(name):
    """The packages of ``a | b``, as a dependency writes them, the preferred one first."""
    return [choice.strip() for choice in name.split("|")]
