# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.system.running.processes import Processes
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.sockets import Socket, connections, sockets
from ansible_collections.hygeia.golden.tests.unit.procfs import process, socket


def found(host, unit):
    processes = Processes(host)
    return sockets(processes, processes.of(unit))


def test_the_sockets_of_a_unit_are_those_of_its_processes(tree):
    host = tree()
    table = [
        socket(11, "listening", "0.0.0.0:873"),
        socket(12, "connected", "10.0.0.2:873", "10.0.0.9:40000"),
        socket(13, "listening", "0.0.0.0:22"),
    ]
    process(host, 80, "/usr/bin/rsync", "rsync.service", sockets=[11, 12], net={"tcp": table})
    process(host, 81, "/usr/sbin/sshd", "ssh.service", sockets=[13], net={"tcp": table})
    assert found(host, "rsync.service") == {Socket("tcp", "0.0.0.0", 873), Socket("tcp", "10.0.0.2", 873, "10.0.0.9", 40000)}
    assert found(host, "ssh.service") == {Socket("tcp", "0.0.0.0", 22)}
    assert found(host, "cups.service") == set()


def test_addresses_of_ipv6_and_those_of_ipv4_in_them_are_read(tree):
    host = tree()
    lines = [
        socket(11, "listening", "[::]:631"),
        socket(12, "connected", "[2001:db8::2]:631", "[2001:db8::9]:50000"),
        socket(13, "connected", "[::ffff:10.0.0.2]:631", "[::ffff:10.0.0.9]:50001"),
    ]
    process(host, 80, "/usr/sbin/cupsd", "cups.service", sockets=[11, 12, 13], net={"tcp6": lines})
    assert {(each.address, each.peer) for each in found(host, "cups.service")} == {
        ("::", ""),
        ("2001:db8::2", "2001:db8::9"),
        ("10.0.0.2", "10.0.0.9"),
    }


def test_only_what_other_machines_reach_is_public():
    assert Socket("tcp", "0.0.0.0", 873).public
    assert Socket("udp", "::", 161).public
    assert not Socket("tcp", "127.0.0.1", 631).public
    assert not Socket("tcp", "::1", 631).public
    assert not Socket("tcp", "10.0.0.2", 873, "10.0.0.9", 40000).public
    assert not Socket("udp", "0.0.0.0", 40404).public, "a client that waits for its answer"


def test_a_connection_of_a_unit_with_itself_serves_nobody():
    server, client = Socket("tcp", "127.0.0.1", 5432, "127.0.0.1", 40000), Socket("tcp", "127.0.0.1", 40000, "127.0.0.1", 5432)
    assert connections({server, client}) == []
    assert connections({server}) == [server]


def test_instances_of_a_socket_belong_to_its_service_and_a_process_that_ends_to_nobody(tree):
    host = tree({"/proc/99/status": ""})
    process(host, 80, "/usr/sbin/in.tftpd", "tftp@3-10.0.0.2:69-10.0.0.9:40.service")
    assert [each.number for each in Processes(host).of("tftp.service")] == [80]
    assert [each.number for each in Processes(host).all] == [80]
