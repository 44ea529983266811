# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control


def test_what_is_left_out_applies_everywhere_at_every_stage():
    control = Control.load({"id": "a", "settings": {"sysctl": {"x": 1}}})
    assert (control.applies_to, control.stages) == ({}, ("offline", "boot", "live"))


def test_every_one_of_several_packages_must_be_installed(tree):
    status = "Package: one\nStatus: install ok installed\nVersion: 1\n\nPackage: two\nStatus: deinstall ok config-files\nVersion: 1\n\n"
    host = tree({"/var/lib/dpkg/status": status})
    assert Control("a", {}, {"package": "one"}).irrelevant(host) == ""
    assert Control("a", {}, {"package": ["one", "two"]}).irrelevant(host) == "two is not installed"


def test_none_of_the_packages_may_be_installed_that_a_control_is_without(tree):
    host = tree({"/var/lib/dpkg/status": "Package: one\nStatus: install ok installed\nVersion: 1\n\n"})
    assert Control("a", {}, {"without": "two"}).irrelevant(host) == ""
    assert Control("a", {}, {"without": ["two", "one"]}).irrelevant(host) == "one is installed"


def test_what_needs_a_kernel_of_its_own_leaves_containers_out(tree):
    control = Control("a", {}, {"kernel": "own"})
    assert control.irrelevant(tree(booted=True)) == ""
    assert control.irrelevant(tree(booted=True, container=True)) == "a container has no kernel of its own"


def test_a_variant_replaces_kinds_and_leaves_out_those_with_nothing_under_them():
    control = Control(
        "a", {"pam": {"x": 1}, "sysctl": {"y": 2}}, variants={"rhel": {"pam": {}, "authselect": {"z": True}}, "rhel-9": {"pam": {"x": 3}}}
    )
    assert control.on(["debian-12", "debian"]) is control
    assert control.on(["rhel-10", "rhel"]).settings == {"sysctl": {"y": 2}, "authselect": {"z": True}}
    assert control.on(["rhel-9", "rhel"]).settings == {"pam": {"x": 3}, "sysctl": {"y": 2}}


def test_a_control_for_a_system_leaves_the_others_out(tree):
    host = tree({"/etc/os-release": 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n'})
    assert Control("a", {}, {"os": "debian"}).irrelevant(host) == ""
    assert Control("a", {}, {"os": ["debian-12", "rhel"]}).irrelevant(host) == "meant for debian-12 and rhel, not for ubuntu"
