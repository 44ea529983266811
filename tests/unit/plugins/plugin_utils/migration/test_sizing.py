# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Hosts from measured load."""

from __future__ import annotations

import math

import pytest
from ansible_collections.hygeia.golden.plugins.filter.migration_not_one_to_one import migration_not_one_to_one
from ansible_collections.hygeia.golden.plugins.filter.migration_placement import migration_placement
from ansible_collections.hygeia.golden.plugins.filter.migration_sizing import migration_sizing
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration import packing, plan
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.load import load, percentile
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.packing import Item

HOST = {"cores": 32, "memory_gib": 256, "numa_nodes": 2, "reserved_cores": 0, "reserved_gib": 0}


@pytest.fixture
def sized(inventory, policy):
    def make(machines, samples=None, flows=(), **rules):
        given = policy(sizing={"host": HOST, "comfort": 1.0, **rules})
        return plan.sizing(inventory(machines, flows, samples=samples or {}), given)

    return make


def machine(cpus, gib, **more):
    return {"cpus": cpus, "memory_mib": gib * 1024.0, **more}


def cluster(found, name="general"):
    return next(each for each in found["clusters"] if each["name"] == name)


def test_the_percentile_is_of_the_sum_at_each_moment():
    """Two machines that are busy at different times need what one of them needs."""
    samples = {"a": [[at * 300, 100 if at % 2 else 0, None, None, None] for at in range(100)]}
    samples["b"] = [[at * 300, 0 if at % 2 else 100, None, None, None] for at in range(100)]
    found = load(["a", "b", "c"], samples, "cpu_percent", {"a": 0.04, "b": 0.04, "c": 0.04}, 95)
    assert found.each == {"a": 4, "b": 4} and found.together == pytest.approx(4) and found.scale == pytest.approx(0.5)
    assert found.moments == 100 and found.coverage == pytest.approx(0.667, abs=0.001)


def test_the_percentile_is_one_of_the_values():
    assert percentile([*range(1, 101)], 95) == 95 and percentile([7], 95) == 7 and percentile([], 95) == 0


def test_measured_load_needs_fewer_hosts_than_the_configuration(sized):
    machines = {f"m{at}": machine(16, 16) for at in range(16)}
    idle = {name: [[moment * 300, 10, None, None, None] for moment in range(20)] for name in machines}
    configured = cluster(sized(machines, cpu_ratio=1))
    measured = cluster(sized(machines, idle, cpu_ratio=1))
    assert (configured["needed"], measured["needed"]) == (8, 1)
    assert measured["coverage"]["cpu_percent"] == {"measured": 16, "moments": 20, "complete": 1.0}
    assert configured["coverage"]["cpu_percent"]["measured"] == 0
    assert cluster(sized(machines, idle, comfort=1.5))["demand"]["cores"] == pytest.approx(16 * 1.6 * 1.5, abs=0.1)


def test_memory_is_never_promised_twice_where_tier_1_is(sized):
    machines = {f"m{at}": machine(1, 64, tier=3) for at in range(8)}
    assert cluster(sized(machines, memory_ratio=2))["needed"] == 1
    critical = {**machines, "m0": machine(1, 64, tier=1)}
    assert cluster(sized(critical, memory_ratio=2))["needed"] == 2 and cluster(sized(critical, memory_ratio=2))["memory_ratio"] == 1
    unknown = {**machines, "m0": machine(1, 64, tier=None)}
    assert cluster(sized(unknown, memory_ratio=2))["memory_ratio"] == 1


def test_spare_hosts_and_room_for_the_largest(sized):
    machines = {f"m{at}": machine(1, 128) for at in range(4)}
    found = cluster(sized(machines))
    assert (found["needed"], found["spare_hosts"], found["reserve_hosts"], found["hosts"], found["lower_bound"]) == (2, 1, 0, 3, 2)
    found = cluster(sized(machines, spare_hosts=0))
    assert (found["spare_hosts"], found["reserve_hosts"], found["hosts"]) == (0, 1, 3)


def test_segregation_and_anti_affinity(sized):
    machines = {"a": machine(1, 1), "b": machine(1, 1), "vdi-1": machine(1, 1)}
    found = sized(machines, segregation=[{"name": "desktops", "machines": ["vdi-*"]}], apart=[{"name": "pair", "machines": ["a", "b"]}])
    assert cluster(found, "desktops")["needed"] == 1 and cluster(found)["needed"] == cluster(found)["lower_bound"] == 2
    assert [each["machines"] for each in cluster(found)["layout"]] == [["a"], ["b"]]


def test_machines_wider_than_a_node_too_large_or_without_a_size(sized):
    found = cluster(sized({"wide": machine(20, 16), "huge": machine(8, 512), "odd": {"cpus": None}}))
    assert (found["wide"], found["misfits"], found["unsized"]) == (["wide", "huge"], ["huge"], ["odd"])


