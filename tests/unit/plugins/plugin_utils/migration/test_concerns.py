# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
import re

import pytest
from ansible_collections.hygeia.golden.plugins.filter.migration_concerns import migration_concerns
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.concerns import concerns
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory import machine
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.policy import DATA, collection_data
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import schema

DISK = {
    "name": "d",
    "capacity_mib": 10.0,
    "raw": False,
    "datastore": "x",
    "mode": "",
    "sharing": "",
    "bus_sharing": "",
    "controller": "SCSI",
}
ROOM = {"name": "/home", "capacity_mib": 10.0, "free_mib": 1000.0, "disk_key": ""}
# What makes each concern come up: fields of a machine.
FIRING = {
    "passthrough": {"passthrough": True},
    "disk-capacity": {"disks": [{**DISK, "capacity_mib": 0}]},
    "disk-datastore": {"disks": [{**DISK, "datastore": ""}]},
    "free-space-boot": {"partitions": [{**ROOM, "name": "/boot", "free_mib": 49.0}]},
    "free-space-root": {"partitions": [{**ROOM, "name": "C:\\", "free_mib": 99.0}]},
    "free-space-other": {"partitions": [{**ROOM, "free_mib": 9.0}]},
    "consolidation": {"consolidation_needed": True},
    "changed-blocks": {"cbt": False},
    "raw-disk": {"disks": [DISK, {**DISK, "raw": True}]},
    "shared-disk": {"disks": [{**DISK, "sharing": "sharingMultiWriter"}]},
    "shared-bus": {"disks": [{**DISK, "bus_sharing": "physicalSharing"}]},
    "independent-disk": {"disks": [{**DISK, "mode": "independent_persistent"}]},
    "disk-count": {"disk_count": 166},
    "usb-device": {"usb_devices": 1},
    "tpm": {"tpm": True},
    "secure-boot": {"secure_boot": True},
    "hot-add": {"hot_add": True},
    "cpu-affinity": {"cpu_affinity": True},
    "placement-rules": {"rules": ["keep apart"]},
    "fault-tolerance": {"fault_tolerance": True},
    "snapshots": {"snapshots": 2},
    "sr-iov": {"nics": [{"label": "", "adapter": "SR-IOV passthrough", "network": "", "mac": ""}]},
    "name-invalid": {"name": "PACS old"},
    "host-name-default": {"dns_name": "localhost.localdomain"},
    "no-address": {"addresses": []},
    "system-old": {"os": "Microsoft Windows Server 2008 R2 (64-bit)"},
    "system-unknown": {"os": "Other 3.x Linux (64-bit)"},
    "disk-serials": {"disk_uuids": True},
    "large-legacy-disk": {"firmware": "bios", "disks": [{**DISK, "capacity_mib": 2.0**21 + 1}]},
    "tools-missing": {"tools": "toolsNotRunning"},
    "powered-off": {"power": "off"},
    "owner-unknown": {"owner": None},
    "tier-unknown": {"tier": None},
    "recovery-unknown": {"rto_hours": None, "rpo_hours": None},
}


def one(found, name="m"):
    return found["machines"][name]


def test_a_sound_machine_is_ready(inventory, policy):
    assert one(concerns(inventory({"m": {}}), policy())) == {"found": [], "unknown": [], "accepted": [], "readiness": "ready"}


@pytest.mark.parametrize("name", [each["id"] for each in collection_data("concerns")])
def test_each_concern_comes_up_and_no_other_of_its_weight(inventory, policy, name):
    definition = next(each for each in collection_data("concerns") if each["id"] == name)
    found = one(concerns(inventory({"m": FIRING[name]}), policy()))
    assert name in found["found"] and found["unknown"] == []
    assert found["readiness"] == {"critical": "blocked", "warning": "attention", "information": "ready"}[definition["category"]]


