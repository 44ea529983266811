# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.modules import isolation_info, probe_info

ZONES = {"imaging": {"networks": ["10.30.0.0/16"]}, "modalities": {"networks": ["10.30.66.0/24"], "medical_devices": True}}
PROBE = {"name": "archive", "source": "imaging", "address": "10.30.0.7", "protocol": "tcp", "port": 104, "expected": "denied"}


@pytest.fixture
def tried(run_module, monkeypatch):
    """What the module says of probes; what would have been sent is kept."""
    sent = []
    monkeypatch.setattr(probe_info.probes, "sent", lambda wanted, timeout: sent.extend(wanted) or ["no answer"] * len(wanted))

    def run(*wanted, zone="imaging", booted=True):
        monkeypatch.setattr(probe_info.Host, "booted", booted)
        said = run_module(probe_info, {"policy": {"zones": ZONES, "flows": [], "probes": list(wanted)}, "zone": zone})
        return said, [probe["address"] for probe in sent]

    return run


def test_a_running_host_sends_them(tried):
    said, sent = tried(PROBE, {**PROBE, "name": "else", "source": ["modalities"]})
    assert sent == ["10.30.0.7"] and said["changed"] is False
    assert [(record["control"], record["status"], record["stage"]) for record in said["results"]] == [
        ("segment-live-archive", "pass", "live")
    ]


def test_one_that_may_not_be_sent_keeps_all_of_them_from_being_sent(tried):
    said, sent = tried(PROBE, {**PROBE, "name": "scanner", "address": "10.30.66.1"})
    assert said["failed"] and sent == []
    assert (
        said["msg"]
        == "Nothing was sent: 10.30.66.1 lies in the zone modalities, whose medical devices are never probed; leave the probe out."
    )


def test_a_scan_is_refused(tried):
    said, sent = tried(*({**PROBE, "name": f"n{number}", "address": f"10.30.0.{number}"} for number in range(1, 34)))
    assert said["failed"] and sent == [] and "there are 33 probes, and 32 may be" in said["msg"]


def test_a_template_sends_nothing_and_says_so(tried):
    said, sent = tried(PROBE, booted=False)
    assert sent == [] and (said["results"][0]["status"], said["results"][0]["stage"]) == ("not_checked", "offline")
    assert "only a running host sends probes" in said["results"][0]["message"]


def test_a_zone_that_is_not_there_is_reported(tried):
    said, unused_sent = tried(PROBE, zone="ward")
    assert said["msg"] == "There is no zone ward; choose one of imaging, modalities."


def test_a_port_that_is_none_is_reported(run_module):
    said = run_module(isolation_info, {"listeners": ["22/tcp", "ssh"]})
    assert said["msg"] == "listeners: ssh is not a valid port; write one such as 22/tcp, 68/udp or 22/vsock."
