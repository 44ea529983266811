# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A packet filter with a chain that drops what nothing accepts, and one that accepts it."""

from __future__ import annotations

import json

FILES = {"/usr/sbin/nft": ""}


def pair(name, wanted):
    return _system(name, wanted), _system(name, "accept")


def _system(hook, policy):
    chain = {"family": "inet", "table": "filter", "name": "all", "hook": hook, "policy": policy}
    return {"files": FILES, "answers": {"nft": json.dumps({"nftables": [{"metainfo": {"version": "1.0.9"}}, {"chain": chain}]})}}
