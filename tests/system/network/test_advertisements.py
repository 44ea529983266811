# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A router that advertises itself to a guest whose network each of the programs sets up. These tests need root, radvd and a mirror."""

from __future__ import annotations

import os
import subprocess
import time

import pytest
from ansible_collections.hygeia.golden.tests.system.ask.conftest import Guest

RADVD = "interface ra0 { AdvSendAdvert on; MinRtrAdvInterval 3; MaxRtrAdvInterval 4; prefix 2001:db8:1::/64 {}; };\n"
LAN = "[Match]\nName=eth0\n\n[Network]\nLinkLocalAddressing=ipv6\n"
DHCPCD = "[Service]\nExecStart=/usr/sbin/dhcpcd -B -q eth0\n[Install]\nWantedBy=multi-user.target\n"
PROFILE = """[connection]
id=lan
uuid=7d1f3a52-0001-4b58-9e55-6a2b7d1c8e04
type=ethernet
interface-name=eth0

[ipv4]
method=manual
address1=192.0.2.7/24

[ipv6]
method=auto
"""
# What starts each of the programs, and how it is configured.
OTHERS = {
    "NetworkManager": ("/etc/NetworkManager/system-connections/lan.nmconnection", PROFILE, 0o600),
    "networking": ("/etc/network/interfaces", "auto eth0\niface eth0 inet static\n  address 192.0.2.7/24\niface eth0 inet6 auto\n", 0o644),
    "dhcpcd": ("/etc/dhcpcd.conf", "noarp\nstatic ip_address=192.0.2.7/24\ninterface eth0\nipv6rs\n", 0o644),
}
IGNORED = {"network_manager": {"router_advertisements": "ignored"}}


@pytest.fixture(scope="module")
def guest(root):
    """A guest on a cable with a router, each in a network of its own."""
    (root / "etc/systemd/network/20-lan.network").write_text(LAN, encoding="ascii")
    (root / "etc/systemd/system/dhcpcd.service").write_text(DHCPCD, encoding="ascii")
    waits = [f"{name}-wait-online.service" for name in ("systemd-networkd", "NetworkManager")]
    for command in (["mask", *waits], ["disable", *(f"{name}.service" for name in OTHERS)], ["enable", "systemd-networkd.service"]):
        subprocess.run(["chroot", root, "systemctl", *command], check=True, capture_output=True)
    found = Guest(root)
    router = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])  # pylint: disable=consider-using-with
    daemon = _advertise(found, router.pid, root.parent)
    yield found
    for process in (daemon, router):
        process.kill()
        process.wait(20)
    found.end()


def _advertise(guest, router, directory):
    """Connect both, and start the router's daemon."""
    configuration = directory / "radvd.conf"
    configuration.write_text(RADVD, encoding="ascii")
    while os.readlink(f"/proc/{router}/ns/net") == os.readlink("/proc/self/ns/net"):
        time.sleep(0.05)  # until it has its own
    network = [*guest.enter[:3], "--net"]
    subprocess.run([*network, "ip", "link", "add", "eth0", "type", "veth", "peer", "name", "ra0", "netns", str(router)], check=True)
    subprocess.run([*network, "ip", "link", "set", "eth0", "up"], check=True)
    inside = ["nsenter", "--target", str(router), "--net"]
    subprocess.run([*inside, "ip", "link", "set", "ra0", "up"], check=True)
    command = [
        *inside,
        "radvd",
        "--nodaemon",
        "--config",
        configuration,
        "--pidfile",
        directory / "radvd.pid",
        "--logmethod",
        "stderr_clean",
    ]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)  # pylint: disable=consider-using-with


def routes(guest, wanted, patience=30):
    """The routes that a router advertised, once there are some, or none any more, as ``wanted``."""
    end = time.monotonic() + patience
    while bool(found := guest.run("ip", "-6", "route", "show", "proto", "ra").stdout) != wanted and time.monotonic() < end:
        time.sleep(0.5)
    return found


def has_its_own_address(guest, patience=10):
    """Has the guest, or soon again, the address that no router gave it?"""
    end = time.monotonic() + patience
    while not (found := "192.0.2.7/24" in guest.run("ip", "address", "show", "dev", "eth0").stdout) and time.monotonic() < end:
        time.sleep(0.2)
    return found


def test_networkd_takes_routes_though_the_kernel_does_not_until_it_is_configured(guest):
    assert "default via fe80:" in routes(guest, True)
    assert guest.run("cat", "/proc/sys/net/ipv6/conf/eth0/accept_ra").stdout == "0\n"
    outcome = guest.enforce(**IGNORED)
    assert (outcome["outcome"], outcome["overridable"]) == ("refused", ["in_use"]), outcome
    assert "eth0 has its IPv6 route from a router's advertisements" in outcome["message"]
    assert "default via fe80:" in routes(guest, True)
    assert guest.enforce(force=["c"], **IGNORED)["outcome"] == "changed"
    assert routes(guest, False) == ""
    assert guest.enforce(**IGNORED)["outcome"] == "unchanged"


@pytest.mark.parametrize("program", OTHERS)
def test_the_others_take_routes_until_they_are_configured(guest, program):
    path, text, mode = OTHERS[program]
    for each in ("systemd-networkd.socket", "systemd-networkd.service", *(f"{name}.service" for name in OTHERS)):
        guest.run("systemctl", "disable", "--now", each)
    guest.run("ip", "address", "flush", "dev", "eth0")
    guest.run("ip", "-6", "route", "flush", "proto", "ra")
    guest.write(path, text, mode)
    started = guest.run("systemctl", "enable", "--now", f"{program}.service")
    assert started.returncode == 0 and "default via fe80:" in routes(guest, True), guest.run("journalctl", "-u", program).stdout
    outcome = guest.enforce(**IGNORED)
    assert (outcome["outcome"], outcome["overridable"]) == ("refused", ["in_use"]), outcome
    outcome = guest.enforce(force=["c"], **IGNORED)
    assert outcome["outcome"] == "changed" and path in outcome["changed"], outcome
    assert routes(guest, False) == ""
    assert guest.enforce(**IGNORED)["outcome"] == "unchanged"
    assert has_its_own_address(guest)
