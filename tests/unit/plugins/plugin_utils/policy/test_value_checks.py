# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.value_checks import error

CONTROLS = list(Catalogue().controls.values())


@pytest.mark.parametrize("control", CONTROLS, ids=lambda control: control["id"])
def test_every_setting_of_the_collection_can_be_expressed(control):
    faces = [control["settings"], *control["variants"].values()]
    problems = [error(kind, name, value) for face in faces for kind, values in face.items() for name, value in values.items()]
    assert [problem for problem in problems if problem] == []


@pytest.mark.parametrize("control", [control for control in CONTROLS if control["variants"]], ids=lambda control: control["id"])
def test_on_no_system_a_control_of_the_collection_is_left_with_nothing_to_look_at(control):
    """It would be reported as not checked, without a word; applies_to says where a control means nothing."""
    assert all(Control.load(control).on([system]).settings for system in control["variants"])


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        ("package", "nginx", "here"),
        ("file", "etc/nginx", {"mode": "0600"}),
        ("file", "/etc/nginx", {"mode": 600}),
        ("file", "/etc/nginx", "0600"),
        ("mount", "/data", "nodev"),
        ("pam", "faillock.denny", 3),
        ("sshd", "Max Auth Tries", 3),
        ("systemd_conf", "Storage", "none"),
        ("audit_rule", "logins", "watch /etc"),
        ("kernel_module", "usb_storage", "off"),
        ("system_state", "open_ports", []),
        ("nftables", "input", "deny"),
        ("login_defs", "umask", "027"),
        ("service", "nginx", "up"),
        ("sysctl", "kernel.panic", [10]),
    ],
)
def test_a_setting_that_no_kind_could_write_is_reported(kind, name, value):
    assert error(kind, name, value)


def test_what_only_the_software_knows_is_left_to_it():
    assert error("sshd", "Ciphers", ["no-such-cipher"]) == ""
    assert error("sudo", "no_such_default", "yes") == ""