def test_disk_operations_can_fill_a_host(sized):
    machines = {f"m{at}": machine(1, 1) for at in range(4)}
    busy = {name: [[0, None, None, 600, 10]] for name in machines}
    assert cluster(sized(machines, busy, host={**HOST, "iops": 1000}))["needed"] == 4
    assert cluster(sized(machines, busy))["needed"] == 1


def test_without_hosts_in_the_policy_one_is_assumed(inventory):
    found = migration_sizing(inventory({"a": {}}))
    assert found["assumed_host"] and found["host"]["cores"] == 64


@pytest.mark.parametrize("number", range(20))
def test_a_packing_holds_everything_once_within_capacity(number):
    items = [Item(f"i{at}", (1 + at * number % 7, 2 + at * 3 % 11), frozenset({"x"} if at % 9 == 0 else ())) for at in range(40)]
    bins = packing.packed(items, (10, 20))
    assert sorted(item.name for each in bins for item in each.items) == sorted(item.name for item in items)
    for each in bins:
        assert all(sum(item.needs[at] for item in each.items) <= room for at, room in enumerate((10, 20)))
        assert sum("x" in item.apart for item in each.items) <= 1
    assert packing.lower_bound(items, (10, 20)) <= len(bins)


# First-fit-decreasing puts both of the largest into one bin, and then needs a third for what fits into two.
TRAP = [Item(f"t{at}", (size, 0.0)) for at, size in enumerate((0.4, 0.4, 0.3, 0.3, 0.3, 0.3))]


def test_highs_finds_what_first_fit_decreasing_misses():
    assert len(packing.packed(TRAP, (1.0, math.inf))) == 3 and packing.lower_bound(TRAP, (1.0, math.inf)) == 2
    bins, proof = packing.exact(TRAP, (1.0, math.inf), 3, 2, 20)
    assert len(bins) == 2 and proof == "proven: no packing needs fewer hosts"
    assert all(sum(item.needs[0] for item in each.items) <= 1.000001 for each in bins)


def test_highs_keeps_apart_what_has_to_be():
    items = [Item(item.name, item.needs, frozenset({"pair"} if item.name in ("t0", "t2", "t3") else ())) for item in TRAP]
    assert packing.exact(items, (1.0, math.inf), 3, 2, 20) == (None, "proven: no packing needs fewer hosts")


def test_an_exact_search_that_has_no_prospect_is_not_begun():
    items = [Item(f"i{at}", (0.6,)) for at in range(300)]
    assert packing.exact(items, (1.0,), 300, 200, 1)[1].startswith("not tried: 300 machines on 300 hosts")


def test_the_exact_search_is_asked_for(sized):
    sizes = (0.4, 0.4, 0.3, 0.3, 0.3, 0.3)
    machines = {f"m{at}": machine(1, 256 * size) for at, size in enumerate(sizes)}
    assert cluster(sized(machines))["proof"] == "not proven: 2 hosts may be enough"
    found = cluster(sized(machines, exact=True))
    assert (found["needed"], found["proof"]) == (2, "proven: no packing needs fewer hosts")


def test_what_segregation_costs(inventory):
    machines = {"a": machine(1, 1), "b": machine(1, 1)}
    kept = [{"name": "clinical", "machines": ["a"], "site": "north"}, {"name": "files", "machines": ["b"], "site": "south"}]
    found = migration_placement(inventory(machines, ["a b 445"]), {"sizing": {"host": HOST, "segregation": kept}})
    assert (found["one"]["hosts"], found["several"]["hosts"]) == (2, 4)
    assert found["advice"][0] == "2 clusters need 4 hosts, one cluster would need 2: keeping them apart costs 2 hosts."
    assert found["advice"][-1].startswith("clinical and files are at two sites and share 1 flows")
    assert found["clusters"][0]["why"] == "The site keeps machines a apart from all others."


def test_what_does_not_move_as_it_is(inventory):
    machines = {
        "files": {},
        "db": {},
        "old": {"power": "off", "powered_off_since": "2026-01-01"},
        "off": {"power": "off"},
        "fresh": {"power": "off", "powered_off_since": "2026-11-20"},
        "box": {"os": "Other (64-bit)"},
        "web": {},
        "ward": {},
    }
    flows = ["web files 445", "ward files 445", "web db 5432"]
    found = migration_not_one_to_one(inventory(machines, flows))
    assert {(row["machine"], row["advice"]) for row in found["advice"]} == {
        ("files", "files"),
        ("db", "database"),
        ("old", "retire"),
        ("off", "ask"),
        ("box", "rebuild"),
    }
    said = {row["machine"]: row["why"] for row in found["advice"]}
    assert said["files"] == "It serves files: 2 clients were seen on SMB; 50 GiB"
    assert said["old"] == "It has been off since 2026-01-01, 333 days, and the site retires after 90; 50 GiB"
