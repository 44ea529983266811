# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.flows import records
from ansible_collections.hygeia.golden.plugins.module_utils.flows.plan import Flow
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.checks import covered
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import failing, joined


def flow(port, expected=False, direction="in", zone="guest"):
    return Flow(direction, zone, "10.30.0.1", "172.20.0.1", "tcp", port, expected)


def test_one_record_names_the_wrong_flows_of_a_zone_together():
    flows = [flow(22), flow(23), flow(443, expected=True), flow(80)]
    (found,) = records.of_flows(["guest"], flows, ["allowed", "allowed", "dropped", "rejected"], "offline", "here")
    assert found["control"] == "segment-in-guest" and found["status"] == "fail"
    assert found["message"] == (
        "tcp 22, 23 over IPv4 from 172.20.0.1 to 10.30.0.1 are allowed, and the policy does not allow it; "
        "tcp 443 over IPv4 from 172.20.0.1 to 10.30.0.1 is dropped, and the policy allows it"
    )
    assert found["expected"]["of these allowed"] == 1 and found["observed"]["of these allowed"] == 2


def test_a_zone_has_a_record_for_each_direction_and_those_outside_come_last():
    flows = [flow(22, zone="elsewhere"), flow(22, direction="out"), flow(22)]
    found = records.of_flows(["guest"], flows, ["dropped"] * 3, "offline", "here")
    assert [record["control"] for record in found] == ["segment-in-guest", "segment-out-guest", "segment-in-elsewhere"]


def test_they_pass_through_the_gate_like_those_of_an_audit():
    results = records.of_findings({"segment-loaded": "no", "segment-drops-counted": ""}, "offline", "x") + records.unloadable(
        "no", "offline", "x"
    )
    final = joined(results + records.unjudged("why", "offline", "x"), Catalogue().checks.values(), "pacs")
    assert [record["status"] for record in final] == ["fail", "pass", "fail", "not_checked"]
    assert [record["control"] for record in failing(final, "high")] == ["segment-loaded", "segment-loaded"]


def test_what_is_wrong_with_one_zone_can_be_waived():
    catalogue = Catalogue()
    waiver = {"control": "segment-in-guest", "hosts": "pacs", "reason": "r", "approver": "ciso", "until": "2026-12-31"}
    assert catalogue.add_waivers([waiver], ["here"]) == []
    flows = [flow(22), flow(22, zone="elsewhere")]
    results = records.of_flows(["guest"], flows, ["allowed", "allowed"], "offline", "here")
    final = joined(results, covered(catalogue, "pacs", "2026-12-01"), "pacs")
    assert [(record["title"], record["status"]) for record in final] == [
        ("Only flows of the policy come in from guest", "waived"),
        ("Only flows of the policy come in from elsewhere", "fail"),
    ]
    assert final[0]["references"]["hipaa"] == ["164.308(a)(1)(ii)(B)", "164.312(e)(1)"]
