# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.kinds import main_file
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.network.network_manager import NetworkManager
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.tests.tamper import network_manager as tampering

DIRECTORY = "/etc/systemd/network"
LAN = f"{DIRECTORY}/20-lan.network"
CONNECTION = "/etc/NetworkManager/system-connections/lan.nmconnection"
FALLBACK = "/etc/NetworkManager/system-connections/zz-hygeia.nmconnection"
INTERFACES = "/etc/network/interfaces"
DHCPCD = "/etc/dhcpcd.conf"
NM_CONF = "/etc/NetworkManager/NetworkManager.conf"
NONE_MADE_UP = {NM_CONF: "[main]\nno-auto-default=*\n"}
LAN_TEXT = "[Match]\nName=en*\n\n[Network]\nDHCP=ipv4\n"
IGNORED = Control("ra", {"network_manager": {"router_advertisements": "ignored"}})
KEPT = Control("forwarding", {"network_manager": {"forwarding": "disabled"}})


def using(unit, files):
    """The files of a system that enables a unit."""
    found = {"NetworkManager.service": "multi-user", "systemd-networkd.service": "multi-user"}.get(unit, "network-online")
    return {
        f"/lib/systemd/system/{unit}": "[Install]\nWantedBy=multi-user.target\n",
        f"/etc/systemd/system/{found}.target.wants/{unit}": "",
        **files,
    }


def networkd(files):
    return using("systemd-networkd.service", files)


def looked(host, control=IGNORED):
    return audit(host, [control], "live" if host.booted else "offline")[0]


# -- systemd-networkd -----------------------------------------------------------------


def test_networkd_is_configured_in_a_drop_in_of_each_file(tree):
    host = tree(networkd({LAN: LAN_TEXT, "/run/systemd/network/10-netplan-ens3.network": LAN_TEXT}))
    record = looked(host)
    assert record["status"] == "fail" and "does not say IPv6AcceptRA=no" in record["message"]
    places = [f"{DIRECTORY}/10-netplan-ens3.network.d/zz-hygeia.conf", f"{LAN}.d/zz-hygeia.conf"]
    assert [change.target for change in enforce(host, [IGNORED]).changes] == places
    assert host.lines(places[1])[-2:] == ["[Network]", "IPv6AcceptRA=no"]
    assert enforce(host, [IGNORED]).changes == []
    assert looked(host)["status"] == "pass"


def test_what_netplan_makes_for_networkd_is_reported_too(tree):
    devices = (
        "  ethernets:\n    all-en:\n      match: {name: en*}\n      dhcp4: true\n    ens5: {dhcp4: true}\n  vlans:\n    v5:\n      id: 5\n"
    )
    text = f"# x\nnetwork:\n  version: 2\n{devices}"
    host = tree(networkd({"/etc/netplan/90-default.yaml": text}))
    enforce(host, [IGNORED])
    assert host.glob(f"{DIRECTORY}/*") == [f"{DIRECTORY}/10-netplan-{name}.network.d" for name in ("all-en", "ens5", "v5")]
    assert looked(host)["status"] == "pass"


@pytest.mark.parametrize(
    ("lines", "drop_ins", "status"),
    [
        ("IPv6AcceptRA=no", {}, "pass"),
        ("IPv6AcceptRA = false ", {}, "pass"),
        ("#IPv6AcceptRA=no", {}, "fail"),
        ("IPv6AcceptRA=no", {"zzz.conf": "[Network]\nIPv6AcceptRA=yes\n"}, "fail"),
        ("IPv6AcceptRA=yes", {"zzz.conf": "[Network]\nIPv6AcceptRA=no\n"}, "pass"),
        ("IPv6AcceptRA=yes", {"zzz.conf": "[IPv6AcceptRA]\nUseDNS=no\n"}, "fail"),
    ],
)
def test_the_last_drop_in_counts(tree, lines, drop_ins, status):
    files = {f"{LAN}.d/{name}": text for name, text in drop_ins.items()}
    assert looked(tree(networkd({LAN: f"{LAN_TEXT}{lines}\n", **files})))["status"] == status


