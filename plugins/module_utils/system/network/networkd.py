# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The files of systemd-networkd (systemd.network(5)) with their drop-ins, and those that netplan makes for it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS

# What the vendor has in further ones is for the interfaces of containers.
DIRECTORIES = ("/etc/systemd/network", "/run/systemd/network", "/usr/local/lib/systemd/network")
FORWARDS = ("IPForward", "IPv4Forwarding", "IPv6Forwarding", "IPMasquerade")
NO = ("no", "false", "0", "off", "n", "f")
NETPLAN = "/etc/netplan/*.yaml"

_LEASES = ("yes", "true", "1", "on", "y", "t", "ipv4", "both", "v4")
_KEY = re.compile(r"^[ \t]*(\w+)[ \t]*=[ \t]*(.*?)[ \t]*$", re.A)
_DEVICES = ("ethernets", "bonds", "bridges", "vlans", "wifis", "dummy-devices", "tunnels", "vrfs")


def names(host: Host) -> list[str]:
    """The names of the files that networkd reads, and those that netplan will make for it."""
    found = [os.path.basename(path) for directory in DIRECTORIES for path in host.glob(f"{directory}/*.network") if host.read(path)]
    made = [f"10-netplan-{device}.network" for path in host.glob(NETPLAN) for device in _devices(host.read(path) or "")]
    return sorted(dict.fromkeys(found + made))


def texts(host: Host, name: str) -> list[tuple[str, str]]:
    """A file and its drop-ins as (path, text), in the order in which they are read."""
    paths = [path for path in (f"{directory}/{name}" for directory in DIRECTORIES) if host.exists(path)][:1]
    drop_ins: dict[str, str] = {}
    for directory in DIRECTORIES:
        for path in host.glob(f"{directory}/{name}.d/*.conf"):
            drop_ins.setdefault(os.path.basename(path), path)
    return [(path, host.read(path) or "") for path in paths + [drop_ins[key] for key in sorted(drop_ins)]]


def last(host: Host, name: str, key: str) -> tuple[str, str]:
    """The last value of a key in the section Network, and the file that has it."""
    found = ("", "")
    for path, text in texts(host, name):
        found = (said(text)[key], path) if key in said(text) else found
    return found


def forwarding(host: Host, name: str) -> list[str]:
    """The keys of a file that have it pass packets on."""
    values = {key: last(host, name, key)[0] for key in FORWARDS}
    return [key for key, value in values.items() if value and value.lower() not in NO]


def keeps_an_address(host: Host, name: str) -> bool:
    """Has an interface of this file an address, whatever routers advertise? What netplan is yet to make is taken to have one."""
    found = texts(host, name)
    written = any(key == "Address" and value for unused_path, text in found for (unused_section, key), value in sections(text).items())
    return written or last(host, name, "DHCP")[0].lower() in _LEASES or not any(text for unused_path, text in found)


def said(text: str) -> dict[str, str]:
    """What a file says in the section Network."""
    return {key: value for (section, key), value in sections(text).items() if section == "Network"}


def sections(text: str) -> dict[tuple[str, str], str]:
    """A file of sections as ``{(section, key): last value}``."""
    section, found = "", {}
    for line in text.split("\n"):
        if line.strip(BLANKS).startswith("["):
            section = line.strip(BLANKS).strip("[]")
        key = _KEY.match(line)
        if key:
            found[section, key[1]] = key[2]
    return found


def _devices(text: str) -> Iterator[str]:
    """The names of netplan's devices: the keys one step inside a kind of device (netplan(5))."""
    kind = step = None
    for line in text.split("\n"):
        found = re.match(r"( *)([\w.-]+):", line, re.A)
        if not found or line.lstrip(BLANKS).startswith("#"):
            continue
        indent, key = len(found[1]), found[2]
        if key in _DEVICES and (kind is None or indent <= kind):
            kind, step = indent, None
        elif kind is not None and indent <= kind:
            kind = None
        elif kind is not None and step in (None, indent):
            step = indent
            yield key
