# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.flows.findings import found
from ansible_collections.hygeia.golden.plugins.module_utils.flows.ruleset import Ruleset

HOOKS = ("input", "forward", "output")
NOTED = [{"limit": {}}, {"log": None}, {"counter": {}}, {"drop": None}]
STATEFUL = [{"match": {"left": {"ct": {"key": "state"}}, "right": "established"}}, {"accept": None}]


def listing(rules=(), family="inet", policy="drop"):
    chains = [{"chain": {"family": family, "table": "f", "name": hook, "hook": hook, "policy": policy}} for hook in HOOKS]
    lines = [{"rule": {"family": family, "table": "f", "chain": chain, "expr": expr}} for chain, expr in rules]
    return json.dumps({"nftables": chains + lines})


@pytest.mark.parametrize(
    "text, wrong",
    [
        (listing([("input", STATEFUL), ("denied", NOTED)]), []),
        (listing([("input", [{"counter": {}}, {"accept": None}]), ("denied", NOTED)]), ["segment-default-drop", "segment-no-accept-any"]),
        (listing([("from-imaging", [{"accept": None}]), ("denied", NOTED)]), []),
        (listing([("denied", NOTED)], family="ip"), ["segment-default-drop"]),
        (listing([("denied", [{"counter": {}}, {"drop": None}])]), ["segment-drops-logged"]),
        (listing([("input", [{"log": None}])]), ["segment-drops-counted"]),
        (listing([("input", [{"log": None}, {"counter": {}}, *STATEFUL])]), ["segment-drops-logged", "segment-drops-counted"]),
    ],
)
def test_what_packets_cannot_show(text, wrong):
    messages = found(Ruleset("", "", ""), text)
    assert [name for name, message in messages.items() if message] == wrong


def test_a_filter_for_one_version_only_is_reported_by_the_other():
    messages = found(Ruleset("", "", ""), listing([("denied", NOTED)], family="ip"))
    assert "no chain at the hook input drops IPv6 packets" in messages["segment-default-drop"]
