# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether packets of others pass through a system."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot.sysctl import Sysctl
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

_SETTINGS = {"net.ipv4.ip_forward": 0, "net.ipv6.conf.all.forwarding": 0}
_RUNNING = "/proc/sys/net/ipv[46]/conf/*/forwarding"
_FILES = ("/etc/systemd/network/*.network", "/etc/systemd/networkd.conf", "/etc/systemd/networkd.conf.d/*.conf")
_NETWORKD = re.compile(r"^\s*(IPForward|IPMasquerade|IPv[46]Forwarding)\s*=\s*(?!(?:no|false|off|0)\s*$)(\S+)", re.M | re.A)


def forwarding(host: Host) -> list[str]:
    """Who turns it on, one sentence each; a kernel of which nobody asks it does not forward."""
    return _running(host) if host.booted else [*_configured(host), *_networkd(host)]


def _running(host: Host) -> list[str]:
    """A running host's own network, which a container has too."""
    on = [path.split("/") for path in host.glob(_RUNNING) if (host.read(path) or "").strip(BLANKS) not in ("", "0")]
    names = [(f"IP{parts[4][2:]}", parts[6]) for parts in on if parts[6] not in ("default", "lo")]
    return [
        f"the kernel forwards {version} on {'all interfaces' if name == 'all' else name}: set forwarding to 0" for version, name in names
    ]


def _configured(host: Host) -> list[str]:
    observed = Sysctl(host).observe(_SETTINGS)
    return [
        f"{found.read_from} sets {name} to {found.value}, so that each boot forwards packets: set it to 0"
        for name, found in observed.items()
        if found.value not in (None, "0")
    ]


def _networkd(host: Host) -> Iterator[str]:
    for path in (path for pattern in _FILES for path in host.regular(pattern)):
        for name, value in _NETWORKD.findall(host.read(path) or ""):
            yield f"{path} has {name}={value}, by which systemd-networkd turns forwarding on: take it out"
