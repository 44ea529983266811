# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who is connected with whom: each connection once, from the end that opened it, with the process that holds this end."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.system.running.sockets import Held, Socket

# Clients get ports from here on (ip_local_port_range of ip(7)), so the other end of such a port serves.
_CLIENTS = 32768


def flows(held: Sequence[Held], addresses: Iterable[str], name: str) -> list[dict[str, Any]]:
    """Connections with other machines; ``name`` stands for this one where its address is one of a container's network.

    What is connected within the host moves with it. A connection that has just ended has no process any more.
    """
    own = {*addresses, *(each.socket.address for each in held)}
    serving = {(each.own, each.socket.protocol, each.socket.port) for each in held if not each.socket.peer}
    found: dict[tuple[str, str, str, int], dict[str, Any]] = {}
    for each in held:
        socket = each.socket
        if not socket.peer or socket.peer in own or _is_loopback(socket.peer):
            continue
        here = socket.address if each.own else name
        accepted = (each.own, socket.protocol, socket.port) in serving or _has_port_of_a_server(socket)
        ends = (socket.peer, here, socket.port) if accepted else (here, socket.peer, socket.peer_port)
        flow = found.setdefault(
            (ends[0], ends[1], socket.protocol, ends[2]),
            {
                "source": ends[0],
                "destination": ends[1],
                "protocol": socket.protocol,
                "port": ends[2],
                "process": "",
                "unit": "",
                "direction": "in" if accepted else "out",
                "count": 0,
            },
        )
        flow["count"] += 1
        for holder in each.holders[:1]:
            flow["process"], flow["unit"] = flow["process"] or holder.name, flow["unit"] or holder.unit
    return [found[key] for key in sorted(found)]


def listeners(held: Sequence[Held]) -> list[dict[str, Any]]:
    """What waits for others, with its process; ``public`` where other machines reach it."""
    found: dict[tuple[str, int, str, str], dict[str, Any]] = {}
    for each in held:
        socket = each.socket
        if socket.peer or socket.passing:
            continue
        holder = each.holders[0] if each.holders else None
        process = holder.name if holder else ""
        found[socket.protocol, socket.port, socket.address, process] = {
            "protocol": socket.protocol,
            "port": socket.port,
            "address": socket.address,
            "process": process,
            "program": holder.program if holder else "",
            "unit": holder.unit if holder else "",
            "public": socket.public,
            "container": not each.own,
        }
    return [found[key] for key in sorted(found)]


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address).is_loopback


def _has_port_of_a_server(socket: Socket) -> bool:
    """Does this end look like the server's? The socket that listened may be gone."""
    return socket.port < _CLIENTS <= socket.peer_port
