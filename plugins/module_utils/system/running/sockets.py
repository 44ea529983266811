# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The network sockets of processes: where they listen, and with whom they are connected (proc_net(5))."""

from __future__ import annotations

import ipaddress
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import PROGRAM, Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.processes import Process, Processes
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of

_TABLES = ("tcp", "tcp6", "udp", "udp6")
# Linux gives a client's socket a port from here on (ip_local_port_range of ip(7)); a UDP socket there waits for an answer.
_CLIENTS = 32768
_ESTABLISHED, _LISTENING, _UNCONNECTED = "01", "0A", "07"
# Connections that are being closed, or were within the last minute (include/net/tcp_states.h).
_ENDING = ("04", "05", "06", "08", "09", "0B")


@dataclass(frozen=True)
class Socket:
    """One socket; it has no ``peer`` while it only listens."""

    protocol: str
    address: str
    port: int
    peer: str = ""
    peer_port: int = 0

    @property
    def passing(self) -> bool:
        """Does it wait for one answer?"""
        return self.protocol == "udp" and self.port >= _CLIENTS

    @property
    def public(self) -> bool:
        """Does it listen for other machines?"""
        return not (self.peer or self.passing or ipaddress.ip_address(self.address).is_loopback)

    @property
    def reverse(self) -> Socket:
        """The other end, when it is on this machine."""
        return Socket(self.protocol, self.peer, self.peer_port, self.address, self.port)


def sockets(processes: Processes, chosen: list[Process]) -> set[Socket]:
    """The sockets of the chosen processes, all in the network of the first of them."""
    if not chosen:
        return set()
    files = {link for process in chosen for link in processes.links(process.number, "fd")}
    inodes = {link[len("socket:[") : -1] for link in files if link.startswith("socket:[")}
    return {socket for inode, socket in _table(processes.host, chosen[0].number) if inode in inodes}


def connections(found: set[Socket]) -> list[Socket]:
    """Those of the sockets that somebody else holds the other end of."""
    return sorted((socket for socket in found if socket.peer and socket.reverse not in found), key=str)


def established(host: Host) -> list[Socket]:
    """Every connection of the host, whoever holds it."""
    return [socket for unused_inode, socket in _table(host, "self") if socket.peer]


def listening(host: Host) -> list[Socket]:
    """Every socket of the host that waits for others, whoever holds it."""
    return [socket for unused_inode, socket in _table(host, "self") if not socket.peer]


@dataclass(frozen=True)
class Held:
    """A socket with the processes that hold it; nobody holds a connection that has just ended."""

    socket: Socket
    holders: tuple[Process, ...]
    own: bool  # in the host's own network, not in that of a container


def held(processes: Processes) -> list[Held]:
    """Every socket of every network of the host, also of connections that have just ended; descriptors are looked at once."""
    holders: dict[str, list[Process]] = {}
    networks: dict[str, int | str] = {processes.link("self", "ns/net"): "self"}
    for process in (process for process in processes.all if process.program):
        network = processes.link(process.number, "ns/net")
        if network:
            networks.setdefault(network, process.number)
        for link in set(processes.links(process.number, "fd")):
            if link.startswith("socket:["):
                holders.setdefault(link[len("socket:[") : -1], []).append(process)
    return [
        Held(socket, tuple(holders.get(inode, ())), number == "self")
        for number in networks.values()
        for inode, socket in _table(processes.host, number, _ENDING)
    ]


def listeners(processes: Processes) -> dict[Socket, list[str]]:
    """Every socket of the host that waits for others, with the programs that hold it."""
    holders: dict[str, set[str]] = {}
    for process in (process for process in processes.all if process.program):
        for link in processes.links(process.number, "fd"):
            if link.startswith("socket:["):
                holders.setdefault(link[len("socket:[") : -1], set()).add(process.program)
    found: dict[Socket, set[str]] = {}
    for inode, socket in _table(processes.host, "self"):
        if not socket.peer:
            found.setdefault(socket, set()).update(holders.get(inode, ()))
    return {socket: sorted(programs) for socket, programs in found.items()}


def _table(host: Host, process: int | str, others: tuple[str, ...] = ()) -> Iterator[tuple[str, Socket]]:
    """The inodes and sockets of a process's network; of connections those that are established or in one of the ``others``' states."""
    for table in _TABLES:
        try:
            lines = host.lines(f"/proc/{process}/net/{table}", PROGRAM)
        except OSError:
            continue  # the process has just ended
        for line in lines[1:]:
            fields = words_of(line)
            state, inode, protocol = fields[3], fields[9], table[:3]
            if state == _ESTABLISHED or (protocol == "tcp" and state in others):
                yield inode, Socket(protocol, *_end(fields[1]), *_end(fields[2]))
            elif state == (_LISTENING if protocol == "tcp" else _UNCONNECTED):
                yield inode, Socket(protocol, *_end(fields[1]))


def _end(text: str) -> tuple[str, int]:
    """An address, whose words of 32 bits have this machine's order of bytes, and a port."""
    address, unused_colon, port = text.partition(":")
    words = [int(word, 16).to_bytes(4, sys.byteorder) for word in re.findall(".{8}", address)]
    found = ipaddress.ip_address(b"".join(words))
    return str(getattr(found, "ipv4_mapped", None) or found), int(port, 16)
