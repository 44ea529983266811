# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import contextlib
import socket

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.flows import probes
from ansible_collections.hygeia.golden.plugins.module_utils.flows.policy import Policy

POLICY = Policy(
    {
        "zones": {
            "everywhere": {"networks": ["0.0.0.0/0"]},
            "imaging": {"networks": ["10.30.0.0/16", "fd00:30::/64"]},
            "modalities": {"networks": ["10.30.66.0/24", "fd00:30::6:0/112"], "medical_devices": True},
        },
        "flows": [],
    }
)


def probe(expected="allowed", protocol="tcp", port=104, name="archive"):
    return {"name": name, "source": "imaging", "address": "127.0.0.1", "protocol": protocol, "port": port, "expected": expected}


@pytest.mark.parametrize(
    "address, word",
    [
        ("10.30.0.7", ""),
        ("8.8.8.8", ""),
        ("fd00:30::1", ""),
        ("10.30.66.1", "never probed"),
        ("fd00:30::6:1", "never probed"),
        ("10.30.0.0/30", "no scan"),
        ("10.30.0.1-9", "no scan"),
        ("pacs", "no scan"),
        ("fd00:31::1", "lies in no zone"),
        ("224.0.0.1", "many hosts"),
        ("0.0.0.0", "many hosts"),
        ("10.30.255.255", "many hosts"),
        ("255.255.255.255", "many hosts"),
        ("::ffff:10.30.66.1", "never probed"),
    ],
)
def test_what_may_be_probed(address, word):
    refused = probes.refusal(POLICY, address)
    assert (word in refused) if word else refused == ""


@pytest.mark.parametrize(
    "expected, protocol, outcome, status",
    [
        ("allowed", "tcp", probes.ANSWERED, "pass"),
        ("allowed", "tcp", probes.REFUSED, "fail"),
        ("allowed", "tcp", probes.SILENT, "fail"),
        ("allowed", "tcp", probes.UNREACHABLE, "fail"),
        ("allowed", "udp", probes.FILTERED, "fail"),
        ("allowed", "udp", probes.SILENT, "not_checked"),
        ("denied", "tcp", probes.ANSWERED, "fail"),
        ("denied", "tcp", probes.REFUSED, "not_checked"),
        ("denied", "tcp", probes.SILENT, "pass"),
        ("denied", "tcp", probes.UNREACHABLE, "pass"),
        ("denied", "udp", probes.FILTERED, "pass"),
        ("denied", "udp", probes.SILENT, "not_checked"),
        ("denied", "udp", probes.ANSWERED, "fail"),
    ],
)
def test_what_an_outcome_shows(expected, protocol, outcome, status):
    (found,) = probes.records([probe(expected, protocol)], [outcome], "live")
    assert (found["control"], found["status"]) == ("segment-live-archive", status)
    assert found["observed"] == {f"{protocol} 104 to 127.0.0.1": outcome} and (status == "pass") == (found["message"] == "")


def test_real_sockets_answer_refuse_and_are_silent():
    with contextlib.ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        mute = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        mute.bind(("127.0.0.1", 0))
        with socket.create_server(("127.0.0.1", 0)) as closed:
            free = closed.getsockname()[1]
        wanted = [
            probe(port=listening.getsockname()[1]),
            probe(port=free),
            probe(protocol="udp", port=mute.getsockname()[1]),
            probe(protocol="udp", port=free),
        ]
        assert probes.sent(wanted, 0.2) == [probes.ANSWERED, probes.REFUSED, probes.SILENT, probes.REFUSED]
        assert mute.recv(100) == b"\n"


def test_a_host_sends_those_of_its_zone_alone_and_a_template_none():
    data = {"probes": [probe(), {**probe(name="other"), "source": ["clinical", "ai"]}]}
    assert [entry["name"] for entry in probes.of(data, "ai")] == ["other"] and probes.of({}, "ai") == []
    (found,) = probes.unsent(probes.of(data, "imaging"), "only a running host sends probes", "offline")
    assert (found["status"], found["stage"], found["message"]) == ("not_checked", "offline", "only a running host sends probes")
