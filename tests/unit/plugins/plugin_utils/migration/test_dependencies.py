# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.filter.migration_dependencies import migration_dependencies
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.dependencies import dependencies

NAMES = ("web", "db", "pacs", "viewer", "dc1", "backup")
# A small clinic: two applications, a directory that all ask, and a backup server that asks all.
CLINIC = [
    "web db 5432",
    "viewer pacs 11112",
    *(f"{name} dc1 {port}" for name in NAMES for port in ("389", "udp/53") if name != "dc1"),
    *(f"backup {name} 6162" for name in NAMES if name != "backup"),
]


def groups(found):
    return {group["name"]: group["machines"] for group in found["groups"]}


def test_shared_services_do_not_join_what_asks_them(inventory, policy):
    found = dependencies(inventory(dict.fromkeys(NAMES, {}), CLINIC), policy(dependencies={"fan_in": 4}))
    assert groups(found) == {"db": ["db", "web"], "pacs": ["pacs", "viewer"], "dc1": ["dc1"], "backup": ["backup"]}
    services = {service["name"]: service for service in found["services"]}
    assert services["directory"]["machines"] == ["dc1"] and services["directory"]["clients"] == 5
    assert services["directory"]["how"] == "port 389, 5 clients"
    assert services["backup asks all, backup"]["how"] == "asks 5 machines"
    assert {edge["sort"] for edge in found["edges"]} == {"inside", "shared"} and found["silent"] == []


def test_without_the_thresholds_all_would_be_one_lump(inventory, policy):
    rare = [text.replace(" 389", " 9999").replace("udp/53", "9998").replace("6162", "9997") for text in CLINIC]
    found = dependencies(inventory(dict.fromkeys(NAMES, {}), rare), policy())
    assert list(groups(found).values()) == [sorted(NAMES)]


def test_a_service_can_be_named_by_the_site(inventory, policy):
    flows = ["web gateway 6661", "pacs gateway 6661"]
    services = [{"name": "messages", "machines": ["gate*"], "ports": [6661]}]
    found = dependencies(inventory(dict.fromkeys(("web", "pacs", "gateway"), {}), flows), policy(dependencies={"services": services}))
    assert len(found["groups"]) == 3 and found["services"][0]["how"] == "named by the site"


def test_an_application_moves_together_and_names_its_group(inventory, policy):
    machines = {"a": {"application": "EHR", "tier": 2}, "b": {"application": "ehr", "tier": 1, "vendor": "Acme"}, "c": {}}
    (ehr, other) = dependencies(inventory(machines), policy())["groups"]
    assert (ehr["name"], ehr["machines"], ehr["tier"], ehr["vendors"]) == ("EHR", ["a", "b"], 1, ["Acme"])
    assert other["machines"] == ["c"]


def test_two_applications_stay_apart_and_share_what_belongs_to_none(inventory, policy):
    machines = {"a": {"application": "EHR"}, "b": {"application": "PACS"}, "c": {}}
    found = dependencies(inventory(machines, ["a b 443", "c a 8080", "c b 8080"]), policy())
    assert sorted(groups(found).values()) == [["a", "c"], ["b"]] and found["parted"] == []
    assert {(edge["source"], edge["destination"]) for edge in found["edges"] if edge["sort"] == "between"} == {("EHR", "PACS")}


def test_what_the_site_says_moves_together(inventory, policy):
    rules = {"together": [{"name": "night batch", "machines": ["a", "c"]}]}
    assert groups(dependencies(inventory(dict.fromkeys("abc", {})), policy(dependencies=rules)))["night batch"] == ["a", "c"]


def test_no_group_grows_beyond_the_limit_and_the_closest_stay_together(inventory, policy):
    """A hub that five pairs talk to; each pair has a dependency of its own."""
    pairs = [(f"app{number}", f"db{number}") for number in range(5)]
    machines = dict.fromkeys(["hub", *(name for pair in pairs for name in pair)], {})
    flows = [f"{app} {db} 1433" for app, db in pairs] + [f"{app} hub 6661" for app, _db in pairs]
    found = dependencies(inventory(machines, flows), policy(dependencies={"largest_group": 4}))
    assert all(any({app, db} <= set(group["machines"]) for group in found["groups"]) for app, db in pairs)
    assert max(len(group["machines"]) for group in found["groups"]) <= 4
    assert {(flow["destination"], flow["port"]) for flow in found["parted"]} == {("hub", 6661)} and len(found["parted"]) == 4
    crossing = [edge for edge in found["edges"] if edge["sort"] == "between"]
    assert len(crossing) == 4


def test_machines_without_flows_are_named(inventory, policy):
    assert dependencies(inventory({"a": {}, "b": {}, "c": {}}, ["a b 80"]), policy())["silent"] == ["c"]


def test_the_order_of_what_is_given_changes_nothing(inventory, policy):
    one = dependencies(inventory(dict.fromkeys(NAMES, {}), CLINIC), policy())
    assert one == dependencies(inventory(dict.fromkeys(NAMES, {}), CLINIC[::-1]), policy())


def test_the_filter_refuses_other_data_and_policies(inventory):
    assert migration_dependencies(inventory({"a": {}}))["silent"] == ["a"]
    with pytest.raises(AnsibleFilterError, match="this is no inventory"):
        migration_dependencies({"x": 1})
    with pytest.raises(AnsibleFilterError, match="policy: dependencies: fan_in is 1; write from how many clients"):
        migration_dependencies(inventory({"a": {}}), {"dependencies": {"fan_in": 1}})
