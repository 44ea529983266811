# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Inventories for the analysis, from machines in short form."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory import machine
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.policy import complete
from migration_files import TODAY

DISK = {
    "name": "Hard disk 1",
    "capacity_mib": 102400.0,
    "raw": False,
    "thin": True,
    "datastore": "vsan",
    "mode": "persistent",
    "sharing": "sharingNone",
    "bus_sharing": "noSharing",
    "controller": "SCSI controller 0",
}
# A machine of which everything is known, and nothing is wrong.
SOUND = {
    "cpus": 2,
    "memory_mib": 8192.0,
    "cores_per_socket": 2,
    "provisioned_mib": 102400.0,
    "in_use_mib": 51200.0,
    "disk_count": 1,
    "dns_name": "x.example.org",
    "os": "Red Hat Enterprise Linux 9 (64-bit)",
    "firmware": "efi",
    "cluster": "blue",
    "power": "on",
    "tools": "toolsOk",
    "secure_boot": False,
    "tpm": False,
    "cbt": True,
    "fault_tolerance": False,
    "hot_add": False,
    "consolidation_needed": False,
    "cpu_affinity": False,
    "passthrough": False,
    "disk_uuids": False,
    "snapshots": 0,
    "usb_devices": 0,
    "owner": "Clinical IT",
    "tier": 3,
    "rto_hours": 8,
    "rpo_hours": 24,
    "rules": [],
    "addresses": ["10.20.0.1"],
    "disks": [DISK],
    "partitions": [{"name": "/", "capacity_mib": 102400.0, "free_mib": 51200.0, "disk_key": "2000"}],
    "nics": [{"label": "Network adapter 1", "adapter": "Vmxnet3", "network": "servers", "mac": "00:50:56:00:00:01"}],
}


@pytest.fixture
def inventory():
    """Make an inventory of ``{name: changed fields}`` and flows such as ``"web db 5432"``; names are ids."""

    def make(machines, flows=(), **more):
        made = []
        for number, (name, fields) in enumerate(machines.items(), 1):
            address = f"10.20.{number // 250}.{number % 250 + 1}"
            made.append({**machine.new(name, name, "vmware", "test"), **SOUND, "label": name, "addresses": [address], **fields})
        seen = []
        for text in flows:
            source, destination, port = text.split()
            protocol, _slash, number = port.rpartition("/")
            seen.append(
                {
                    "source": source,
                    "destination": destination,
                    "protocol": protocol or "tcp",
                    "port": int(number),
                    "process": "",
                    "count": 1,
                    "last": "",
                }
            )
        return {
            "machines": made,
            "flows": seen,
            "samples": {},
            "today": TODAY,
            "hosts": [],
            "records": [],
            "sources": [],
            "left_out": [],
            **more,
        }

    return make


@pytest.fixture
def policy():
    return lambda **parts: complete(parts, "policy.yml")
