# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.waivers import find


def waiver(until, control="a", hosts="*", reason="because"):
    return {"control": control, "hosts": hosts, "reason": reason, "approver": "ciso", "until": until}


@pytest.mark.parametrize(("today", "expired"), [("2026-06-29", False), ("2026-06-30", False), ("2026-07-01", True)])
def test_a_waiver_holds_until_its_last_day_is_over(today, expired):
    found = find([waiver("2026-06-30")], "a", "pacs-1", today)
    assert found == {"reason": "because", "approver": "ciso", "until": "2026-06-30", "expired": expired}


@pytest.mark.parametrize(("control", "host"), [("b", "pacs-1"), ("a", "ris-1"), ("a", "PACS-1")])
def test_a_waiver_covers_its_control_on_its_hosts_alone(control, host):
    assert find([waiver("2026-06-30", hosts="pacs-*")], control, host, "2026-01-01") is None


def test_of_several_waivers_the_one_that_holds_longest_counts():
    waivers = [waiver("2026-06-30"), waiver("2027-06-30", reason="renewed"), waiver("2025-06-30")]
    assert find(waivers, "a", "pacs-1", "2026-12-01")["reason"] == "renewed"
