# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
import socket as sockets_of_python
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.processes import Processes
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.sockets import Socket, held
from ansible_collections.hygeia.golden.plugins.module_utils.workload.connections import flows, listeners
from ansible_collections.hygeia.golden.tests.unit.procfs import process, socket


@pytest.fixture
def clinic(tree):
    """An EHR web server with a database elsewhere, a modality that sends images, and what stays within the host."""
    host = tree()
    table = [
        socket(11, "listening", "0.0.0.0:443"),
        socket(12, "connected", "10.0.0.5:443", "10.0.9.1:50001"),
        socket(13, "connected", "10.0.0.5:443", "10.0.9.1:50002"),
        socket(14, "connected", "10.0.0.5:41000", "10.0.0.7:5432"),
        socket(15, "connected", "127.0.0.1:41001", "127.0.0.1:6379"),
        socket(16, "connected", "10.0.0.5:41002", "10.0.0.5:443"),
        socket(17, "connected", "10.0.0.5:2762", "10.0.9.3:50003"),
        socket(0, "connected", "10.0.0.5:41003", "10.0.0.8:6661").replace(" 01 ", " 06 "),
        socket(19, "connected", "10.0.0.5:41004", "10.0.0.8:6662").replace(" 01 ", " 02 "),
    ]
    process(host, "self", "/usr/bin/python3", net={"tcp": table, "udp": [socket(18, "waiting", "0.0.0.0:161")]})
    process(host, 80, "/usr/sbin/nginx", "nginx.service", sockets=[11, 12, 13])
    process(host, 81, "/usr/bin/java", "ehr.service", sockets=[14, 15, 16])
    process(host, 82, "/usr/bin/storescp", "pacs.service", sockets=[17])
    return host


def test_each_flow_goes_from_the_end_that_opened_it(clinic):
    found = flows(held(Processes(clinic)), ["10.0.0.5"], "ehr.example.org")
    assert {(each["source"], each["destination"], each["port"], each["process"], each["direction"], each["count"]) for each in found} == {
        ("10.0.9.1", "10.0.0.5", 443, "nginx", "in", 2),
        ("10.0.0.5", "10.0.0.7", 5432, "java", "out", 1),
        ("10.0.9.3", "10.0.0.5", 2762, "storescp", "in", 1),
        ("10.0.0.5", "10.0.0.8", 6661, "", "out", 1),
    }


def test_what_a_container_opens_comes_from_its_host(clinic):
    process(
        clinic,
        90,
        "/usr/bin/node",
        "docker-1.scope",
        sockets=[31],
        net={"tcp": [socket(31, "connected", "172.17.0.2:40000", "10.0.0.9:5432")]},
    )
    for number, network in (("self", 1), (80, 1), (90, 2)):
        (Path(clinic.root) / f"proc/{number}/ns").mkdir()
        (Path(clinic.root) / f"proc/{number}/ns/net").symlink_to(f"net:[{network}]")
    found = flows(held(Processes(clinic)), ["10.0.0.5"], "ehr.example.org")
    assert [(each["source"], each["process"]) for each in found if each["destination"] == "10.0.0.9"] == [("ehr.example.org", "node")]


def test_listeners_have_their_processes_and_say_who_reaches_them(clinic):
    assert {(each["protocol"], each["port"], each["process"], each["public"]) for each in listeners(held(Processes(clinic)))} == {
        ("tcp", 443, "nginx", True),
        ("udp", 161, "", True),
    }


def test_this_very_process_is_seen_with_its_sockets():
    with sockets_of_python.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with sockets_of_python.create_connection(("127.0.0.1", port)) as client, server.accept()[0]:
            found = held(Processes(Host()))
            own = {each.socket for each in found if os.getpid() in {holder.number for holder in each.holders}}
            near = client.getsockname()[1]
            assert Socket("tcp", "127.0.0.1", port) in own
            assert {Socket("tcp", "127.0.0.1", near, "127.0.0.1", port), Socket("tcp", "127.0.0.1", port, "127.0.0.1", near)} <= own
            assert port in {each["port"] for each in listeners(found) if each["process"]}
            # They move with the host, so no other machine depends on them.
            assert port not in {each["port"] for each in flows(found, [], "here")}
