# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The controls of portability take their values from the descriptions of platforms, and from nowhere else."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.settings import by_kind
from ansible_collections.hygeia.golden.plugins.module_utils.kinds import KINDS
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.hardware import drivers
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.fitted import fitted

CATALOGUE = Catalogue()
PORTABLE = CATALOGUE.resolve("portable")
AGENTS = [agent for agent in CATALOGUE.agents.values() if agent["class"] == "guest_tools"]


def settings(*platforms):
    """What these platforms ask for, by kind."""
    known = [CATALOGUE.platforms[each] if isinstance(each, str) else each for each in platforms]
    return {kind: dict(values) for kind, values in by_kind(map(Control.load, fitted(PORTABLE, known, AGENTS))).items()}


@pytest.mark.parametrize("platform", CATALOGUE.platforms)
def test_every_device_of_a_platform_finds_its_driver(platform):
    found, asked = settings(platform), CATALOGUE.platforms[platform]
    early = {driver for device in asked["disks"] for driver in drivers(device)}
    late = {driver for device in asked["networks"] for driver in drivers(device)}
    assert early == set(found["initramfs"]["modules"])
    assert early | late <= set(found["kernel_drivers"]["modules"])
    assert set(asked.get("datasources", [])) == set(found.get("cloud_init", {}).get("datasources", []))


def test_several_platforms_get_what_each_asks_for():
    found = settings("kvm", "vmware", "azure", "gcp")
    assert found["platform_cmdline"] == {"console": ["tty0", "ttyS0,115200"], "earlyprintk": "ttyS0", "quiet": False, "rhgb": False}
    assert found["package"] == {
        "linux-image-amd64": "present",
        "cloud-init": "present",
        "qemu-guest-agent": "present",
        "open-vm-tools": "present",
        "google-guest-agent": "present",
    }
    assert "udf" in found["kernel_drivers"]["modules"]


def test_cloud_init_is_not_installed_where_no_platform_needs_it():
    found = settings("vmware", "hyperv")
    assert "cloud-init" not in found["package"] and found["cloud_init"]["datasources"] == ["VMware", "OVF", "NoCloud", "Azure"]
    assert "platform_cmdline" not in found


def test_a_site_adds_its_own_platform_and_its_controls_follow():
    found = settings(
        {"id": "xcp-ng", "title": "XCP-ng", "firmware": ["bios"], "disks": ["xen-blk"], "networks": ["xen-net"], "console": "hvc0"}
    )
    assert found["initramfs"]["modules"] == ["xen_blkfront"]
    assert found["platform_cmdline"] == {"console": ["tty0", "hvc0"]}
    assert found["package"] == {"linux-image-amd64": "present"} and "cloud_init" not in found


def test_other_controls_stay_as_they_are():
    others = CATALOGUE.resolve("minimal")
    assert fitted(others, list(CATALOGUE.platforms.values()), AGENTS) == others


def test_no_profile_but_its_own_has_them():
    for profile in CATALOGUE.profiles:
        chosen = {control["id"] for control in CATALOGUE.resolve(profile)}
        assert profile == "portable" or not chosen & {control["id"] for control in PORTABLE}


def test_every_platform_together_is_what_the_kinds_accept(tree):
    for kind, wanted in settings(*CATALOGUE.platforms).items():
        host = tree()
        host.answers["sh"] = "\0\0"
        KINDS[kind](host).plan(wanted, partial=True)
