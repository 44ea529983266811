# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
import stat

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.tests.tamper import hardware_address

CONTROL = Control("addresses", {"hardware_address": {"profiles": []}})
KEY_FILE = "/etc/NetworkManager/system-connections/ens3.nmconnection"
SCRIPT = "/etc/sysconfig/network-scripts/ifcfg-ens3"
NETPLAN = "/etc/netplan/00-installer-config.yaml"
LINK = "/etc/systemd/network/10-lan.link"
# Each format with an address, and without it where the profile is complete without.
TIED = {
    KEY_FILE: (hardware_address.PROFILE, hardware_address.PROFILE.replace("mac-address=52:54:00:12:34:56\n", "")),
    SCRIPT: ('DEVICE=ens3\nHWADDR="52:54:00:12:34:56"\nBOOTPROTO=dhcp\n', "DEVICE=ens3\nBOOTPROTO=dhcp\n"),
    NETPLAN: ('network:\n  ethernets:\n    ens3:\n      match:\n        macaddress: "52:54:00:12:34:56"\n      set-name: ens3\n', None),
    LINK: ("[Match]\nPermanentMACAddress=52:54:00:12:34:56\n\n[Link]\nName=lan\n", None),
}
FREE = {
    KEY_FILE: "[connection]\nid=ens3\n\n[ethernet]\ncloned-mac-address=stable\n# mac-address=52:54:00:12:34:56\n",
    SCRIPT: "DEVICE=ens3\n#HWADDR=52:54:00:12:34:56\n",
    NETPLAN: "network:\n  ethernets:\n    ens3:\n      dhcp4: true # macaddress: 52:54:00:12:34:56\n",
    LINK: "[Match]\nOriginalName=*\n[Link]\nMACAddressPolicy=persistent\n",
}


def record(host, control=CONTROL):
    return audit(host, [control], "offline")[0]


@pytest.mark.parametrize("path", TIED)
def test_a_profile_that_fits_one_machine_is_found(tree, path):
    found = record(tree({path: TIED[path][0]}))
    assert (found["status"], found["message"]) == ("fail", f"{path} names a hardware address")


@pytest.mark.parametrize("path", [KEY_FILE, SCRIPT])
def test_the_line_is_removed_and_nothing_else(tree, path):
    tied, free = TIED[path]
    host = tree({path: tied})
    os.chmod(host.path(path), 0o600)
    (change,) = enforce(host, [CONTROL]).changes
    assert "52:54:00:12:34:56" in change.before and "method" not in change.before
    assert host.read(path) == free and stat.S_IMODE(os.stat(host.path(path)).st_mode) == 0o600
    assert record(host)["status"] == "pass" and enforce(host, [CONTROL]).changes == []


@pytest.mark.parametrize("path", [NETPLAN, LINK])
def test_a_device_that_is_found_by_its_address_is_left_to_its_author(tree, path):
    host = tree({path: TIED[path][0]})
    (outcome,) = enforce(host, [CONTROL]).outcomes
    assert outcome["outcome"] == "refused" and f"{path} finds a device by its hardware address" in outcome["message"]
    assert host.read(path) == TIED[path][0] and record(host)["status"] == "fail"


def test_comments_policies_and_no_profiles_name_no_address(tree):
    assert record(tree())["status"] == "pass"
    assert record(tree(FREE))["status"] == "pass"


def test_a_site_may_allow_a_file(tree):
    allowed = Control("addresses", {"hardware_address": {"profiles": [LINK]}})
    host = tree({LINK: TIED[LINK][0]})
    assert record(host, allowed)["status"] == "pass"
    assert enforce(host, [allowed]).outcomes[0]["outcome"] == "unchanged"


@pytest.mark.parametrize("settings", [{"cards": []}, {"profiles": "none"}, {"profiles": ["relative"]}])
def test_settings_that_mean_nothing(tree, settings):
    assert record(tree(), Control("odd", {"hardware_address": settings}))["status"] == "error"
