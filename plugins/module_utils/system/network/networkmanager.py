# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The profiles of NetworkManager, each a key file (nm-settings-keyfile(5)), and what its main configuration says."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of, words_of

# The first wins where two directories have a profile with the same UUID.
RUNTIME, OWN, VENDOR = (f"{directory}/NetworkManager/system-connections" for directory in ("/run", "/etc", "/usr/lib"))
DIRECTORIES = (RUNTIME, OWN, VENDOR)
SUFFIX = ".nmconnection"
IFCFG = "/etc/sysconfig/network-scripts/ifcfg-*"

# In the order in which they are read (NetworkManager.conf(5)); the last word counts, and of two files with a name the later.
_CONFIGURATION = (
    "/usr/lib/NetworkManager/conf.d/*.conf",
    "/run/NetworkManager/conf.d/*.conf",
    "/etc/NetworkManager/NetworkManager.conf",
    "/etc/NetworkManager/conf.d/*.conf",
)
# Types of connection that have no IPv6 of their own unless they are configured to.
_WITHOUT = ("wireguard", "dummy")
_LEFT_BEHIND = ("~", ".rpmnew", ".rpmsave", ".rpmorig", ".bak", ".swp", ".swpx", ".tmp", ".pem", ".der")
# What GLib takes for a blank (g_ascii_isspace).
_GROUP = re.compile(r"\[([^\[\]]+)\][ \t\n\r\f\v]*\Z")
_KEY = re.compile(r"([^=]*?)[ \t\n\r\f\v]*=[ \t\n\r\f\v]*(.*)\Z", re.S)


@dataclass(frozen=True)
class Profile:
    """A connection, and what its file says as ``{(group, key): value}``."""

    path: str
    said: dict[tuple[str, str], str]

    def method(self, family: str) -> str:
        """How it has its addresses: the name of a method, or nothing where it has none."""
        if any(self.said.get(("connection", key)) for key in ("master", "controller", "slave-type", "port-type")):
            return ""
        kind = self.said.get(("connection", "type"), "")
        return self.said.get((family, "method")) or ("disabled" if kind in _WITHOUT else "auto")

    @property
    def name(self) -> str:
        return self.said.get(("connection", "id")) or os.path.basename(self.path).replace(SUFFIX, "")

    @property
    def uuid(self) -> str:
        return self.said.get(("connection", "uuid"), "")


def profiles(host: Host) -> list[Profile]:
    """The profiles that count, each once."""
    found: dict[str, Profile] = {}
    for directory in DIRECTORIES:
        for path in host.regular(f"{directory}/*"):
            if path.endswith(SUFFIX) or (directory == OWN and not path.endswith(_LEFT_BEHIND)):
                profile = Profile(path, said(host.read(path) or ""))
                found.setdefault(profile.uuid or path, profile)
    return list(found.values())


def said(text: str) -> dict[tuple[str, str], str]:
    """A key file as ``{(group, key): value}``; of a key that stands twice the last one counts, and groups come together."""
    group, found = "", {}
    for line in lines_of(text):
        line = line.lstrip(BLANKS)
        head, key = _GROUP.match(line), _KEY.match(line)
        if line.startswith("#"):
            continue
        if head:
            group = head[1]
        elif key and key[1]:
            found[group, key[1]] = key[2].rstrip(BLANKS)
    return found


def makes_up(host: Host) -> bool:
    """Does NetworkManager make a connection up for an Ethernet device that has none?"""
    paths = [path for pattern in _CONFIGURATION for path in host.regular(pattern)]
    counted = {os.path.basename(path): path for path in paths}
    values = [said(host.read(path) or "").get(("main", "no-auto-default")) for path in paths if path in counted.values()]
    given = [value for value in values if value is not None]
    return "*" not in words_of((given or [""])[-1].replace(",", " "))


def ifcfg(text: str) -> dict[str, str]:
    """A file of the RHEL family's network scripts: assignments for a shell, of which plain and quoted values are read."""
    pairs = (line.strip(BLANKS).partition("=") for line in lines_of(text) if not line.lstrip(BLANKS).startswith("#"))
    return {name: value.strip("'\"") for name, sign, value in pairs if sign}
