# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Real packets, many at once: who gets through, who is rejected, and who is never heard of again."""

from __future__ import annotations

import contextlib
import errno
import resource
import select
import socket
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.flows.netns import Netns
from ansible_collections.hygeia.golden.plugins.module_utils.flows.plan import IN

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.flows.plan import Flow

ALLOWED, REJECTED, DROPPED = "allowed", "rejected", "dropped"
BATCH = 400
QUIET = 0.4  # seconds of silence after which no answer is taken for none
PATIENCE = 2.0  # and for a flow that should have been let through, before it counts as not let through
LONGEST = 20.0  # seconds that one batch may take

_KINDS = {"tcp": socket.SOCK_STREAM, "udp": socket.SOCK_DGRAM}
# Asking for errors of the network itself, such as those of a filter that rejects (ip(7), ipv6(7)).
RECVERR = {socket.AF_INET: (socket.IPPROTO_IP, 11), socket.AF_INET6: (socket.IPPROTO_IPV6, 25)}


def tried(netns: Netns, flows: Sequence[Flow]) -> list[str]:
    """What became of each flow, in their order."""
    outcomes = _rounds(netns, flows, QUIET)
    silent = [index for index, flow in enumerate(flows) if flow.expected and outcomes[index] == DROPPED]
    again = _rounds(netns, [flows[index] for index in silent], PATIENCE)
    for index, outcome in zip(silent, again):
        outcomes[index] = outcome
    return outcomes


def _rounds(netns: Netns, flows: Sequence[Flow], patience: float) -> list[str]:
    outcomes: list[str] = []
    with _room():
        for start in range(0, len(flows), BATCH):
            outcomes += _Round(netns, flows[start : start + BATCH]).run(patience)
    return outcomes


@contextlib.contextmanager
def _room() -> Iterator[None]:
    """As many open files as a batch needs."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 4 * BATCH if hard == resource.RLIM_INFINITY else min(4 * BATCH, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class _Round:
    """One batch of flows on its way."""

    def __init__(self, netns: Netns, flows: Sequence[Flow]) -> None:
        self.flows = flows
        self.sides = {True: netns.guest, False: netns.peers}
        self.outcomes: list[str | None] = [None] * len(flows)
        self.poll = select.epoll()
        # By descriptor: a socket, and a socket with the index of its flow.
        self.listening: dict[int, socket.socket] = {}
        self.trying: dict[int, tuple[socket.socket, int]] = {}

    def run(self, patience: float) -> list[str]:
        with contextlib.ExitStack() as stack:
            stack.callback(self.poll.close)
            self._listen(stack)
            self._send(stack)
            # What counts is silence: on a busy machine packets that were let through arrive late, and must not be taken for dropped.
            end = time.monotonic() + LONGEST
            while None in self.outcomes and time.monotonic() < end and (events := self.poll.poll(patience)):
                for descriptor, unused_event in events:
                    self._heard(descriptor)
        return [outcome or DROPPED for outcome in self.outcomes]

    # -- who waits for packets ------------------------------------------------

    def _listen(self, stack: contextlib.ExitStack) -> None:
        for inbound, protocol, port in sorted({(flow.direction == IN, flow.protocol, flow.port) for flow in self.flows}):
            with self.sides[inbound].entered():
                listener = stack.enter_context(socket.socket(socket.AF_INET6, _KINDS[protocol]))
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)  # one for both versions
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setblocking(False)
            listener.bind(("::", port))
            if protocol == "tcp":
                listener.listen(BATCH)
            else:
                self.listening[listener.fileno()] = listener
                self.poll.register(listener, select.EPOLLIN)

    # -- who sends them -------------------------------------------------------

    def _send(self, stack: contextlib.ExitStack) -> None:
        """One packet a flow; a first connection of TCP needs an answer, a datagram must arrive."""
        for index, flow in enumerate(self.flows):
            family = socket.AF_INET6 if flow.version == 6 else socket.AF_INET
            with self.sides[flow.direction != IN].entered():
                sender = stack.enter_context(socket.socket(family, _KINDS[flow.protocol]))
            sender.setblocking(False)
            sender.setsockopt(*RECVERR[family], 1)
            sender.bind((flow.source, 0))
            self.trying[sender.fileno()] = (sender, index)
            self.poll.register(sender, select.EPOLLOUT if flow.protocol == "tcp" else 0)  # errors are always reported
            try:
                sender.connect((flow.destination, flow.port))
                if flow.protocol == "udp":
                    sender.send(str(index).encode())
            except BlockingIOError:
                pass
            except OSError as problem:
                self._failed(sender, index, problem.errno)

    # -- what is heard of them --------------------------------------------------

    def _heard(self, descriptor: int) -> None:
        if descriptor in self.listening:
            self._arrived(self.listening[descriptor])
            return
        sender, index = self.trying[descriptor]
        problem = sender.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if problem or self.flows[index].protocol == "udp":
            self._failed(sender, index, problem or errno.ECONNREFUSED)
        else:
            self._done(sender, index, ALLOWED)

    def _arrived(self, listener: socket.socket) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                index = int(listener.recv(16))
                self.outcomes[index] = ALLOWED

    def _failed(self, sender: socket.socket, index: int, problem: int | None) -> None:
        """EPERM is how a filter drops what its own machine sends."""
        self._done(sender, index, DROPPED if problem in (errno.EPERM, errno.ETIMEDOUT) else REJECTED)

    def _done(self, sender: socket.socket, index: int, outcome: str) -> None:
        self.poll.unregister(sender)
        self.outcomes[index] = self.outcomes[index] or outcome
