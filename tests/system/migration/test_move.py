# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A guest that runs moves between two hosts, as it was predicted, and is the same afterwards."""

from __future__ import annotations

import time

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import wait_until
from guests import LIMIT, blockers, count, define, message, module, start, statuses

BOUNDS = {"processors": {"shares": 512, "quota": 80000}, "memory": {"soft_limit": "512M"}, "disks": [{"total_iops_sec": 300}]}


@pytest.fixture(scope="module")
def archive(hosts, images):
    """A guest with bounds that runs on the first host."""
    define(hosts[0], images, "archive")
    start(hosts[0], "archive")
    bounded = module("domain_bounds", guest="archive", uri=hosts[0].uri, **BOUNDS)
    assert bounded["changed"], bounded
    return "archive"


def move(source, destination, name, *options):
    uri = f"tcp://127.0.0.1:{destination.port + 5}"
    return source.virsh("migrate", "--live", name, destination.uri, "--migrateuri", uri, "--persistent", *options, check=False)


def readiness(hosts, name, **arguments):
    source, destination = hosts
    return module("migration_readiness_info", guest=name, uri=source.uri, destination=destination.uri, **arguments)


def test_a_move_without_shared_storage_is_predicted_to_be_refused_and_is(hosts, archive):
    predicted = readiness(hosts, archive)
    assert not predicted["ready"]
    assert statuses(predicted)["storage"] == "fail"
    assert "archive.qcow2, which is not at the destination" in message(predicted, "storage")
    refused = move(*hosts, archive)
    assert refused.returncode and "Unsafe migration" in refused.stderr


def test_a_move_that_is_predicted_succeeds_and_the_guest_is_the_same(hosts, archive):
    predicted = readiness(hosts, archive, copy_storage=True, destination_time=time.time(), time_tolerance=120)
    # The stream between the hosts of this test is in plain text, and that is reported.
    assert [sentence.partition(",")[0] for sentence in blockers(predicted)] == ["the memory of the guest"]
    before = count(hosts[0], archive)
    moved = move(*hosts, archive, "--undefinesource", "--copy-storage-all")
    assert moved.returncode == 0, moved.stderr
    # It goes on counting where it was.
    assert wait_until(lambda: count(hosts[1], archive) > before, LIMIT)
    compared = module("migration_compare_info", guest=archive, uri=hosts[1].uri, before=predicted["definition"], source=hosts[0].uri)
    assert statuses(compared) == {"definition": "pass", "bounds": "pass", "once": "pass"}, compared["results"]
    assert (hosts[1].machine_group("cpu", archive) / "vcpu0/cpu.cfs_quota_us").read_text() == "80000\n"
    assert (hosts[1].machine_group("cpu", archive) / "cpu.shares").read_text() == "512\n"
    assert (hosts[1].machine_group("memory", archive) / "memory.soft_limit_in_bytes").read_text() == f"{512 << 20}\n"

    # A bound and a device that are not what they were are found.
    hosts[1].virsh("schedinfo", archive, "--live", "--set", "vcpu_quota=-1")
    hosts[1].virsh("detach-interface", archive, "bridge", "--config")
    compared = module("migration_compare_info", guest=archive, uri=hosts[1].uri, before=predicted["definition"])
    assert statuses(compared) == {"definition": "fail", "bounds": "fail", "once": "not_checked"}
    assert message(compared, "bounds").startswith("cputune/quota was 80000 and is ")
    assert "/source@bridge was br0 and is absent (as it will be started)" in message(compared, "definition")
