# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import yaml
from ansible_collections.hygeia.golden.plugins.filter.migration_segmentation import migration_segmentation
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.segmentation import draft
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import segmentation

MACHINES = {"web": {"addresses": ["10.20.0.10"]}, "db": {"addresses": ["10.30.0.10"]}, "off": {"addresses": []}}
FLOWS = ["web db 5432", "web db 22", "web 198.51.100.7 443", "off db 5432"]


def read_again(tmp_path, written):
    path = tmp_path / "segmentation.yml"
    path.write_text(yaml.safe_dump(written["policy"]), encoding="utf-8")
    return segmentation.read(str(path))


def test_each_network_is_a_zone_and_each_pair_a_flow_for_review(inventory, policy, tmp_path):
    found = draft(inventory(MACHINES, FLOWS), policy())
    assert found["policy"]["zones"] == {
        "internet": {"networks": ["0.0.0.0/0", "::/0"]},
        "net-10-20-0-0": {"networks": ["10.20.0.0/24"]},
        "net-10-30-0-0": {"networks": ["10.30.0.0/24"]},
    }
    assert found["policy"]["flows"] == [
        {
            "source": "net-10-20-0-0",
            "destination": "internet",
            "protocol": "tcp",
            "ports": [443],
            "reason": "Observed, for review: 1 connections, such as web to 198.51.100.7",
        },
        {
            "source": "net-10-20-0-0",
            "destination": "net-10-30-0-0",
            "protocol": "tcp",
            "ports": [22, 5432],
            "reason": "Observed, for review: 2 connections, such as web to db and web to db",
        },
    ]
    assert found["unplaced"] == ["off"]
    # The role segment reads it.
    read_again(tmp_path, found)


def test_the_zones_of_the_site_are_used(inventory, policy, tmp_path):
    zones = {"clinical": ["10.20.0.0/16"], "imaging": ["10.30.0.0/16"], "archive": ["10.30.0.0/24"]}
    found = draft(inventory(MACHINES, FLOWS), policy(zones=zones))
    assert {(flow["source"], flow["destination"]) for flow in found["policy"]["flows"]} == {
        ("clinical", "archive"),
        ("clinical", "internet"),
    }
    read_again(tmp_path, found)


def test_the_filter(inventory):
    assert migration_segmentation(inventory(MACHINES, FLOWS))["unplaced"] == ["off"]
