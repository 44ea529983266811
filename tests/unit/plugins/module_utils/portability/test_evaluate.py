# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every platform of the collection, against systems that are whole and systems that are odd."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.starting import Starting
from ansible_collections.hygeia.golden.plugins.module_utils.portability.evaluate import ASPECTS, System, evaluate, predicted
from ansible_collections.hygeia.golden.plugins.module_utils.system import hardware
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import joined

CATALOGUE = Catalogue()
PLATFORMS = list(CATALOGUE.platforms.values())
UEFI = Starting(True, True, True, False)


def records(host, platforms=PLATFORMS):
    return {found["control"]: found for found in evaluate(System(host, list(CATALOGUE.agents.values()), UEFI), platforms, "offline")}


def test_each_aspect_of_each_platform_has_a_record_with_a_check(tree):
    found = records(tree({"/var/lib/dpkg/status": ""}))
    assert set(found) == {f"portable-{aspect}-{platform['id']}" for aspect in ASPECTS for platform in PLATFORMS}
    assert {f"portable-{aspect}-*" for aspect in ASPECTS} == {
        name for name in CATALOGUE.checks if name.startswith("portable-") and name != "portable-boot-*"
    }
    predictions = joined(list(found.values()), CATALOGUE.checks.values(), "web")
    assert all(record["title"] and "*" not in record["title"] for record in predictions)


@pytest.mark.parametrize("platform", PLATFORMS, ids=lambda platform: platform["id"])
def test_an_image_with_the_drivers_of_a_platform_passes_and_one_without_fails(tree, platform):
    drivers = {name for device in platform["disks"] + platform["networks"] for name in hardware.drivers(device)}
    host = tree({"/var/lib/dpkg/status": ""}, kernels={"with": {"early": drivers}})
    found = records(host, [platform])
    assert [found[f"portable-{aspect}-{platform['id']}"]["status"] for aspect in ("disk", "network", "firmware")] == ["pass"] * 3
    assert found[f"portable-disk-{platform['id']}"]["message"] == ""
    tree(kernels={"without": {}})
    found = records(host, [platform])
    assert [found[f"portable-{aspect}-{platform['id']}"]["status"] for aspect in ("disk", "network")] == ["fail"] * 2


def test_an_odd_file_spoils_one_aspect(tree, tmp_path):
    (tmp_path / "etc/hostname").mkdir(parents=True)
    found = records(tree({"/var/lib/dpkg/status": ""}))
    assert {name for name, record in found.items() if record["status"] == "error"} == {
        f"portable-hostname-{platform['id']}" for platform in PLATFORMS
    }
    assert "/etc/hostname is a directory" in found["portable-hostname-kvm"]["message"]


def test_a_hostile_menu_is_data(tree):
    host = tree(
        {
            "/var/lib/dpkg/status": "",
            "/boot/grub/grub.cfg": "linux /vmlinuz-1 root={{ 1 }} console=\udcff\n".encode("utf-8", "replace").decode(),
        }
    )
    assert records(host)["portable-console-kvm"]["status"] == "fail"


def test_every_machine_of_the_matrix_is_predicted(tree):
    predictions = predicted(System(tree(kernels={"a": {"early": ["nvme", "virtio_net", "virtio_pci"]}}), [], UEFI))
    assert {each["name"]: each["starts"] for each in predictions if each["starts"]} == {"nvme": True}
    assert [each["name"] for each in predictions] == list(hardware.MATRIX)


def test_vsphere_is_offered_what_an_ova_asks_for():
    assert tuple(CATALOGUE.platforms["vmware"]["disks"]) == hardware.VSPHERE_DISKS
    assert tuple(CATALOGUE.platforms["vmware"]["networks"]) == hardware.VSPHERE_NETWORKS


def test_devices_and_agents_of_the_platforms_are_known():
    for platform in PLATFORMS:
        assert set(platform["disks"]) <= set(hardware.DISKS)
        assert set(platform["networks"]) <= set(hardware.NETWORKS)
        assert set(platform.get("agents", [])) <= set(CATALOGUE.agents)
