# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Live probes: from a running host to the endpoints that the policy lists, each with one packet or connection.

It is never a scan: endpoints are single addresses, there are few of them, and none is a medical device.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.flows.packets import RECVERR
from ansible_collections.hygeia.golden.plugins.module_utils.flows.policy import ELSEWHERE, Address, Network
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import each
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.flows.policy import Policy

# How many a host may send, and how many of them at once.
MOST, ABREAST = 32, 4
ALLOWED, DENIED = "allowed", "denied"

ANSWERED, REFUSED, FILTERED, UNREACHABLE, SILENT = "answered", "refused", "stopped by this host's own filter", "unreachable", "no answer"
_BY_ERROR = {
    errno.ECONNREFUSED: REFUSED,
    errno.EPERM: FILTERED,
    errno.EACCES: UNREACHABLE,
    errno.EHOSTUNREACH: UNREACHABLE,
    errno.ENETUNREACH: UNREACHABLE,
    errno.ETIMEDOUT: SILENT,
}
# Questions that servers of UDP answer, by their port: one for the name servers of the root (RFC 1035), one for the time (RFC 5905).
_QUESTIONS = {53: bytes.fromhex("6879010000010000000000000000020001"), 123: bytes([0x23]) + bytes(47)}

# One probe of a site's policy.
Probe = dict[str, Any]


def of(data: dict[str, Any], zone: str) -> list[Probe]:
    """The probes of a policy that hosts of a zone send."""
    return [probe for probe in data.get("probes") or [] if zone in each(probe["source"])]


def refusal(policy: Policy, text: str) -> str:
    """Why nothing may be sent to an address, as a sentence without its full stop; else an empty text."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return f"{text} is not one address; write one such as 10.30.0.7, since a probe is no scan"
    address = getattr(address, "ipv4_mapped", None) or address  # what is sent there goes over IPv4
    zone = policy.zone_of(address)
    if zone == ELSEWHERE:
        return f"{text} lies in no zone, so nobody says that it is no medical device; add its network to a zone"
    if zone in policy.devices:
        return f"{text} lies in the zone {zone}, whose medical devices are never probed; leave the probe out"
    if address.is_multicast or address.is_unspecified or any(_of_many(address, network) for network in policy.zones[zone]):
        return f"{text} is an address of many hosts; write that of one"
    return ""


def _of_many(address: Address, network: Network) -> bool:
    """Does everybody in a network hear what is sent to an address?"""
    few = network.max_prefixlen - network.prefixlen < 2
    return address.version == network.version == 4 and not few and address in (network.broadcast_address, network.network_address)


def sent(probes: Sequence[Probe], timeout: float) -> list[str]:
    """What became of each probe, in their order."""
    with ThreadPoolExecutor(ABREAST) as pool:
        return list(pool.map(lambda probe: _sent(probe["address"], probe["protocol"], probe["port"], timeout), probes))


def _sent(address: str, protocol: str, port: int, timeout: float) -> str:
    """A connection of TCP is closed as soon as it is there; a datagram is one question."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM) as one:
        one.settimeout(timeout)
        try:
            one.setsockopt(*RECVERR[family], 1)
            one.connect((address, port))
            if protocol == "udp":
                one.send(_QUESTIONS.get(port, b"\n"))
                one.recv(2048)
            return ANSWERED
        except socket.timeout:
            return SILENT
        except OSError as problem:
            return _BY_ERROR.get(problem.errno or 0, UNREACHABLE)


def records(probes: Sequence[Probe], outcomes: list[str], stage: str) -> list[Record]:
    return [_record(probe, outcome, stage) for probe, outcome in zip(probes, outcomes)]


def unsent(probes: Sequence[Probe], why: str, stage: str) -> list[Record]:
    return [result.record(_control(probe), result.NOT_CHECKED, stage, read_from=_description(probe), message=why) for probe in probes]


def _record(probe: Probe, outcome: str, stage: str) -> Record:
    status, message = _evaluated(probe, outcome)
    description = _description(probe)
    return result.record(_control(probe), status, stage, {description: probe["expected"]}, {description: outcome}, description, message)


def _control(probe: Probe) -> str:
    return f"segment-live-{probe['name']}"


def _description(probe: Probe) -> str:
    return f"{probe['protocol']} {probe['port']} to {probe['address']}"


def _evaluated(probe: Probe, outcome: str) -> tuple[str, str]:
    """A denial is shown by what did not arrive; who refuses may be a filter, or an endpoint where nothing listens."""
    description = _description(probe)
    if outcome == SILENT and probe["protocol"] == "udp":
        return (
            result.NOT_CHECKED,
            f"{description} had no answer, and without one nobody knows whether a datagram arrived; probe a port of TCP",
        )
    if probe["expected"] == ALLOWED:
        if outcome == ANSWERED:
            return result.PASS, ""
        return (
            result.FAIL,
            f"the policy allows {description}, and it was {_was(outcome)}; see whether the endpoint runs, then which filter is on the way",
        )
    if outcome == ANSWERED:
        return result.FAIL, f"{description} was answered, and the policy denies it; find the filter on the way that lets it through"
    if outcome == REFUSED:
        return (
            result.NOT_CHECKED,
            f"{description} was refused, by a filter or because nothing listens there; probe a port that the endpoint serves",
        )
    return result.PASS, ""


def _was(outcome: str) -> str:
    return "not answered" if outcome == SILENT else outcome