@pytest.mark.parametrize("line", ["IPForward=yes", "IPForward=ipv4", "IPv6Forwarding=1", "IPMasquerade=both"])
def test_networkd_passes_packets_on_whatever_the_kernel_was_configured(tree, line):
    host = tree(networkd({LAN: f"{LAN_TEXT}{line}\n"}))
    assert looked(host, KEPT)["message"] == f"{LAN} has systemd-networkd pass packets on ({line.split('=')[0]})"
    enforce(host, [KEPT, IGNORED])
    assert [looked(host, control)["status"] for control in (KEPT, IGNORED)] == ["pass", "pass"]
    assert enforce(host, [KEPT, IGNORED]).changes == []


def test_a_network_that_nobody_sets_up_needs_nothing(tree):
    host = tree({LAN: LAN_TEXT})
    assert enforce(host, [IGNORED]).changes == []
    assert looked(host)["status"] == "not_applicable"


# -- the others -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("unit", "path", "text", "control", "message"),
    [
        ("NetworkManager", CONNECTION, "[ipv6]\nmethod=auto\n", IGNORED, "nmcli connection modify lan"),
        ("NetworkManager", CONNECTION, "[ipv4]\nmethod=auto\n", IGNORED, "nmcli connection modify lan"),
        ("NetworkManager", CONNECTION, "[ipv6]\nmethod=manual\n", IGNORED, ""),
        ("NetworkManager", CONNECTION, "[ipv4]\nmethod=shared\n", KEPT, "shares the network"),
        ("networking", "/etc/network/interfaces", "auto eth0\niface eth0 inet6 auto\n", IGNORED, "/etc/network/interfaces:2 has ifupdown"),
        ("networking", "/etc/network/interfaces", "iface eth0 inet6 auto\n  accept_ra 0\n", IGNORED, ""),
        ("networking", "/etc/network/interfaces", "iface eth0 inet6 static\n  address fd00::1\n", IGNORED, ""),
        (
            "networking",
            "/etc/network/interfaces.d/x",
            "iface eth0 inet dhcp\niface eth0 inet6 dhcp\n",
            IGNORED,
            "/etc/network/interfaces.d/x:2 has",
        ),
        ("dhcpcd", "/etc/dhcpcd.conf", "slaac private\n", IGNORED, "does not say noipv6rs"),
        ("dhcpcd", "/etc/dhcpcd.conf", "noipv6rs\n", IGNORED, ""),
    ],
)
def test_each_program_has_its_own_switch(tree, unit, path, text, control, message):
    record = looked(tree(using(f"{unit}.service", {INTERFACES: "source interfaces.d/*\n", **NONE_MADE_UP, path: text})), control)
    assert (record["status"], message in record["message"]) == ("fail" if message else "pass", True)


def written(host, *controls):
    """What enforcing writes, done twice: the second time nothing."""
    changes = [change.target for change in enforce(host, list(controls)).changes]
    assert enforce(host, list(controls)).changes == []
    return changes


@pytest.mark.parametrize(
    ("unit", "path", "text", "after"),
    [
        (
            "NetworkManager",
            CONNECTION,
            "[connection]\nid=lan\n\n[ipv6]\nmethod=auto\naddr-gen-mode=eui64\n",
            "addr-gen-mode=eui64\nBEGIN\n[ipv6]\nmethod=link-local\nEND\n",
        ),
        ("NetworkManager", CONNECTION, "[connection]\nid=lan", "id=lan\nBEGIN\n[ipv6]\nmethod=link-local\nEND"),
        ("networking", INTERFACES, "iface e inet dhcp\niface e inet6 auto\n", "iface e inet6 auto\nBEGIN\n    accept_ra 0\nEND\n"),
        (
            "networking",
            INTERFACES,
            "iface e inet dhcp\niface e inet6 \\\n static\n  address fd00::1\n  accept_ra \\\n  2\niface f inet6 auto",
            "static\nBEGIN\n    accept_ra 0\nEND\n  address fd00::1\n#hygeia.golden#   accept_ra \\\n#hygeia.golden#   2\n"
            "iface f inet6 auto\nBEGIN\n    accept_ra 0\nEND",
        ),
        ("dhcpcd", DHCPCD, "duid\ninterface e\nipv6rs\n", "BEGIN\nnoipv6rs\nEND\nduid\ninterface e\n#hygeia.golden# ipv6rs\n"),
    ],
)
def test_each_program_is_configured_in_its_own_file_and_it_can_be_had_back(tree, unit, path, text, after):
    host = tree(using(f"{unit}.service", {**NONE_MADE_UP, path: text}))
    assert looked(host)["status"] == "fail"
    assert written(host, IGNORED) == [path]
    assert host.read(path).replace(main_file.BEGIN, "BEGIN").replace(main_file.END, "END").endswith(after)
    assert looked(host)["status"] == "pass"
    assert written(host) == [path]
    assert host.read(path) == text


