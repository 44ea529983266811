# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Two machines on one cable: the guest with its packet filter, and the peers with the addresses of all zones."""

from __future__ import annotations

import contextlib
import ipaddress
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.flows.namespaces import Namespace
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

PEER = "peers0"
_MACS = {"guest": "02:00:00:00:00:01", "peers": "02:00:00:00:00:02"}


class NetnsError(Exception):
    """Why the kernel could not be asked, as the end of a sentence."""


class Unloadable(NetnsError):
    """Why a ruleset is none that a boot could load."""


@dataclass(frozen=True)
class Netns:
    guest: Namespace
    peers: Namespace


@contextlib.contextmanager
def netns(host: Host, interface: str, others: Sequence[str], addresses: Sequence[str], peers: Sequence[str]) -> Iterator[Netns]:
    """A guest with these ``addresses`` on ``interface``, whose ``others`` are there and lead nowhere."""
    with Namespace.fresh() as guest, Namespace.fresh() as outside:
        with guest.entered():
            _ip(host, _cable(interface, outside) + _spares(others) + _side(interface, "peers", addresses, peers), (outside.handle,))
        with outside.entered():
            _ip(host, _side(PEER, "guest", peers, addresses))
        yield Netns(guest, outside)


@contextlib.contextmanager
def alone(host: Host, interfaces: Sequence[str]) -> Iterator[Namespace]:
    """A machine without a network, whose interfaces are there and lead nowhere."""
    with Namespace.fresh() as guest:
        if interfaces:
            with guest.entered():
                _ip(host, _spares(interfaces))
        yield guest


def load(host: Host, namespace: Namespace, source: str) -> str:
    """Load a ruleset, which is a file's path or nft's own words, into a namespace."""
    with namespace.entered():
        stdin = None if source.startswith("/") else source
        ran = host.run(["nft", "-f", source if stdin is None else "-"], stdin=stdin, timeout=60)
        if not ran.ok:
            raise Unloadable(f"nft does not load the ruleset: {' '.join(words_of(ran.err or ran.error))[:300]}")
        listing = host.run(["nft", "--json", "list", "ruleset"], timeout=60)
    if not listing.ok:
        raise NetnsError(f"nft does not list the ruleset: {listing.error}")
    return listing.out


def _ip(host: Host, commands: Sequence[str], pass_fds: Collection[int] = ()) -> None:
    ran = host.run(["ip", "-batch", "-"], stdin="\n".join(commands) + "\n", timeout=60, pass_fds=pass_fds)
    if not ran.ok:
        need = "; install iproute2" if ran.code == 127 else ""
        raise NetnsError(f"the networks to try it in cannot be made: {ran.error}{need}")


def _cable(interface: str, outside: Namespace) -> list[str]:
    return [
        f"link add {interface} address {_MACS['guest']} type veth peer name {PEER} address {_MACS['peers']}",
        f"link set {PEER} netns {outside.path}",
    ]


def _spares(names: Sequence[str]) -> list[str]:
    """Interfaces that a ruleset names must be there when it is loaded."""
    return [f"link add {name} type veth peer name spare{index}" for index, name in enumerate(names)]


def _side(interface: str, other: str, own: Sequence[str], theirs: Sequence[str]) -> list[str]:
    """One end of the cable; who has which address is known from the start, so nobody needs to ask for it."""
    up = ["link set lo up", f"link set {interface} up"]
    mine = [f"address add {_host(address)} dev {interface}{' nodad' if ':' in address else ''}" for address in own]
    known = [f"neighbour add {address} lladdr {_MACS[other]} dev {interface} nud permanent" for address in theirs]
    return up + mine + [_route(address, interface, own) for address in theirs] + known


def _route(address: str, interface: str, own: Sequence[str]) -> str:
    """Leave with an address of the same version; without one nothing of this version leaves anyway."""
    version = ipaddress.ip_address(address).version
    source = next((mine for mine in own if ipaddress.ip_address(mine).version == version), None)
    return f"route add {_host(address)} dev {interface}" + (f" src {source}" if source else "")


def _host(address: str) -> str:
    return f"{address}/{128 if ':' in address else 32}"
