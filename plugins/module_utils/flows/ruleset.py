# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The packet filter of a system, whoever wrote it: the one that boots load, or on a running host the one that runs."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.flows.netns import NetnsError
from ansible_collections.hygeia.golden.plugins.module_utils.system.nftables import OTHERS, RULES, UNIT
from ansible_collections.hygeia.golden.plugins.module_utils.system.units import Units

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

# The longest name that an interface can have.
_LONGEST = 15
_INCLUDE = re.compile(r'^\s*include\s+"([^"]+)"', re.M | re.A)
_INTERFACES = re.compile(r"\b(?:iif|oif|iifname|oifname)\s+(?:[!=]=\s*)?(\{[^}]*\}|\S+)", re.A)
_NAME = re.compile(r"[A-Za-z][\w.@:-]*\*?", re.A)


@dataclass(frozen=True)
class Ruleset:
    """``source`` is a file or nft's own words, ``text`` all of it, and ``unloaded`` says why a boot would not load it."""

    source: str
    text: str
    read_from: str
    unloaded: str = ""

    @property
    def interfaces(self) -> list[str]:
        """The interfaces that it names, in their order; a name with a * stands for its first."""
        found = [name for names in _INTERFACES.findall(self.text) for name in _NAME.findall(names)]
        names = (name.replace("*", "0")[:_LONGEST] for name in found)
        return [name for name in dict.fromkeys(names) if name != "lo"]


def read(host: Host, path: str | None = None) -> Ruleset:
    """The ruleset in a file, else the one that runs, else the one that boots load."""
    if path:
        if not host.exists(path):
            raise NetnsError(f"there is no ruleset {path}; name a file that is there")
        return Ruleset(path, _text(host, path), path)
    return _running(host) if host.booted else _stored(host)


def others(host: Host, units: Units | None = None) -> list[str]:
    """The other programs that load a filter at each boot; ufw's unit does so only where ufw itself is on."""
    units = units or Units(host, [])
    found = [unit.partition(".")[0] for unit in OTHERS if units.state(unit) == "enabled"]
    off = re.search(r"^\s*ENABLED\s*=\s*[\"']?no\b", host.read("/etc/ufw/ufw.conf") or "", re.M | re.A)
    return [name for name in found if not (name == "ufw" and off)]


def at_boot(host: Host) -> Ruleset:
    """The ruleset of the unit that boots load one with, whatever other programs do besides."""
    enabled = Units(host, []).state(UNIT) == "enabled"
    path = next(filter(host.exists, RULES), None)
    if path is None:
        return Ruleset("", "", RULES[0], f"there is no {RULES[0]}, so a boot loads no packet filter: write one")
    return Ruleset(path, _text(host, path), path, "" if enabled else f"{UNIT} is not enabled, so no boot loads {path}: enable it")


def _running(host: Host) -> Ruleset:
    ran = host.run(["nft", "list", "ruleset"])
    if not ran.ok:
        raise NetnsError(f"the packet filter cannot be asked: {ran.error}")
    if re.search(r"^\s*(?:#\s*)?xt (?:match|target)", ran.out, re.M | re.A):
        raise NetnsError("rules of iptables are among those that run, which nft cannot load; write them as rules of nftables")
    return Ruleset(ran.out, ran.out, "nft list ruleset")


def _stored(host: Host) -> Ruleset:
    """Without a file the kernel starts with no rules at all, and lets everything through."""
    found = others(host)
    if found:
        raise NetnsError(f"{' and '.join(found)} makes its rules only when the system runs; look at the running host")
    return at_boot(host)


def _text(host: Host, path: str, seen: tuple[str, ...] = ()) -> str:
    """A file with what it includes, without comments."""
    text = re.sub(r"^\s*#.*|\s#\s.*", "", host.read(path) or "", flags=re.M | re.A)
    inner = (
        _text(host, found, (*seen, path))
        for pattern in _INCLUDE.findall(text)
        for found in host.files(os.path.join("/etc", pattern))
        if found not in (*seen, path)
    )
    return "\n".join([text, *inner])


def named_ports(listing: str) -> dict[str, set[int]]:
    """The ports that a ruleset names, with both ends of each range: {protocol: ports}."""
    entries = json.loads(listing)["nftables"]
    sets = {
        (entry[kind]["table"], entry[kind]["name"]): entry[kind].get("elem", [])
        for entry in entries
        for kind in ("set", "map")
        if kind in entry
    }
    found: dict[str, set[int]] = {"tcp": set(), "udp": set()}
    for rule in (entry["rule"] for entry in entries if "rule" in entry):
        for match in (statement["match"] for statement in rule["expr"] if "match" in statement):
            payload = match["left"].get("payload", {}) if isinstance(match["left"], dict) else {}
            if payload.get("field") == "dport":
                protocols = [payload["protocol"]] if payload["protocol"] in found else list(found)
                for protocol in protocols:
                    found[protocol] |= _numbers(match["right"], rule["table"], sets)
    return {protocol: {port for port in ports if 0 < port < 65536} for protocol, ports in found.items()}


def _numbers(value: Any, table: str, sets: dict[tuple[str, str], Any]) -> set[int]:
    if isinstance(value, bool):
        return set()
    if isinstance(value, int):
        return {value}
    if isinstance(value, str) and value.startswith("@"):
        value = sets.get((table, value[1:]), [])
    if isinstance(value, dict):
        value = list(value.values())
    return {number for item in value for number in _numbers(item, table, sets)} if isinstance(value, list) else set()
