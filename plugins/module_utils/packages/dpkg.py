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

# Installed, and only its triggers are still to run.
_TRIGGERED = ("triggers-awaited", "triggers-pending")


class Packages(Inventory):
    """The packages of a status file; none where dpkg is not used."""

    source = STATUS

    def __init__(self, status):
        super().__init__()
        self._status = status

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