def test_nothing_is_written_for_a_program_that_is_not_used(tree):
    host = tree(using("dhcpcd.service", {DHCPCD: "duid\n", INTERFACES: "iface e inet6 auto\n", CONNECTION: "[ipv6]\nmethod=auto\n"}))
    assert written(host, IGNORED) == [DHCPCD]


def test_ifupdown_asks_dhcpcd_for_addresses_where_there_is_nothing_else(tree):
    host = tree(using("networking.service", {INTERFACES: "iface e inet dhcp\n", DHCPCD: "duid\n", "/usr/sbin/dhcpcd": ""}))
    os.chmod(host.path("/usr/sbin/dhcpcd"), 0o755)
    assert looked(host)["read_from"] == DHCPCD
    assert written(host, IGNORED) == [DHCPCD]


@pytest.mark.parametrize("line", ["up sysctl -w net.ipv6.conf.e.accept_ra=2", "pre-up echo 1 > /proc/sys/net/ipv6/conf/e/accept_ra"])
def test_a_command_of_a_stanza_is_reported_and_left(tree, line):
    host = tree(using("networking.service", {INTERFACES: f"iface e inet dhcp\n  {line}\n"}))
    assert written(host, IGNORED) == []
    assert looked(host)["message"].startswith("/etc/network/interfaces:2 runs a command that has e take routes")


def test_a_connection_that_networkmanager_would_make_up_is_there_before(tree):
    host = tree(using("NetworkManager.service", {}))
    assert "makes a connection up" in looked(host)["message"]
    assert written(host, IGNORED) == [FALLBACK]
    assert os.stat(host.path(FALLBACK)).st_mode & 0o777 == 0o600
    assert looked(host)["status"] == "pass"
    assert written(host) == [FALLBACK] and not host.exists(FALLBACK)


def test_a_vendors_profile_is_changed_in_a_copy(tree):
    vendor = CONNECTION.replace("/etc", "/usr/lib")
    text = "[connection]\nuuid=7d1f3a52-0001-4b58-9e55-6a2b7d1c8e04\n[ipv6]\nmethod=auto\n"
    host = tree(using("NetworkManager.service", {**NONE_MADE_UP, vendor: text}))
    assert written(host, IGNORED) == [CONNECTION]
    assert host.read(vendor) == text and looked(host)["status"] == "pass"


def test_networkmanager_passes_nothing_on(tree):
    host = tree(using("NetworkManager.service", {**NONE_MADE_UP, CONNECTION: "[ipv4]\nforwarding=yes\n[ipv6]\nmethod=auto\n"}))
    assert looked(host, KEPT)["status"] == "fail"
    written(host, KEPT)
    assert [looked(host, control)["status"] for control in (KEPT, IGNORED)] == ["pass", "fail"]
    enforce(host, [IGNORED], partial=True)
    assert [looked(host, control)["status"] for control in (KEPT, IGNORED)] == ["pass", "pass"]


