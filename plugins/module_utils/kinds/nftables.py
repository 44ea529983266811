# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the running packet filter does with a packet that no rule names, as ``{input: drop}`` (nft(8)): only observed.

Which packets a server must accept is the decision of its site, so nothing is written here.
"""

from __future__ import annotations

import json

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import BadSetting, Kind, Observation, Plan, unobserved
from ansible_collections.hygeia.golden.plugins.module_utils.model import result

HOOKS = ("prerouting", "input", "forward", "output", "postrouting", "ingress")
LISTING = ["nft", "--json", "list", "chains"]
# A chain of the family inet sees the packets of both.
SEES = {"inet": ("ip", "ip6"), "ip": ("ip",), "ip6": ("ip6",)}
IP_VERSIONS = {"ip": "IPv4", "ip6": "IPv6"}


class Nftables(Kind):
    name = "nftables"

    def absent(self):
        return "" if self.host.booted else "packets are filtered only where a kernel runs"

    def plan(self, wanted, partial=False):
        self._check(wanted)
        return Plan()

    def observe(self, wanted):
        self._check(wanted)
        if not self.host.which("nft"):
            return unobserved(wanted, result.NOT_CHECKED, "the packet filter can only be asked with nft: install nftables")
        ran = self.host.run(LISTING)
        if not ran.ok:
            return unobserved(wanted, result.ERROR, f"the packet filter cannot be asked: {ran.complaint}")
        chains = [entry["chain"] for entry in json.loads(ran.out)["nftables"] if "hook" in entry.get("chain", {})]
        return {hook: _observation(hook, chains) for hook in wanted}

    def _check(self, wanted):
        for hook, policy in wanted.items():
            if hook not in HOOKS or policy not in ("drop", "accept"):
                raise BadSetting(f"nftables: {hook}: {policy} is no policy of a hook; use drop or accept for one of {', '.join(HOOKS)}")


def _observation(hook, chains):
    """Drop needs a chain that drops for each version of IP: a packet that one chain drops is lost, whatever others say."""
    dropping = [chain for chain in chains if chain["hook"] == hook and chain.get("policy") == "drop"]
    covered = {family for chain in dropping for family in SEES.get(chain["family"], ())}
    open_to = [IP_VERSIONS[family] for family in IP_VERSIONS if family not in covered]
    names = ", ".join(f"{chain['family']} {chain['table']} {chain['name']}" for chain in dropping)
    if not open_to:
        return Observation("drop", f"nft list chains ({names})")
    message = f"no chain at the hook {hook} drops {' and '.join(open_to)} packets that no rule accepts: give one the policy drop"
    return Observation("accept", "nft list chains", message)
