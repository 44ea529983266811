# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the packet filter lets through (nft(8)), as ``{input: drop, loopback: accept}``: only observed.

- A hook such as ``input`` or ``forward``: what the running filter does with a packet that no rule names.
- ``loopback``: ``accept`` when the running filter lets the machine talk to itself.
- ``at_boot``: ``drop`` when the filter that each boot loads drops what comes in and no rule names.
- ``others``: programs that each boot loads a second filter with; the list names what is tolerated.

Which packets a server must accept is the decision of its site, so nothing is written here.
"""

from __future__ import annotations

import json
import re

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import BadSetting, Observation, Observed, unobserved
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.units import Units
from ansible_collections.hygeia.golden.plugins.module_utils.model import result

HOOKS = ("prerouting", "input", "forward", "output", "postrouting", "ingress")
POLICIES = ("drop", "accept")
LISTING = ["nft", "--json", "list", "ruleset"]
RULES = ("/etc/nftables.conf", "/etc/sysconfig/nftables.conf")
UNIT = "nftables.service"
OTHERS = ("ufw.service", "firewalld.service", "netfilter-persistent.service", "iptables.service", "ip6tables.service")
# A chain of the family inet sees the packets of both.
SEES = {"inet": ("ip", "ip6"), "ip": ("ip",), "ip6": ("ip6",)}
IP_VERSIONS = {"ip": "IPv4", "ip6": "IPv6"}

_INCLUDE = re.compile(r'^\s*include\s+"([^"]+)"', re.M)
_DROPS = re.compile(r"\bhook\s+input\b[^}]*?\bpolicy\s+drop\b")


class Nftables(Observed):
    name = "nftables"

    def check(self, wanted):
        for name, value in wanted.items():
            if name == "others" and isinstance(value, list) or name in (*HOOKS, "loopback", "at_boot") and value in POLICIES:
                continue
            raise BadSetting(
                f"nftables: {name}: {value} means nothing; use drop or accept for loopback, at_boot or one of {', '.join(HOOKS)}, or others with a list"
            )

    def look(self, wanted):
        lookers = {"at_boot": self._at_boot, "others": self._others}
        seen = {name: lookers[name]() for name in wanted if name in lookers}
        return {**seen, **self._running([name for name in wanted if name not in lookers])}

    # -- what runs --------------------------------------------------------------

    def _running(self, names):
        """One question for all chains and rules."""
        if not names:
            return {}
        if not self.host.booted:
            return unobserved(names, result.NOT_APPLICABLE, "packets are filtered only where a kernel runs")
        if not self.host.which("nft"):
            return unobserved(names, result.NOT_CHECKED, "the packet filter can only be asked with nft: install nftables")
        ran = self.host.run(LISTING)
        if not ran.ok:
            return unobserved(names, result.ERROR, f"the packet filter cannot be asked: {ran.complaint}")
        listing = json.loads(ran.out)["nftables"]
        chains = [entry["chain"] for entry in listing if "hook" in entry.get("chain", {})]
        rules = [entry["rule"] for entry in listing if "rule" in entry]
        return {name: _loopback(chains, rules) if name == "loopback" else by_default(name, chains, rules) for name in names}

    # -- what boots load ----------------------------------------------------------

    def _at_boot(self):
        if Units(self.host, []).state(UNIT) != "enabled":
            return Observation("accept", UNIT, f"{UNIT} is not enabled, so a boot loads no packet filter")
        place = next(filter(self.host.exists, RULES), RULES[0])
        texts = [text for path in [place, *self._included(place)] for text in [self.host.read(path) or ""]]
        if any(_DROPS.search(re.sub(r"#.*", "", text)) for text in texts):
            return Observation("drop", place)
        return Observation("accept", place, f"no chain of {place} drops packets at the hook input that no rule accepts: give one the policy drop")

    def _included(self, place):
        for pattern in _INCLUDE.findall(self.host.read(place) or ""):
            yield from self.host.glob(pattern if pattern.startswith("/") else f"/etc/{pattern}")

    def _others(self):
        units = Units(self.host, [])
        found = [unit.partition(".")[0] for unit in OTHERS if units.state(unit) == "enabled"]
        return Observation(found, units.source, f"{' and '.join(found)} loads a packet filter of its own at each boot" if found else "")


def _drops(chain, rules):
    """Is a packet lost that no rule of a chain names: by its policy, or as with firewalld by a last rule for all packets?"""
    last = [rule.get("expr", []) for rule in rules if _place(rule, "chain") == _place(chain, "name")][-1:]
    closing = last and all(set(statement) & {"drop", "reject", "counter", "log"} for statement in last[0])
    return chain.get("policy") == "drop" or bool(closing and set(last[0][-1]) & {"drop", "reject"})


def _place(entry, key):
    return entry["family"], entry["table"], entry[key]


def by_default(hook, chains, rules):
    """Drop needs a chain that drops for each version of IP: a packet that one chain drops is lost, whatever others say."""
    dropping = [chain for chain in chains if chain["hook"] == hook and _drops(chain, rules)]
    covered = {family for chain in dropping for family in SEES.get(chain["family"], ())}
    open_to = [IP_VERSIONS[family] for family in IP_VERSIONS if family not in covered]
    names = ", ".join(f"{chain['family']} {chain['table']} {chain['name']}" for chain in dropping)
    if not open_to:
        return Observation("drop", f"nft list ruleset ({names})")
    message = f"no chain at the hook {hook} drops {' and '.join(open_to)} packets that no rule accepts: give one the policy drop"
    return Observation("accept", "nft list ruleset", message)


def _loopback(chains, rules):
    """Each chain that drops what comes in must have a rule that accepts what comes from the machine itself."""
    dropping = [chain for chain in chains if chain["hook"] == "input" and _drops(chain, rules)]
    accepting = {_place(rule, "chain") for rule in rules if _from_loopback(rule.get("expr", []))}
    closed = [chain for chain in dropping if _place(chain, "name") not in accepting]
    told = [f"{chain['family']} {chain['table']} {chain['name']} does not accept what comes from lo" for chain in closed]
    return Observation("drop" if closed else "accept", "nft list ruleset", "; ".join(told))


def _from_loopback(statements):
    """Does a rule look only at the interface and accept what came by lo?"""
    matches = [statement["match"] for statement in statements if "match" in statement]
    return (
        len(matches) == 1
        and matches[0].get("right") == "lo"
        and matches[0].get("left", {}).get("meta", {}).get("key") in ("iif", "iifname")
        and any("accept" in statement for statement in statements)
    )
