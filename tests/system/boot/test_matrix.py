# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is predicted of a template, against a boot on other hardware and what its own programs list."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import boot_check
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import enter
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.life_cycle import Session
from ansible_collections.hygeia.golden.plugins.module_utils.packages import kernels
from ansible_collections.hygeia.golden.plugins.module_utils.system import initramfs
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.modules import portability_info
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue

CATALOGUE = Catalogue()
PARAMS = {"platforms": list(CATALOGUE.platforms.values()), "agents": list(CATALOGUE.agents.values()), "root": None, "stage": None}


@pytest.fixture(scope="module")
def portable(template, tmp_path_factory):
    """A closed session, what was predicted while it was open, and the names in its initramfs as both readers have them."""
    directory = str(tmp_path_factory.mktemp("matrix") / "sessions/web")
    opened = Session(directory)
    opened.open(str(template))
    try:
        found = portability_info.found({**PARAMS, "session": directory})
        host = Host(enter.tree(Session(directory)), entering=[f"{directory}/enter"])
        path = kernels.initramfs(host, kernels.versions(host)[-1])
        listed = host.run(["lsinitramfs", path])
        found.update(directory=directory, names=initramfs.names(host, path), listed=listed.out.splitlines())
        Session(directory).close()
        yield found
    finally:
        Session(directory).discard()


def test_the_initramfs_holds_what_the_templates_own_program_lists(portable):
    assert len(portable["names"]) > 200
    assert sorted(portable["names"]) == sorted(portable["listed"])


def test_a_boot_on_other_hardware_comes_out_as_predicted(portable):
    """The kernel for clouds has no SATA. That the template boots with virtio, and by UEFI, the other tests here show."""
    predicted = {machine["name"]: machine for machine in portable["hardware"]}
    assert predicted["virtio"]["starts"] is predicted["uefi"]["starts"] is True
    assert predicted["ahci"]["starts"] is False
    assert "lacks ahci" in predicted["ahci"]["why"]
    request = boot_check.BootRequest(boot_limit=600, settle_limit=1, shutdown_limit=0, hardware="ahci")
    try:
        with pytest.raises(boot_check.BootError, match="does not exist"):
            boot_check.start(Session(portable["directory"]), request)
    finally:
        boot_check.stop(Session(portable["directory"]), request)


def test_a_disk_with_the_fallback_path_starts_by_uefi(portable):
    results = {record["control"]: record for record in portable["results"]}
    assert results["portable-firmware-azure"]["observed"] == {"one of": ["uefi"]}
    assert results["portable-devices-kvm"]["status"] == results["portable-disk-kvm"]["status"] == "pass"
