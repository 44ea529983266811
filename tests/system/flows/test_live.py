# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The role on a running host, over SSH: nobody is cut off, and probes go only where they may."""

from __future__ import annotations

import json
import sys

import pytest
import yaml
from site_around import CLINICAL, CLINICAL6, GUESTS, MODALITY, OPERATOR, ZONES

SEGMENT = {"ansible.builtin.import_role": {"name": "hygeia.golden.segment"}}


@pytest.fixture
def apply(site, tmp_path):
    """Apply a policy that lets the operator in by one port; where he comes from may be ``hidden`` by sudo, a jump host or a container."""

    def run(port, hidden=False, rollback=120):
        flow = {"source": "administration", "destination": "imaging", "protocol": "tcp", "ports": [port], "reason": "log in"}
        (tmp_path / "policy.yml").write_text(yaml.safe_dump({"zones": ZONES, "flows": [flow]}), encoding="utf-8")
        task = {**SEGMENT, "environment": {"SSH_CONNECTION": ""}} if hidden else SEGMENT
        return site.play([task], segment_policy=str(tmp_path / "policy.yml"), segment_zone="imaging", segment_rollback=rollback)

    return run


def test_a_policy_that_leaves_the_operator_out_is_refused(site, apply):
    before = site.ruleset()
    code, output = apply(443)
    assert code != 0 and f"The policy does not allow tcp 22 from {OPERATOR} to the zone imaging" in " ".join(output.split()), output
    assert site.ruleset() == before


def test_a_filter_that_cuts_the_session_off_is_taken_back(site, apply):
    before, stored = site.ruleset(), site.ssh("cat /etc/nftables.conf").stdout
    code, output = apply(443, hidden=True, rollback=16)
    assert code != 0 and "With the new ruleset nobody could connect to the host within 8 s" in output, output
    assert site.ruleset() == before and "table inet segment" not in before
    assert site.ssh("cat /etc/nftables.conf").stdout == stored
    assert "hygeia-segment" not in site.ssh("systemctl list-timers --all").stdout


def test_a_filter_that_lets_the_operator_in_stays(site, apply):
    code, output = apply(22, hidden=True)
    assert code == 0, output
    assert "table inet segment" in site.ruleset() and "table inet segment" in site.ssh("cat /etc/nftables.conf").stdout
    assert "hygeia-segment" not in site.ssh("systemctl list-timers --all").stdout
    assert site.ssh("systemctl is-enabled nftables").stdout == "enabled\n"
    code, output = apply(22)
    assert code == 0 and "changed=0" in output, output


# -- probes -------------------------------------------------------------------

LOG_IN = {"source": "administration", "destination": "imaging", "protocol": "tcp", "ports": [22], "reason": "log in"}
TO_CLINICAL = [
    {"source": "imaging", "destination": "clinical", "protocol": protocol, "ports": [port], "reason": "images"}
    for protocol, port in (("tcp", 104), ("tcp", 105), ("udp", 53), ("udp", 514))
]
ENDPOINTS = (
    f"mute {CLINICAL} 514",
    f"tcp {CLINICAL} 104",
    f"tcp {CLINICAL6} 104",
    f"udp {CLINICAL} 53",
    f"tcp {GUESTS} 8080",
    f"tcp {MODALITY} 104",
)


def probe(name, address, port, expected, protocol="tcp"):
    return {"name": name, "source": "imaging", "address": address, "protocol": protocol, "port": port, "expected": expected}


PROBES = [
    probe("archive", CLINICAL, 104, "allowed"),
    probe("archive-ipv6", CLINICAL6, 104, "allowed"),
    probe("names", CLINICAL, 53, "allowed", "udp"),
    probe("nobody", CLINICAL, 105, "allowed"),
    probe("silent", CLINICAL, 514, "allowed", "udp"),
    probe("guests", GUESTS, 8080, "denied"),
    probe("guests-shut", GUESTS, 8081, "denied"),
    probe("guests-udp", GUESTS, 53, "denied", "udp"),
]


