# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The packet filter of a system, whoever wrote it: the one that boots load, or on a running host the one that runs."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.flows.lab import LabError
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.nftables import OTHERS, RULES, UNIT
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.units import Units

# The longest name that an interface can have.
_LONGEST = 15
_INCLUDE = re.compile(r'^\s*include\s+"([^"]+)"', re.M)
_INTERFACES = re.compile(r"\b(?:iif|oif|iifname|oifname)\s+(?:[!=]=\s*)?(\{[^}]*\}|\S+)")
_NAME = re.compile(r'[A-Za-z][\w.@:-]*\*?')


@dataclass(frozen=True)
class Ruleset:
    """``source`` is a file or nft's own words, ``text`` all of it, and ``unloaded`` says why a boot would not load it."""

    source: str
    text: str
    read_from: str
    unloaded: str = ""

    @property
    def interfaces(self):
        """The interfaces that it names, in their order; a name with a * stands for its first."""
        found = [name for names in _INTERFACES.findall(self.text) for name in _NAME.findall(names)]
        names = (name.replace("*", "0")[:_LONGEST] for name in found)
        return [name for name in dict.fromkeys(names) if name != "lo"]


def read(host, path=None):
    """The ruleset in a file, else the one that runs, else the one that boots load."""
    if path:
        if not host.exists(path):
            raise LabError(f"there is no ruleset {path}; name a file that is there")
        return Ruleset(path, _text(host, path), path)
    return _running(host) if host.booted else _stored(host)


def _running(host):
    ran = host.run(["nft", "list", "ruleset"])
    if not ran.ok:
        raise LabError(f"the packet filter cannot be asked: {ran.complaint}")
    if re.search(r"^\s*(?:#\s*)?xt (?:match|target)", ran.out, re.M):
        raise LabError("rules of iptables are among those that run, which nft cannot load; write them as rules of nftables")
    return Ruleset(ran.out, ran.out, "nft list ruleset")


def _stored(host):
    """Without a file the kernel starts with no rules at all, and lets everything through."""
    units = Units(host, [])
    others = [unit.partition(".")[0] for unit in OTHERS if units.state(unit) == "enabled"]
    if others:
        raise LabError(f"{' and '.join(others)} makes its rules only when the system runs; look at the running host")
    path = next(filter(host.exists, RULES), None)
    if path is None:
        return Ruleset("", "", RULES[0], f"there is no {RULES[0]}, so a boot loads no packet filter: write one")
    enabled = units.state(UNIT) == "enabled"
    return Ruleset(path, _text(host, path), path, "" if enabled else f"{UNIT} is not enabled, so no boot loads {path}: enable it")


def _text(host, path, seen=()):
    """A file with what it includes, without comments."""
    text = re.sub(r"^\s*#.*|\s#\s.*", "", host.read(path) or "", flags=re.M)
    inner = (
        _text(host, found, (*seen, path))
        for pattern in _INCLUDE.findall(text)
        for found in host.glob(os.path.join("/etc", pattern))
        if found not in (*seen, path)
    )
    return "\n".join([text, *inner])


def named_ports(listing):
    """The ports that a ruleset names, with both ends of each range: {protocol: ports}."""
    entries = json.loads(listing)["nftables"]
    sets = {
        (entry[kind]["table"], entry[kind]["name"]): entry[kind].get("elem", [])
        for entry in entries for kind in ("set", "map") if kind in entry
    }
    found = {"tcp": set(), "udp": set()}
    for rule in (entry["rule"] for entry in entries if "rule" in entry):
        for match in (statement["match"] for statement in rule["expr"] if "match" in statement):
            payload = match["left"].get("payload", {}) if isinstance(match["left"], dict) else {}
            if payload.get("field") == "dport":
                protocols = [payload["protocol"]] if payload["protocol"] in found else list(found)
                for protocol in protocols:
                    found[protocol] |= _numbers(match["right"], rule["table"], sets)
    return {protocol: {port for port in ports if 0 < port < 65536} for protocol, ports in found.items()}


def _numbers(value, table, sets):
    if isinstance(value, bool):
        return set()
    if isinstance(value, int):
        return {value}
    if isinstance(value, str) and value.startswith("@"):
        value = sets.get((table, value[1:]), [])
    if isinstance(value, dict):
        value = list(value.values())
    return {number for item in value for number in _numbers(item, table, sets)} if isinstance(value, list) else set()
