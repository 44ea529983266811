# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.flows import ruleset
from ansible_collections.hygeia.golden.plugins.module_utils.flows.netns import NetnsError

UNIT = "[Install]\nWantedBy=sysinit.target\n"


def test_without_a_file_nothing_is_loaded(tree):
    found = ruleset.read(tree())
    assert found.source == "" and "write one" in found.unloaded


def test_a_file_that_no_boot_loads_is_reported(tree):
    found = ruleset.read(tree({"/etc/nftables.conf": "x", "/lib/systemd/system/nftables.service": UNIT}))
    assert found.unloaded == "nftables.service is not enabled, so no boot loads /etc/nftables.conf: enable it"


def test_included_files_belong_to_it_and_comments_do_not(tree):
    found = ruleset.read(
        tree(
            {
                "/etc/nftables.conf": 'include "/etc/nftables.d/*.nft"\n# iif "eth9"\n',
                "/etc/nftables.d/a.nft": 'iif lo accept\niifname != { "ens18", vlan.20 } drop\noif "eth*" accept\n',
            }
        )
    )
    assert found.interfaces == ["ens18", "vlan.20", "eth0"]


def test_a_filter_of_another_program_cannot_be_read(tree):
    host = tree({"/lib/systemd/system/ufw.service": UNIT, "/etc/systemd/system/multi-user.target.wants/ufw.service": ""})
    with pytest.raises(NetnsError, match="ufw makes its rules only when the system runs"):
        ruleset.read(host)


def test_rules_of_iptables_are_not_taken_for_fewer_than_they_are(tree):
    host = tree(answers={"nft": 'table ip filter {\n chain INPUT {\n  # xt match "tcp" drop\n }\n}\n'}, booted=True)
    with pytest.raises(NetnsError, match="iptables"):
        ruleset.read(host)


def test_the_ports_of_rules_and_of_sets_are_found():
    def rule(right, protocol="tcp"):
        match = {"op": "==", "left": {"payload": {"protocol": protocol, "field": "dport"}}, "right": right}
        return {"rule": {"family": "inet", "table": "f", "chain": "c", "expr": [{"match": match}, {"accept": None}]}}

    listing = {
        "nftables": [
            {"set": {"family": "inet", "table": "f", "name": "admin", "elem": [22, {"range": [5900, 5910]}]}},
            rule("@admin"),
            rule({"set": [80, 443]}),
            rule(514, "udp"),
            rule(88, "th"),
        ]
    }
    assert ruleset.named_ports(json.dumps(listing)) == {"tcp": {22, 5900, 5910, 80, 443, 88}, "udp": {514, 88}}
