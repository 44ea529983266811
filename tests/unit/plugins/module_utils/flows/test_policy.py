# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.flows.plan import planned
from ansible_collections.hygeia.golden.plugins.module_utils.flows.policy import Policy

DATA = {
    "zones": {
        "clinical": {"networks": ["10.20.0.0/16", "fd00:20::/48"]},
        "imaging": {"networks": ["10.20.30.0/24"]},
        "internet": {"networks": ["0.0.0.0/0"]},
    },
    "flows": [
        {"source": ["clinical", "internet"], "destination": "imaging", "protocol": "tcp", "ports": [104, "8000-8100"], "reason": "x"}
    ],
}


@pytest.fixture
def policy():
    return Policy(DATA)


@pytest.mark.parametrize(
    "address, zone",
    [
        ("10.20.1.1", "clinical"),
        ("10.20.30.1", "imaging"),
        ("192.0.2.1", "internet"),
        ("fd00:20::5", "clinical"),
        ("fd00:21::5", "elsewhere"),
    ],
)
def test_an_address_is_in_the_smallest_network_that_has_it(policy, address, zone):
    assert policy.zone_of(address) == zone


def test_each_network_has_a_peer_in_none_smaller_and_there_is_one_in_no_zone(policy):
    peers = policy.peers(taken=["10.20.0.1"])
    assert sorted(peers.values()) == ["clinical", "clinical", "elsewhere", "imaging", "internet"]
    assert "10.20.0.1" not in peers and all(policy.zone_of(address) == zone for address, zone in peers.items())


def test_a_network_that_smaller_ones_fill_has_no_peer():
    full = Policy({"zones": {"a": {"networks": ["10.0.0.0/30"]}, "b": {"networks": ["10.0.0.0/31", "10.0.0.2/31"]}}, "flows": []})
    assert "a" not in full.peers().values()


def test_a_range_is_tried_at_its_ends_and_beside_them(policy):
    assert policy.ports("tcp") == {104, 7999, 8000, 8100, 8101} and policy.ports("udp") == set()


def test_a_flow_is_expected_as_the_policy_has_it(policy):
    flows = planned(policy, "imaging", ["10.20.30.9"], policy.peers(["10.20.30.9"]), {"tcp": {104, 8101}, "udp": {104}})
    allowed = {(flow.direction, flow.zone, flow.protocol, flow.port) for flow in flows if flow.expected}
    assert allowed == {("in", "clinical", "tcp", 104), ("in", "internet", "tcp", 104)}
    assert {flow.version for flow in flows} == {4} and len(flows) == 3 * 2 * 3
