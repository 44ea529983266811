# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A plan from hosts themselves: what workload_info returned is read, merged and analysed."""

from __future__ import annotations

import copy
import json
from datetime import datetime, timezone

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.hygeia.golden.plugins.filter.workloads_merged import workloads_merged
from ansible_collections.hygeia.golden.plugins.module_utils.workload.collect import Workload
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.dependencies import dependencies
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.notes import Unusable
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.read import inventory
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.policy import complete
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.segmentation import draft
from ansible_collections.hygeia.golden.tests.unit.conftest import TreeHost
from ansible_collections.hygeia.golden.tests.unit.procfs import process, socket
from migration_files import TODAY, rvtools

UUID = "4c4c4544-0042-4a10-8051-b2c04f4e3131"


def look_at(root, name, address, table, program, observed="2026-11-29T02:00:00+00:00", **files):
    """What the module returns of a host with this name, address and connections."""
    for path, text in {"proc/sys/kernel/hostname": name, **files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    host = TreeHost(root, answers={"ip": json.dumps([{"ifname": "ens3", "addr_info": [{"local": address, "scope": "global"}]}])})
    process(host, "self", "/usr/bin/python3", net={"tcp": table})
    process(host, 80, program, sockets=range(11, 11 + len(table)))
    look = Workload(host, now=datetime.fromisoformat(observed).astimezone(timezone.utc))
    return {"workload": look.collect(), "results": look.records}


@pytest.fixture
def clinic(tmp_path):
    """An EHR and its database, each looked at once."""
    web = look_at(
        tmp_path / "web",
        "ehr-web",
        "10.0.0.5",
        [socket(11, "connected", "10.0.0.5:41000", "10.0.0.7:5432")],
        "/usr/bin/java",
        **{"etc/resolv.conf": "nameserver 10.0.0.53\n", "proc/mounts": "nas:/forms /srv/forms nfs4 rw 0 0\n"},
    )
    table = [socket(11, "listening", "0.0.0.0:5432"), socket(12, "connected", "10.0.0.7:5432", "10.0.0.5:41000")]
    return [web, look_at(tmp_path / "db", "ehr-db", "10.0.0.7", table, "/usr/lib/postgresql/15/bin/postgres")]


def written(tmp_path, answers):
    directory = tmp_path / "workloads"
    directory.mkdir()
    for number, answer in enumerate(answers):
        (directory / f"{number}.json").write_text(json.dumps(answer))
    return {"kind": "workload", "path": str(directory)}


def test_hosts_that_talk_to_each_other_move_together(clinic, tmp_path):
    found = inventory([written(tmp_path, clinic)], TODAY)
    assert [each["name"] for each in found["machines"]] == ["ehr-db", "ehr-web"]
    assert found["machines"][0]["attributes"] == {"services": "PostgreSQL"}
    flow = next(each for each in found["flows"] if each["port"] == 5432)
    assert (flow["source"], flow["destination"]) == (found["machines"][1]["id"], found["machines"][0]["id"])
    (group,) = dependencies(found, complete({}, "policy"))["groups"]
    assert group["machines"] == ["host:ehr-db", "host:ehr-web"]


def test_what_the_configuration_names_is_a_dependency_too(clinic):
    found = inventory([{"kind": "workload", "data": clinic}], TODAY)
    named = {(each["destination"], each["protocol"], each["port"]) for each in found["flows"] if each["process"] == "configuration"}
    assert named == {("10.0.0.53", "udp", 53), ("nas", "tcp", 2049)}


def test_what_was_only_named_is_not_said_to_be_observed(clinic):
    clinic[0]["workload"]["flows"] = []
    found = inventory([{"kind": "workload", "data": clinic[:1]}], TODAY)
    policy = complete({}, "policy")
    assert dependencies(found, policy)["silent"] == ["host:ehr-web"]
    (flow,) = draft(found, policy)["policy"]["flows"]
    assert flow["reason"] == "Named by the configuration of hosts, for review, such as ehr-web to 10.0.0.53"


@pytest.mark.parametrize(
    "part, entry, flow",
    [
        ("directory", {"setting": "ad_server", "value": "_srv_, dc1.example.org"}, ("dc1.example.org", "tcp", 389)),
        ("directory", {"setting": "kdc", "value": "dc1.example.org:88"}, ("dc1.example.org", "tcp", 88)),
        ("directory", {"setting": "ldap_uri", "value": "ldaps://[fd00::7]/"}, ("fd00::7", "tcp", 636)),
        ("time_servers", {"value": "10.0.0.123"}, ("10.0.0.123", "udp", 123)),
        ("licence_servers", {"server": "lic.example.org", "port": 27000}, ("lic.example.org", "tcp", 27000)),
        ("mounts", {"type": "cifs", "server": "files"}, ("files", "tcp", 445)),
        ("time_servers", {"value": "127.0.0.1"}, None),
        ("licence_servers", {"server": "lic.example.org", "port": 0}, None),
        ("mounts", {"type": "9p", "server": "host"}, None),
    ],
)
def test_each_setting_that_names_a_server(clinic, part, entry, flow):
    clinic[0]["workload"].update({"flows": [], "mounts": [], "resolvers": {}, part: [entry]})
    found = inventory([{"kind": "workload", "data": clinic[0]}], TODAY)["flows"]
    assert [(each["destination"], each["protocol"], each["port"]) for each in found] == ([flow] if flow else [])


def test_all_looks_at_one_host_count(clinic, tmp_path):
    night = copy.deepcopy(clinic[0])
    night["workload"]["observed"] = "2026-10-01T03:00:00Z"
    night["workload"]["flows"][0]["port"] = 6661
    night["workload"]["machine"]["cpus"] = 99
    night["workload"]["samples"] = [{"time": "2026-10-01T03:00:00Z", "cpu_percent": 80.0}]
    clinic[0]["workload"]["samples"] = [{"time": "2026-11-29T01:00:00Z", "cpu_percent": 5.0}, *night["workload"]["samples"]]
    found = inventory([written(tmp_path, [night, *clinic])], TODAY)
    assert {each["port"] for each in found["flows"]} == {53, 2049, 5432, 6661}
    machine = found["machines"][1]
    assert machine["cpus"] != 99 and [sample[1] for sample in found["samples"][machine["id"]]] == [80.0, 5.0]
    assert found["sources"][0]["exported"] == "2026-11-29"


def test_what_a_look_could_not_see_is_not_checked(clinic):
    found = inventory([{"kind": "workload", "data": clinic}], TODAY)
    messages = [each["message"] for each in found["records"] if each["control"] == "migration-guess-ehr-db"]
    assert any("workload-utilisation" in message and "sysstat" in message for message in messages)


def test_a_host_is_the_machine_of_an_export(clinic, tmp_path):
    """By its address, which is a guess that is said."""
    export = rvtools(tmp_path / "all.xlsx")
    machines = inventory([{"kind": "rvtools", "path": export}], TODAY)["machines"]
    address = next(each["addresses"][0] for each in machines if each["addresses"])
    clinic[0]["workload"]["machine"].update(addresses=[address], name="other")
    found = inventory([{"kind": "rvtools", "path": export}, {"kind": "workload", "data": clinic[:1]}], TODAY)
    assert len(found["machines"]) == len(machines)
    assert any("was taken for it by an address" in each["message"] for each in found["records"])


@pytest.mark.parametrize(
    "change, message",
    [
        ({"schema_version": 2}, "no result of workload_info"),
        ({"observed": "yesterday"}, "observed is no moment"),
        ({"machine": {}}, "has no name"),
        ({"machine": {"name": "x", "macs": 1}}, "macs of the machine is no list"),
        ({"flows": {}}, None),
        ({"flows": [1]}, "flows is no list of mappings"),
        ({"flows": [{"source": "a", "destination": "b", "protocol": "tcp", "port": 0, "count": 1}]}, "flow 1: a flow has a source"),
        ({"flows": [{"source": "a", "destination": "b", "protocol": "tcp", "port": 1, "count": "x"}]}, "the count is no number"),
        ({"observed": "2026-08-01T00:00:00Z"}, "machine ehr-web: the export is of 2026-08-01"),
        ({"samples": [{"time": "later"}]}, "is no moment"),
    ],
)
def test_what_is_no_result_is_one_sentence(clinic, change, message):
    clinic[0]["workload"].update(change)
    if message is None:
        assert inventory([{"kind": "workload", "data": clinic[:1]}], TODAY)["machines"]
        return
    with pytest.raises(Unusable, match=message):
        inventory([{"kind": "workload", "data": clinic[:1]}], TODAY)


@pytest.mark.parametrize("text", ["{", "[" * 100_000, "\xff"])
def test_a_file_that_is_no_json_is_named(tmp_path, text):
    (tmp_path / "x.json").write_text(text, encoding="latin-1")
    with pytest.raises(Unusable, match=r"x\.json: this is not JSON"):
        inventory([{"kind": "workload", "path": str(tmp_path)}], TODAY)


def test_an_empty_directory_is_no_source(tmp_path):
    with pytest.raises(Unusable, match="there is no result"):
        inventory([{"kind": "workload", "path": str(tmp_path)}], TODAY)


def test_the_filter_merges_what_a_loop_has_registered(clinic):
    again = copy.deepcopy(clinic[0])
    again["workload"]["observed"] = "2026-11-30T02:00:00Z"
    found = workloads_merged([{"results": clinic}, again, clinic[1]["workload"]])
    assert [(each["machine"]["name"], each["looks"]) for each in found] == [("ehr-db", 2), ("ehr-web", 2)]
    flow = found[1]["flows"][0]
    assert (flow["count"], flow["first"], flow["last"]) == (2, "2026-11-29T02:00:00Z", "2026-11-30T02:00:00Z")
    with pytest.raises(AnsibleFilterError, match="workloads, entry 1: this is no result"):
        workloads_merged([{}])


def test_two_hosts_of_one_name_stay_two(clinic):
    for number, look in enumerate(clinic):
        look["workload"]["machine"].update(name="web", macs=[f"52:54:00:00:00:0{number}"])
    assert len(workloads_merged(clinic)) == 2
    for look in clinic:
        look["workload"]["machine"]["uuid"] = UUID
    assert len(workloads_merged(clinic)) == 1
