# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the packet filter lets through (nft(8)), as ``{input: drop, loopback: accept}``: only observed.

- A hook such as ``input`` or ``forward``: what the filter does with a packet that no rule names.
- ``loopback``: ``accept`` when the filter drops what comes in, and lets the machine talk to itself.
- ``at_boot``: ``drop`` when the filter that each boot loads drops what comes in and no rule names.
- ``others``: programs that each boot loads a second filter with; the list names what is tolerated.

On a running host the first two are those of the filter that runs, else of the one that boots load. What a file comes
to is asked of nft itself, in a network of its own.

Which packets a server must accept is the decision of its site, so nothing is written here.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.flows import netns, ruleset
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation, Observations, Observed
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings
from ansible_collections.hygeia.golden.plugins.module_utils.system.units import Units
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting

HOOKS = ("prerouting", "input", "forward", "output", "postrouting", "ingress")
POLICIES = ("drop", "accept")
LISTING = ["nft", "--json", "list", "ruleset"]
# A chain of the family inet sees the packets of both.
SEES = {"inet": ("ip", "ip6"), "ip": ("ip",), "ip6": ("ip6",)}
IP_VERSIONS = {"ip": "IPv4", "ip6": "IPv6"}
# What nft says where the kernel, and not the ruleset, is in the way.
KERNELS = ("Operation not supported", "Operation not permitted", "Protocol not supported", "Address family not supported")
# What a rule for all packets has besides its verdict.
_UNCONDITIONAL = {"accept", "drop", "reject", "counter", "log", "jump", "goto", "return"}


# A chain, a rule or a statement in nft's JSON (libnftables-json(5)).
_Object = dict[str, Any]


@dataclass(frozen=True)
class Filter:
    """A packet filter as nft lists it: its chains at hooks, all rules by their chain, and where it was read."""

    chains: tuple[_Object, ...]
    rules: tuple[_Object, ...]
    read_from: str
    why: str = ""

    @classmethod
    def of(cls, listing: str, read_from: str) -> Filter:
        entries = json.loads(listing)["nftables"]
        chains = tuple(entry["chain"] for entry in entries if "hook" in entry.get("chain", {}))
        return cls(chains, tuple(entry["rule"] for entry in entries if "rule" in entry), read_from)


class Nftables(Observed):
    name = "nftables"

    def check(self, wanted: Settings) -> None:
        for name, value in wanted.items():
            if (name == "others" and isinstance(value, list)) or (name in (*HOOKS, "loopback", "at_boot") and value in POLICIES):
                continue
            raise BadSetting(
                f"nftables: {name}: {value} means nothing; use drop or accept for loopback, at_boot or one of {', '.join(HOOKS)}, or others with a list"
            )

    def inspect(self, wanted: Settings) -> Observations:
        return {name: self._others() if name == "others" else self._filtered(name) for name in wanted}

    def _filtered(self, name: str) -> Observation:
        others = [] if self.host.booted or name == "at_boot" else ruleset.others(self.host)
        if others:
            why = f"{' and '.join(others)} makes its packet filter only when the system runs"
            return Observation(status=result.NOT_CHECKED, message=why)
        try:
            found = self._running if self.host.booted and name != "at_boot" else self._booting
        except (netns.NetnsError, OSError) as problem:
            return Observation(status=result.NOT_CHECKED, message=f"the packet filter was not tried: {problem}")
        if isinstance(found, Observation):
            return found
        if name == "loopback":
            return _loopback(found)
        return by_default("input" if name == "at_boot" else name, found)

    # -- what runs --------------------------------------------------------------

    @cached_property
    def _running(self) -> Observation | Filter:
        """The filter of the running kernel."""
        if not self.host.which("nft"):
            return Observation(status=result.NOT_CHECKED, message="the packet filter can only be asked with nft: install nftables")
        ran = self.host.run(LISTING)
        if not ran.ok:
            return Observation(status=result.ERROR, message=f"the packet filter cannot be asked: {ran.error}")
        return Filter.of(ran.out, "nft list ruleset")

    # -- what boots load ----------------------------------------------------------

    @cached_property
    def _booting(self) -> Filter:
        """The filter that a boot loads: nft reads its file in a network that nobody else has."""
        stored = ruleset.at_boot(self.host)
        if stored.unloaded or not self.host.which("nft"):
            return Filter((), (), stored.read_from, stored.unloaded or "nft is not installed, so a boot loads no packet filter")
        try:
            with netns.alone(self.host, stored.interfaces) as guest:
                return Filter.of(netns.load(self.host, guest, stored.source), stored.read_from)
        except netns.Unloadable as problem:
            if any(words in str(problem) for words in KERNELS):
                raise
            return Filter((), (), stored.read_from, f"no boot loads it, because {problem}")

    def _others(self) -> Observation:
        units = Units(self.host, [])
        found = ruleset.others(self.host, units)
        return Observation(found, units.source, f"{' and '.join(found)} loads a packet filter of its own at each boot" if found else "")


