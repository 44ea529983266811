# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who moves when, and what a plan says that it does not know."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.filter.migration_waves import migration_waves
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration import days, plan

# A Saturday.
START = "2027-01-09"


@pytest.fixture
def planned(inventory, policy):
    """The waves of these machines, flows and decisions."""

    def make(machines, flows=(), dependencies=None, **waves):
        given = policy(waves={"start": START, "weekdays": ["sat"], **waves}, **({"dependencies": dependencies} if dependencies else {}))
        return plan.waves(inventory(machines, flows), given)

    return make


def order(found):
    return [(wave["day"], wave["phase"], wave["groups"]) for wave in found["waves"]]


def test_pilot_services_complexity_and_core_records_last(planned):
    machines = {
        "test": {"tier": 4},
        "dc1": {"tier": 2},
        "a": {"tier": 3, "application": "Lab"},
        "b": {"tier": 1, "application": "EHR"},
        "c": {"tier": 1, "application": "PACS"},
    }
    flows = [f"{name} dc1 389" for name in "abc"]
    found = planned(machines, flows, pilot={"most_machines": 1}, last=["EHR"])
    assert order(found) == [
        ("2027-01-09", "pilot", ["test"]),
        ("2027-01-16", "services", ["dc1"]),
        ("2027-01-23", "main", ["Lab", "PACS"]),
        ("2027-01-30", "last", ["EHR"]),
    ]
    assert found["waves"][3]["risks"] == ["Care depends on EHR (tier 1)."] and found["unscheduled"] == []


def test_a_pilot_can_be_named_and_services_can_stay(planned):
    machines = {"a": {}, "b": {}, "dc1": {}, **{f"c{at}": {"tier": 2} for at in range(3)}}
    found = planned(machines, [f"c{at} dc1 53" for at in range(3)], pilot={"machines": ["b"]}, services="stay")
    assert order(found)[0][1:] == ("pilot", ["b"]) and found["stay"] == ["dc1"]
    assert all("dc1" not in wave["groups"] for wave in found["waves"])


def test_one_application_of_tier_1_a_wave(planned):
    machines = {name: {"tier": 1, "application": name} for name in ("A", "B", "C")}
    assert [wave["groups"] for wave in planned(machines)["waves"]] == [["A"], ["B"], ["C"]]
    assert [wave["groups"] for wave in planned(machines, most_tier_1=2)["waves"]] == [["A", "B"], ["C"]]


def test_capacity_of_a_wave_in_machines_and_gib(planned):
    machines = {f"m{at}": {"tier": 2, "in_use_mib": 1024.0 * 100} for at in range(4)}
    assert [wave["gib"] for wave in planned(machines, most_gib=250)["waves"]] == [200, 200]
    assert [len(wave["machines"]) for wave in planned(machines, most_machines=3)["waves"]] == [3, 1]
    large = planned({"m": {"tier": 2, "in_use_mib": 1024.0 * 300}}, most_gib=250)["waves"][0]
    assert large["gib"] == 300 and any("larger than a wave may be" in risk for risk in large["risks"])


def test_freezes_windows_and_the_end(planned):
    freeze = [{"from": "2027-01-05", "to": "2027-01-20", "reason": "Upgrade of the EHR"}]
    assert planned({"m": {"tier": 2}}, freeze=freeze)["waves"][0]["day"] == "2027-01-23"
    found = planned({"m": {"tier": 2, "window": "Sundays 02:00-06:00"}}, weekdays=["sat", "sun"])
    assert found["waves"][0]["day"] == "2027-01-10"
    found = planned({"m": {"tier": 2, "window": "Tue nights"}})
    assert found["waves"] == [] and found["unscheduled"][0]["reasons"] == [
        "No day fits its windows (Tue nights) and the weekdays of the plan: change one of them."
    ]
    found = planned({f"m{at}": {"tier": 2} for at in range(3)}, most_machines=1, end="2027-01-16")
    assert len(found["waves"]) == 2 and "No day is left for it before 2027-01-16" in found["unscheduled"][0]["reasons"][0]


def test_vendors_sign_off_and_nothing_is_invented(planned):
    machines = {"a": {"tier": 2, "vendor": "Imago"}, "b": {"tier": 2, "vendor": "Acme"}, "c": {"tier": None}}
    found = planned(machines, vendors=[{"name": "imago", "signed_off": "2027-02-01"}, {"name": "Acme"}])
    assert order(found) == [("2027-02-06", "main", ["a"])]
    reasons = {each["group"]: each["reasons"] for each in found["unscheduled"]}
    assert reasons["b"] == ["Acme has not signed off: enter the day under waves, vendors."]
    assert reasons["c"] == ["How much care depends on it is not known: add the clinical tier of one of its machines."]


def test_dependencies_that_cross_waves_name_their_consequences(planned):
    machines = {"web": {"tier": 2}, "db": {"tier": 2}}
    found = planned(machines, ["web db 5432"], most_machines=1, dependencies={"largest_group": 2, "services": []})
    # Two machines fit one group; larger than a wave, they still move together.
    assert [wave["groups"] for wave in found["waves"]] == [["db"]] and found["crossing"] == []
    three = {**machines, "report": {"tier": 2}}
    found = planned(three, ["web db 5432", "report db 5432"], most_machines=2, dependencies={"largest_group": 2})
    (crossing,) = found["crossing"]
    assert (crossing["port"], crossing["days"]) == (5432, 7) and set(crossing["consequences"]) == {"firewall", "latency"}
    assert crossing["consequences"]["firewall"].startswith("tcp 5432 has to be open between both platforms, from ")
    assert [wave["crossing"] for wave in found["waves"]] == [1, 1]


def test_what_is_blocked_or_unknown_is_a_risk_of_its_wave(planned):
    found = planned({"a": {"tier": 2, "passthrough": True}, "b": {"tier": 2, "passthrough": None}})
    risks = [risk for wave in found["waves"] for risk in wave["risks"]]
    assert risks == ["1 machine cannot move as it is.", "Of 1 machine something is not known yet."]


def test_what_is_retired_is_in_no_wave(planned):
    found = planned({"a": {"power": "off", "powered_off_since": "2026-01-01"}, "b": {"tier": 2}})
    assert found["retired"] == ["a"] and [wave["machines"] for wave in found["waves"]] == [["b"]]


def test_waves_of_the_inventory_are_kept_beside(planned):
    assert planned({"a": {"tier": 2, "wave": "wave-2"}})["groups"]["a"]["said"] == ["wave-2"]


@pytest.mark.parametrize(
    ("window", "weekdays"),
    [
        ("Sat 22:00-04:00", {"sat"}),
        ("Mon-Wed", {"mon", "tue", "wed"}),
        ("Fri to Mon 20:00", {"fri", "sat", "sun", "mon"}),
        ("weekends", {"sat", "sun"}),
        ("Saturdays, Sundays", {"sat", "sun"}),
        ("Thursday or Tuesday", {"tue", "thu"}),
        ("22:00-04:00", set()),
        ("the satellite", set()),
    ],
)
def test_weekdays_of_windows(window, weekdays):
    assert days.weekdays_of(window) == weekdays


def test_the_filter(inventory):
    assert migration_waves(inventory({"a": {"tier": 2}}), {"waves": {"start": START}})["waves"][0]["day"] == START