def test_what_no_source_fills_in_is_unknown_and_never_ready(inventory, policy):
    bare = {key: value for key, value in machine.new("m", "m", "vmware", "t").items() if key not in ("id", "name", "platform")}
    found = one(concerns(inventory({"m": bare}), policy()))
    assert found["readiness"] == "blocked" and "tier-unknown" in found["found"]
    fields = [each["id"] for each in collection_data("concerns") if each["id"] not in {*found["found"], "name-invalid"}]
    assert found["unknown"] == fields
    assert one(concerns(inventory({"m": {"passthrough": None}}), policy())) == {
        "found": [],
        "unknown": ["passthrough"],
        "accepted": [],
        "readiness": "unknown",
    }
    # What is there for information holds nobody up.
    assert one(concerns(inventory({"m": {"secure_boot": None}}), policy()))["readiness"] == "ready"


def test_a_site_assumes_what_no_export_says_and_no_more(inventory, policy):
    assumed = policy(concerns={"assume": [{"field": "passthrough", "value": False, "reason": "No host has such a device"}]})
    found = concerns(inventory({"m": {"passthrough": None}, "n": {"passthrough": True}}), assumed)
    assert one(found)["readiness"] == "ready" and one(found, "n")["readiness"] == "blocked"


def test_an_accepted_concern_is_shown_and_stops_nothing(inventory, policy):
    accepted = {"concern": "passthrough", "machines": ["m*"], "reason": "The card is replaced", "approver": "CISO"}
    found = concerns(inventory({"m1": {"passthrough": True}, "n": {"passthrough": True}}), policy(concerns={"accept": [accepted]}))
    assert one(found, "m1") == {"found": [], "unknown": [], "accepted": ["passthrough"], "readiness": "ready"}
    assert found["readiness"] == {"blocked": 1, "unknown": 0, "attention": 0, "ready": 1}
    (row,) = [each for each in found["concerns"] if each["id"] == "passthrough"]
    assert (row["found"], row["unknown"], row["accepted"]) == (1, 0, 1) and "vmware.passthrough_device.detected" in row["aliases"]


def test_concerns_of_another_platform_are_none(inventory, policy):
    assert one(concerns(inventory({"m": {"platform": "libvirt", "cbt": None, "tools": None}}), policy()))["readiness"] == "ready"


@pytest.mark.parametrize(
    ("system", "old"),
    [
        ("Red Hat Enterprise Linux 6 (64-bit)", True),
        ("Red Hat Enterprise Linux 9 (64-bit)", False),
        ("CentOS 7 (64-bit)", True),
        ("Debian GNU/Linux 9 (64-bit)", True),
        ("Debian GNU/Linux 12 (64-bit)", False),
        ("Ubuntu 24.04", False),
        ("Microsoft Windows 7 (64-bit)", True),
        ("Microsoft Windows 11 (64-bit)", False),
        ("Microsoft Windows Server 2022 (64-bit)", False),
        ("SUSE Linux Enterprise 11 (64-bit)", True),
    ],
)
def test_old_systems(inventory, policy, system, old):
    assert ("system-old" in one(concerns(inventory({"m": {"os": system}}), policy()))["found"]) is old


def test_the_data_is_valid_and_its_ids_are_unique():
    definitions = collection_data("concerns")
    assert schema.problems(definitions, "migration_concerns", lambda index: f"concerns.yml:{index}") == []
    assert len({each["id"] for each in definitions}) == len(definitions) == len(FIRING)
    aliases = [alias for each in definitions for alias in each.get("aliases", ())]
    assert all(re.fullmatch(r"(vmware|ovirt|openstack|hyperv|ova)\.[a-z_.A-Z]+", alias) for alias in aliases)


def test_the_filter_reads_the_data_where_the_collection_is(inventory):
    assert os.path.isfile(os.path.join(DATA, "concerns.yml"))
    assert migration_concerns(inventory({"m": {}}))["readiness"]["ready"] == 1
