# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The endpoint of a monitoring agent: does it answer with metrics, does it keep silent elsewhere, and where does it listen?"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from ansible_collections.hygeia.golden.plugins.module_utils.proofs.records import told
from ansible_collections.hygeia.golden.plugins.module_utils.proofs.web import Unanswered, fetched, reached, shown

_PORTS = {"http": 80, "https": 443}
# A sample of the text format of Prometheus and OpenMetrics: a name, perhaps labels, a value and perhaps a time.
_SAMPLE = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{.*\})?\s+(?:[-+]?(?:Inf|NaN|[0-9.]+(?:[eE][-+]?[0-9]+)?))(?:\s.*)?")


class BadEndpoint(Exception):
    """What is wrong with the address of an endpoint."""


def place(url):
    """The name and the port of an endpoint, which is asked over HTTP or only connected to."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS.get(parts.scheme)
    except ValueError as problem:
        raise BadEndpoint(f"{shown(url)} is no address: {problem}") from problem
    if parts.scheme not in (*_PORTS, "tcp") or not parts.hostname or not port:
        raise BadEndpoint(f"{shown(url)} is no address of an endpoint; write http://, https:// or tcp://, a name and a port")
    return parts.hostname, port


def answering(url, metrics, timeout, how):
    """Does it answer, with these metrics among others; where it is no HTTP, does it take a connection?"""
    expected = {"answers": True, **{name: "there" for name in metrics}}
    try:
        if url.startswith("tcp:"):
            reached(*place(url), timeout)
            names = set()
        else:
            names = _names(fetched(url, timeout, **how))
    except Unanswered as problem:
        message = f"{shown(url)} gives no metrics: {problem}; see that the agent runs, listens there and may be reached from here"
        return told("monitoring-endpoint-proven", expected, {"answers": False}, shown(url), message)
    missing = [name for name in metrics if name not in names]
    observed = {"answers": True, **{name: "missing" if name in missing else "there" for name in metrics}}
    message = f"{shown(url)} answers without {', '.join(missing)}: turn on the collectors of the agent that give them" if missing else ""
    return told("monitoring-endpoint-proven", expected, observed, shown(url), message)


def silent(url, timeout):
    """Is it out of reach from here?"""
    try:
        reached(*place(url), timeout)
    except Unanswered as problem:
        return told("monitoring-elsewhere-proven", {"reached": False}, {"reached": False, "why": str(problem)}, shown(url))
    message = (
        f"{shown(url)} can be reached from here, outside of the management network: "
        "have the agent listen on its management address only, or the packet filter drop it"
    )
    return told("monitoring-elsewhere-proven", {"reached": False}, {"reached": True}, shown(url), message)


def listening(sockets, port, networks):
    """Does a port listen on addresses of these networks only? A host's own loopback may have it too."""
    addresses = sorted({socket.address for socket in sockets if socket.protocol == "tcp" and socket.port == port})
    outside = [address for address in addresses if not _inside(ipaddress.ip_address(address), networks)]
    expected = {"listens on": [str(network) for network in networks]}
    return told("monitoring-network-proven", expected, {"listens on": addresses}, "/proc/net/tcp", _listens(port, addresses, outside))


def _inside(address, networks):
    return address.is_loopback or any(address.version == network.version and address in network for network in networks)


def _listens(port, addresses, outside):
    cure = "give the agent its address in the management network (node_exporter: --web.listen-address)"
    if not addresses:
        return f"nothing listens on port {port}: start the agent"
    if any(ipaddress.ip_address(address).is_unspecified for address in outside):
        return f"port {port} listens on every address of the host: {cure}"
    return f"port {port} listens on {' and '.join(outside)}, outside of the management network: {cure}" if outside else ""


def _names(text):
    """The names of the metrics; an answer with any other line is none of an exporter."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    samples = [_SAMPLE.fullmatch(line.strip()) for line in lines]
    if not samples or not all(samples):
        raise Unanswered("what answers there sends no metrics")
    return {sample[1] for sample in samples}
