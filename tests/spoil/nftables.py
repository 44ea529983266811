# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A packet filter with a chain that drops what nothing accepts, and one that accepts it; a boot that loads one, or two."""

from __future__ import annotations

import json

NFT = {"/usr/sbin/nft": ""}


def pair(name, wanted):
    return {
        "loopback": (_runs("input", "drop", loopback=True), _runs("input", "drop")),
        "at_boot": (_boots("drop", "nftables.service"), _boots("accept", "nftables.service")),
        "others": (_boots("drop", "nftables.service"), _boots("drop", "nftables.service", "ufw.service")),
    }.get(name) or (_runs(name, wanted), _runs(name, "accept"))


def _runs(hook, policy, loopback=False):
    chain = {"family": "inet", "table": "filter", "name": "all", "hook": hook, "policy": policy}
    match = {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "lo"}}
    rule = {"family": "inet", "table": "filter", "chain": "all", "expr": [match, {"accept": None}]}
    listing = [{"metainfo": {"version": "1.0.9"}}, {"chain": chain}, *([{"rule": rule}] if loopback else [])]
    return {"files": NFT, "answers": {"nft": json.dumps({"nftables": listing})}}


def _boots(policy, *units):
    rules = f"table inet filter {{ chain input {{ type filter hook input priority 0; policy {policy}; }} }}\n"
    answers = {"systemctl": "".join(f"{unit} enabled enabled\n" for unit in units)}
    return {"files": {"/etc/nftables.conf": rules}, "answers": answers}
