# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A packet filter with a chain that drops what nothing accepts, and one that accepts it; a boot that loads one, or two."""

from __future__ import annotations

import json

UNIT = "nftables.service"
FILES = {"/usr/sbin/nft": "", "/etc/nftables.conf": "# asked of nft\n"}


def pair(name, wanted):
    return {
        "loopback": (_filters("input", "drop", loopback=True), _filters("input", "drop")),
        "at_boot": (_filters("input", "drop"), _filters("input", "accept")),
        "others": (_filters("input", "drop"), _filters("input", "drop", others=("ufw.service",))),
    }.get(name) or (_filters(name, wanted), _filters(name, "accept"))


def _filters(hook, policy, loopback=False, others=()):
    """What runs, and what a boot loads, is the same here: nft has one answer."""
    chain = {"family": "inet", "table": "filter", "name": "all", "hook": hook, "policy": policy}
    match = {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "lo"}}
    rule = {"family": "inet", "table": "filter", "chain": "all", "expr": [match, {"accept": None}]}
    listing = [{"metainfo": {"version": "1.0.9"}}, {"chain": chain}, *([{"rule": rule}] if loopback else [])]
    units = "".join(f"{unit} enabled enabled\n" for unit in (UNIT, *others))
    return {"files": FILES, "answers": {"nft": json.dumps({"nftables": listing}), "systemctl": units}}
