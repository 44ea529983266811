# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files that know one network card."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.portability.names import names
from ansible_collections.hygeia.golden.plugins.module_utils.system import boot_menu

UDEV = 'SUBSYSTEM=="net", ACTION=="add", ATTR{address}=="52:54:00:12:34:56", NAME="eth0"\n'
PROFILE = "[connection]\nid=one\ntype=ethernet\n{}\n[ethernet]\n{}\n"
OLD_NAMES = {"/boot/grub/grub.cfg": "linux /vmlinuz-6.1 root=UUID=1 net.ifnames=0\n"}


@pytest.mark.parametrize(
    "path,text,message",
    [
        ("/etc/udev/rules.d/70-persistent-net.rules", UDEV, "rules:1 knows a card by its address 52:54:00:12:34:56"),
        ("/etc/udev/rules.d/70-persistent-net.rules", f"# {UDEV}", ""),
        ("/etc/udev/rules.d/70-any.rules", 'ATTR{address}=="52:54:*", RUN+="/bin/true"\n', ""),
        ("/etc/systemd/network/10-lan.link", "[Match]\nMACAddress=52:54:00:12:34:56\n[Link]\nName=lan0\n", "by its address"),
        ("/etc/systemd/network/10-lan.link", "[Match]\nOriginalName=*\n[Link]\nNamePolicy=keep\n", ""),
        ("/etc/systemd/network/20.network", "[Match]\nName=ens192\n", "by the name ens192"),
        ("/etc/systemd/network/20.network", "[Match]\nName=en* eth*\n", ""),
        ("/etc/systemd/network/20.network", "[Match]\nName=!lo\n", ""),
        ("/etc/systemd/network/20.network", "[Match]\nPermanentMACAddress=52:54:00:12:34:56\n", "by its address"),
        ("/etc/systemd/network/20.network", "[Network]\nName=ens192\n", ""),
        ("/etc/NetworkManager/system-connections/a.nmconnection", PROFILE.format("interface-name=ens192", ""), "by the name ens192"),
        ("/etc/NetworkManager/system-connections/a.nmconnection", PROFILE.format("", "mac-address=52:54:00:12:34:56"), "by its address"),
        ("/etc/NetworkManager/system-connections/a.nmconnection", PROFILE.format("", ""), ""),
        ("/etc/sysconfig/network-scripts/ifcfg-ens192", "DEVICE=ens192\nONBOOT=yes\n", "by the name ens192"),
        ("/etc/sysconfig/network-scripts/ifcfg-eth", 'HWADDR="52:54:00:12:34:56"\n', "by its address"),
        (
            "/etc/network/interfaces",
            "auto lo\niface lo inet loopback\niface ens192 inet dhcp\n",
            "interfaces:3 knows a card by the name ens192",
        ),
        ("/etc/network/interfaces", "auto /en*\niface en* inet dhcp\n", ""),
        ("/etc/netplan/01.yaml", "network:\n  version: 2\n  ethernets:\n    ens192:\n      dhcp4: true\n", "by the name ens192"),
        (
            "/etc/netplan/01.yaml",
            "network:\n  ethernets:\n    lan:\n      match:\n        macaddress: 52:54:00:12:34:56\n      dhcp4: true\n",
            "01.yaml:5 knows a card by its address",
        ),
        ("/etc/netplan/01.yaml", "network:\n  ethernets:\n    all:\n      match: {name: en*}\n      dhcp4: true\n", ""),
        ("/etc/netplan/01.yaml", "network: [\n", "not understood"),
    ],
)
def test_a_file_that_fits_one_card_only(tree, path, text, message):
    answer = names(tree({path: text}), [])
    assert message in answer.message
    assert answer.status == ("fail" if message else "pass")
    assert answer.observed["bound to a card"] == ([answer.message.split(" knows")[0]] if message else [])


@pytest.mark.parametrize("files,status", [({}, "fail"), (OLD_NAMES, "pass")])
def test_the_kernels_own_names_last_where_nothing_renames_them(tree, files, status):
    host = tree({"/etc/network/interfaces": "iface eth0 inet dhcp\n", **files})
    assert names(host, boot_menu.starts(host)).status == status
