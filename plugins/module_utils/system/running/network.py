# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a running host does in the network: whom it routes for, and where its own routes come from."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.processes import Processes
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.sockets import established
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of

# Programs whose work is that others reach a network through this host.
_ROUTERS = frozenset(
    "bgpd bird charon conmon containerd crio dockerd keepalived kubelet libvirtd openvpn ospfd pppd radvd virtnetworkd zebra".split()
)
_NAT = re.compile(r"\b(masquerade|snat|dnat)\b", re.A)
_DEFAULT = "00000000"
_ADVERTISED = 0x00040000  # RTF_ADDRCONF of the kernel's ipv6_route.h


def routed(host: Host) -> str:
    """Who reaches a network through this host, in one sentence; else an empty string."""
    return next((why for why in _routed(host) if why), "")


def _routed(host: Host) -> Iterator[str]:
    for path in host.glob("/sys/class/net/*/bridge"):
        yield f"containers or virtual machines reach their network over the bridge {path.split('/')[4]}"
    for path in host.glob("/sys/class/net/*/tun_flags") + host.glob("/sys/class/net/*/uevent"):
        if path.endswith("tun_flags") or "DEVTYPE=wireguard" in (host.read(path) or ""):
            yield f"others reach a network through the tunnel {path.split('/')[4]}"
    router = next((process for process in Processes(host).all if process.name in _ROUTERS), None)
    yield f"{router} needs it" if router else ""
    found = _NAT.search(host.run(["nft", "list", "ruleset"]).out) if host.which("nft") else None
    yield f"a rule of nftables ({found[1]}) sends the packets of others on" if found else ""
    interfaces = sorted({words[0] for words in _routes(host)})
    yield f"it has routes to several networks, over {' and '.join(interfaces)}" if len(interfaces) > 1 else ""


def asymmetric(host: Host) -> str:
    """Whether packets may come another way than they are answered, in one sentence; else an empty string."""
    ways = sorted({words[0] for words in _routes(host) if words[1] == _DEFAULT and words[7] == _DEFAULT})
    return f"packets come over {' and '.join(ways)}, and each has a default route" if len(ways) > 1 else ""


def advertised(host: Host) -> str:
    """Whether this host has its IPv6 network from a router's advertisements, in one sentence; else an empty string.

    The kernel marks what it learned itself; what a program such as systemd-networkd learned has its origin in the route.
    """
    lines = (words_of(line) for line in host.lines("/proc/net/ipv6_route"))
    interface = next((words[9] for words in lines if len(words) > 9 and int(words[8], 16) & _ADVERTISED), "")
    if not interface and host.which("ip"):
        found = re.search(r"\bdev (\S+)", host.run(["ip", "-6", "route", "show", "proto", "ra"]).out, re.A)
        interface = found[1] if found else ""
    return f"{interface} has its IPv6 route from a router's advertisements" if interface else ""


def speaks_ipv6(host: Host) -> str:
    """Who is connected over IPv6, in one sentence; else an empty string."""
    peers = (ipaddress.ip_address(socket.peer) for socket in established(host))
    peer = next((peer for peer in peers if peer.version == 6 and not peer.is_loopback), None)
    return f"a connection with {peer} is open" if peer else ""


def _routes(host: Host) -> list[list[str]]:
    """The lines of the IPv4 table, but those that lead nowhere."""
    lines = (words_of(line) for line in host.lines("/proc/net/route")[1:])
    return [words for words in lines if len(words) > 7 and words[0] not in ("lo", "*")]