def _place(entry: _Object, key: str) -> tuple[str, str, str]:
    return entry["family"], entry["table"], entry[key]


def _drops(chain: _Object, rules: tuple[_Object, ...]) -> bool:
    """Is a packet lost that no rule of a chain names: by its policy, or as with firewalld by a rule for all packets?"""
    return (_verdict(_place(chain, "name"), rules) or chain.get("policy")) == "drop"


def _verdict(chain: tuple[str, str, str], rules: tuple[_Object, ...], depth: int = 16) -> str:
    """What a chain does with every packet that gets to the rule for all packets, the first that decides; else nothing."""
    for rule in rules if depth else ():
        statements = rule.get("expr", [])
        if _place(rule, "chain") != chain or not statements or any(set(one) - _UNCONDITIONAL for one in statements):
            continue
        last, value = next(iter(statements[-1].items()))
        if last in ("accept", "drop", "reject"):
            return "accept" if last == "accept" else "drop"
        decided = _verdict((*chain[:2], value["target"]), rules, depth - 1) if last in ("jump", "goto") else ""
        if decided or last in ("goto", "return"):
            return decided
    return ""


def by_default(hook: str, found: Filter) -> Observation:
    """Drop needs a chain that drops for each version of IP: a packet that one chain drops is lost, whatever others say."""
    filtering = [chain for chain in found.chains if chain["hook"] == hook and chain.get("type", "filter") == "filter"]
    dropping = [chain for chain in filtering if _drops(chain, found.rules)]
    covered = {family for chain in dropping for family in SEES.get(chain["family"], ())}
    open_to = [IP_VERSIONS[family] for family in IP_VERSIONS if family not in covered]
    names = ", ".join(f"{chain['family']} {chain['table']} {chain['name']}" for chain in dropping)
    if not open_to:
        return Observation("drop", f"{found.read_from} ({names})")
    message = f"no chain at the hook {hook} drops {' and '.join(open_to)} packets that no rule accepts: give one the policy drop"
    return Observation("accept", found.read_from, found.why or message)


def _loopback(found: Filter) -> Observation:
    """Each chain that drops what comes in must have a rule that accepts what comes from the machine itself."""
    dropping = [chain for chain in found.chains if chain["hook"] == "input" and _drops(chain, found.rules)]
    if not dropping:
        return Observation("no filter", found.read_from, found.why or "no chain drops what comes in, so there is no packet filter")
    accepting = {_place(rule, "chain") for rule in found.rules if _from_loopback(rule.get("expr", []))}
    closed = [chain for chain in dropping if _place(chain, "name") not in accepting]
    problems = [f"{chain['family']} {chain['table']} {chain['name']} does not accept what comes from lo" for chain in closed]
    return Observation("drop" if closed else "accept", found.read_from, "; ".join(problems))


def _from_loopback(statements: list[_Object]) -> bool:
    """Does a rule look only at the interface and accept what came by lo?"""
    matches = [statement["match"] for statement in statements if "match" in statement]
    return (
        len(matches) == 1
        and matches[0].get("right") == "lo"
        and matches[0].get("left", {}).get("meta", {}).get("key") in ("iif", "iifname")
        and any("accept" in statement for statement in statements)
    )