@pytest.mark.parametrize(
    ("lines", "status"),
    [("", "fail"), ("IPV6_AUTOCONF=no\n", "pass"), ('IPV6INIT="no"\n', "pass"), ("IPV6_DISABLED=yes\n", "pass"), ("BRIDGE=b\n", "pass")],
)
def test_network_scripts_are_looked_at(tree, lines, status):
    files = {"/etc/sysconfig/network-scripts/ifcfg-ens3": f"DEVICE=ens3\n{lines}", **NONE_MADE_UP}
    assert looked(tree(using("NetworkManager.service", files)))["status"] == status


@pytest.mark.parametrize(
    ("unit", "path", "text"),
    [
        ("networking", INTERFACES, "iface e inet manual\niface e inet6 auto\n"),
        ("NetworkManager", CONNECTION, "[ipv4]\nmethod=disabled\n"),
        ("dhcpcd", DHCPCD, "ipv6only\n"),
        ("systemd-networkd", LAN, "[Match]\nName=en*\n\n[Network]\nDHCP=ipv6\n"),
    ],
)
def test_a_template_keeps_its_only_address(tree, unit, path, text):
    host = tree(using(f"{unit}.service", {**NONE_MADE_UP, path: text}))
    outcome = enforce(host, [IGNORED]).outcomes[0]
    assert outcome["outcome"] == "refused" and "gives this system its only address" in outcome["message"]
    assert host.read(path) == text


# -- running hosts --------------------------------------------------------------------

ROUTE = "default via fe80::1 dev ens3 proto ra metric 1024 expires 1790sec pref medium\n"
RUNS = "Id=systemd-networkd.service\nActiveState=active\nType=notify\nResult=success\nConditionResult=yes\nTriggeredBy=\n"


def running(tree, route):
    host = tree(
        {LAN: f"{LAN_TEXT}IPv6AcceptRA=no\n", "/usr/sbin/ip": ""},
        booted=True,
        answers={
            "systemctl list-unit-files --no-legend --no-pager --full": "systemd-networkd.service enabled enabled\n",
            "systemctl": RUNS,
            "ip": route,
            "networkctl": "",
        },
    )
    os.chmod(host.path("/usr/sbin/ip"), 0o755)
    return host


def test_routes_have_the_last_word(tree):
    record = looked(running(tree, ROUTE))
    assert (record["status"], record["message"]) == ("fail", "ens3 has its IPv6 route from a router's advertisements")
    assert looked(running(tree, ""))["status"] == "pass"


def test_the_way_to_a_host_is_asked_for_first(tree):
    host = running(tree, ROUTE)
    host.write(LAN, LAN_TEXT)
    assert enforce(host, [IGNORED]).outcomes[0]["outcome"] == "refused"
    assert enforce(host, [IGNORED], force=["ra"]).outcomes[0]["outcome"] == "changed"
    assert ["networkctl", "reload"] in host.ran


def test_files_are_as_they_were_where_a_program_refuses_them(tree):
    said = CommandResult(1, "", "bad file")
    host = tree(
        {CONNECTION: "[ipv6]\nmethod=auto\n", **NONE_MADE_UP},
        booted=True,
        answers={
            "systemctl list-unit-files --no-legend --no-pager --full": "NetworkManager.service enabled enabled\n",
            "systemctl": RUNS.replace("systemd-networkd", "NetworkManager"),
            "nmcli": said,
        },
    )
    outcome = enforce(host, [IGNORED]).outcomes[0]
    assert outcome["message"] == "nmcli did not put the changed files into force: bad file; the former files are back"
    assert (outcome["outcome"], outcome["changed"]) == ("failed", [])
    assert host.read(CONNECTION) == "[ipv6]\nmethod=auto\n"


def test_what_means_nothing_is_refused(tree):
    with pytest.raises(BadSetting, match="router_advertisements: accepted means nothing"):
        NetworkManager(tree()).plan({"router_advertisements": "accepted"})


@pytest.mark.parametrize("control", [IGNORED, KEPT])
def test_the_outside_hand_is_noticed(tree, control):
    host = tree(networkd({LAN: LAN_TEXT}))
    enforce(host, [IGNORED, KEPT])
    assert looked(host, control)["status"] == "pass"
    tampering.tamper(host.root, next(iter(control.settings["network_manager"])), "")
    assert looked(host, control)["status"] == "fail"
