# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who answers this host's questions for names (resolv.conf(5))."""

from __future__ import annotations

import ipaddress
import os

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of

RESOLV_CONF = "/etc/resolv.conf"

# The directories in which a service keeps the file that /etc/resolv.conf leads to, and the addresses at which it answers.
_FILES = {
    "systemd-resolved.service": "/run/systemd/resolve/",
    "NetworkManager.service": "/run/NetworkManager/",
    "connman.service": "/run/connman/",
    "resolvconf.service": "/run/resolvconf/",
}
_STUBS = {"systemd-resolved.service": ("127.0.0.53", "127.0.0.54")}
_SERVERS = tuple(f"{name}.service" for name in ("bind9", "dnscrypt-proxy", "dnsmasq", "named", "pdns-recursor", "stubby", "unbound"))
RESOLVERS = (*_FILES, *_SERVERS)


def resolver(host: Host, unit: str) -> str:
    """Why this host would find no names without a unit, in one sentence; else an empty string."""
    way = _leads(host, unit) or _named(host, unit)
    return f"without {unit} this host would find no names, for {way}: name another server there first" if way else ""


def _leads(host: Host, unit: str) -> str:
    entry = host.entry(RESOLV_CONF)
    target = os.path.normpath(os.path.join("/etc", os.readlink(entry))) if os.path.islink(entry) else ""
    return f"{RESOLV_CONF} leads to {target}, which it writes" if unit in _FILES and target.startswith(_FILES[unit]) else ""


def _named(host: Host, unit: str) -> str:
    """Is it the only server that is named? What systemd-resolved does not answer at, one of the others does."""
    lines = (words_of(line) for line in host.lines(RESOLV_CONF))
    servers = [words[1] for words in lines if words[:1] == ["nameserver"] and len(words) > 1]
    stubs = [stub for addresses in _STUBS.values() for stub in addresses]
    at = [server for server in servers if server in _STUBS.get(unit, ()) or (unit in _SERVERS and server not in stubs)]
    return f"{RESOLV_CONF} names {at[0]}, where it answers" if at and all(map(_local, servers)) else ""


def _local(server: str) -> bool:
    try:
        return ipaddress.ip_address(server.partition("%")[0]).is_loopback
    except ValueError:
        return False