@pytest.fixture
def tried(site, tmp_path):
    """The records of the probes, joined, by their names; and how it ended."""

    def run():
        policy = {"zones": ZONES, "flows": [LOG_IN, *TO_CLINICAL], "probes": PROBES}
        (tmp_path / "policy.yml").write_text(yaml.safe_dump(policy), encoding="utf-8")
        hand_over = {
            "ansible.builtin.copy": {
                "content": "{{ segment_records | hygeia.golden.unpacked | to_json }}",
                "dest": str(tmp_path / "records.json"),
                "mode": "0600",
            },
            "delegate_to": "localhost",
            "vars": {"ansible_connection": "local", "ansible_python_interpreter": sys.executable},
        }
        judge = {"ansible.builtin.import_role": {"name": "hygeia.golden.segment", "tasks_from": "evaluate"}}
        code, output = site.play(
            [judge, hand_over], segment_policy=str(tmp_path / "policy.yml"), segment_zone="imaging", segment_probe_timeout=0.5
        )
        assert code == 0, output
        records = json.loads((tmp_path / "records.json").read_text(encoding="utf-8"))
        return {record["control"][len("segment-live-") :]: record for record in records if record["control"].startswith("segment-live-")}

    return run


def statuses(records):
    return {name: record["status"] for name, record in records.items()}


def test_a_network_without_filters_lets_probes_through_that_are_to_be_stopped(site, tried):
    site.ssh("nft flush ruleset")
    with site.serve(*ENDPOINTS) as server:
        found = tried()
        came = server.came()
    assert statuses(found) == {
        "archive": "pass",
        "archive-ipv6": "pass",
        "names": "pass",
        "nobody": "fail",
        "silent": "not_checked",
        "guests": "fail",
        "guests-shut": "not_checked",
        "guests-udp": "not_checked",
    }
    assert f"tcp 8080 to {GUESTS} was answered, and the policy denies it" in found["guests"]["message"]
    assert "was refused; see whether the endpoint runs" in found["nobody"]["message"]
    assert (found["guests"]["title"], found["guests"]["stage"]) == ("The network treats the probe guests as the policy requires", "live")
    assert came == {endpoint: 1 for endpoint in ENDPOINTS if MODALITY not in endpoint}


def test_filters_of_the_host_and_on_the_way_are_seen_alike(site, tried):
    site.ssh(
        "nft 'add table inet t; add chain inet t o { type filter hook output priority 0; }; "
        f"add rule inet t o ip daddr {GUESTS} drop; add rule inet t o ip6 daddr {CLINICAL6} drop'"
    )
    site.run(
        "nft",
        "add table inet t; add chain inet t i { type filter hook input priority 0; }; "
        f"add rule inet t i ip daddr {CLINICAL} tcp dport 104 drop",
    )
    try:
        with site.serve(*ENDPOINTS) as server:
            found = tried()
            came = server.came()
    finally:
        site.ssh("nft flush ruleset")
        site.run("nft", "flush", "ruleset")
    assert statuses(found) == {
        "archive": "fail",
        "archive-ipv6": "fail",
        "names": "pass",
        "nobody": "fail",
        "silent": "not_checked",
        "guests": "pass",
        "guests-shut": "pass",
        "guests-udp": "pass",
    }
    assert f"the policy allows tcp 104 to {CLINICAL}, and it was not answered" in found["archive"]["message"]
    assert found["guests-udp"]["observed"] == {f"udp 53 to {GUESTS}": "stopped by this host's own filter"}
    assert came == {f"mute {CLINICAL} 514": 1, f"udp {CLINICAL} 53": 1}


def test_nothing_is_ever_sent_to_a_medical_device(site):
    """Whoever hands the module a policy that nobody checked meets the same refusal."""
    probes = [probe("archive", CLINICAL, 104, "allowed"), probe("scanner", MODALITY, 104, "allowed")]
    task = {"hygeia.golden.probe_info": {"zone": "imaging", "policy": {"zones": ZONES, "flows": [], "probes": probes}}}
    with site.serve(*ENDPOINTS) as server:
        code, output = site.play([task])
        assert code != 0 and f"{MODALITY} lies in the zone modalities, whose medical devices are never probed" in " ".join(output.split())
        assert server.came() == {}
