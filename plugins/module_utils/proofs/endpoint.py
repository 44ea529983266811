# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The endpoint of a monitoring agent: does it answer with metrics, does it keep silent elsewhere, and where does it listen?"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ansible_collections.hygeia.golden.plugins.module_utils.flows.policy import Address, Network
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record
from ansible_collections.hygeia.golden.plugins.module_utils.proofs.records import live_record
from ansible_collections.hygeia.golden.plugins.module_utils.proofs.web import Asking, Unanswered, fetched, reached, shown

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.running.sockets import Socket

_PORTS = {"http": 80, "https": 443}
# A sample of the text format of Prometheus and OpenMetrics: a name, perhaps labels, a value and perhaps a time.
_SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{.*\})?\s+(?:[-+]?(?:Inf|NaN|[0-9.]+(?:[eE][-+]?[0-9]+)?))(?:\s.*)?")


class BadEndpoint(Exception):
    """What is wrong with the address of an endpoint."""


def place(url: str) -> tuple[str, int]:
    """The name and the port of an endpoint, which is asked over HTTP or only connected to."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError as problem:
        raise BadEndpoint(f"{shown(url)} is not a valid address: {problem}") from problem
    if parts.scheme not in (*_PORTS, "tcp") or not parts.hostname or not port:
        raise BadEndpoint(f"{shown(url)} is not the address of an endpoint; write http://, https:// or tcp://, a name and a port")
    return parts.hostname, port


def answering(url: str, metrics: list[str], timeout: float, how: Asking) -> Record:
    """Does it answer, with these metrics among others; where it is no HTTP, does it take a connection?"""
    expected = {"answers": True, **dict.fromkeys(metrics, "there")}
    try:
        if url.startswith("tcp:"):
            reached(*place(url), timeout)
            names = set()
        else:
            names = _names(fetched(url, timeout, **how))
    except Unanswered as problem:
        message = f"{shown(url)} gives no metrics: {problem}; see that the agent runs, listens there and may be reached from here"
        return live_record("monitoring-endpoint-proven", expected, {"answers": False}, shown(url), message)
    missing = [name for name in metrics if name not in names]
    observed = {"answers": True, **{name: "missing" if name in missing else "there" for name in metrics}}
    message = f"{shown(url)} answers without {', '.join(missing)}: turn on the collectors of the agent that give them" if missing else ""
    return live_record("monitoring-endpoint-proven", expected, observed, shown(url), message)


def silent(url: str, timeout: float) -> Record:
    """Is it out of reach from here?"""
    try:
        reached(*place(url), timeout)
    except Unanswered as problem:
        return live_record("monitoring-elsewhere-proven", {"reached": False}, {"reached": False, "why": str(problem)}, shown(url))
    message = (
        f"{shown(url)} can be reached from here, outside of the management network: "
        "have the agent listen on its management address only, or the packet filter drop it"
    )
    return live_record("monitoring-elsewhere-proven", {"reached": False}, {"reached": True}, shown(url), message)


def listening(sockets: list[Socket], port: int, networks: Sequence[Network]) -> Record:
    """Does a port listen on addresses of these networks only? A host's own loopback may have it too."""
    addresses = sorted({socket.address for socket in sockets if socket.protocol == "tcp" and socket.port == port})
    outside = [address for address in addresses if not _inside(ipaddress.ip_address(address), networks)]
    expected = {"listens on": [str(network) for network in networks]}
    return live_record(
        "monitoring-network-proven", expected, {"listens on": addresses}, "/proc/net/tcp", _listens(port, addresses, outside)
    )


def _inside(address: Address, networks: Sequence[Network]) -> bool:
    return address.is_loopback or any(address.version == network.version and address in network for network in networks)


def _listens(port: int, addresses: list[str], outside: list[str]) -> str:
    cure = "give the agent its address in the management network (node_exporter: --web.listen-address)"
    if not addresses:
        return f"nothing listens on port {port}: start the agent"
    if any(ipaddress.ip_address(address).is_unspecified for address in outside):
        return f"port {port} listens on every address of the host: {cure}"
    return f"port {port} listens on {' and '.join(outside)}, outside of the management network: {cure}" if outside else ""


def _names(text: str) -> set[str]:
    """The names of the metrics; an answer with any other line is none of an exporter."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    samples = [_SAMPLE.fullmatch(line.strip()) for line in lines]
    names = {sample[1] for sample in samples if sample}
    if not samples or not all(samples):
        raise Unanswered("what answers there sends no metrics")
    return names
