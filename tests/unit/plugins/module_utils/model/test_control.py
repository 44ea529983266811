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


def test_what_needs_a_kernel_of_its_own_leaves_containers_out(tree):
    control = Control("a", {}, {"kernel": "own"})
    assert control.irrelevant(tree(booted=True)) == ""
    assert control.irrelevant(tree(booted=True, container=True)) == "a container has no kernel of its own"
