# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is predicted of a template, against a boot on other hardware and what its own programs list."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import boot_check
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import starting
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import enter
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.life_cycle import Session
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.settings import DISK
from ansible_collections.hygeia.golden.plugins.module_utils.packages import kernels
from ansible_collections.hygeia.golden.plugins.module_utils.portability.fallback import Impossible
from ansible_collections.hygeia.golden.plugins.module_utils.system import hardware, initramfs
from ansible_collections.hygeia.golden.plugins.module_utils.system.hardware import MATRIX, UEFI
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.modules import efi_fallback, portability_info
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from bare import Bare

CATALOGUE = Catalogue()
# What the kernel for clouds has drivers for. The disk starts by UEFI, so that the machine uefi is the same as virtio here.
STARTS = ["virtio", "virtio-scsi", "pvscsi+vmxnet3", "nvme"]
# What needs no package of a mirror.
INVENTORY = """
all:
  hosts:
    web:
      ansible_connection: hygeia.golden.image
      ansible_image_session: {session}
      ansible_python_interpreter: /usr/bin/python3
      portable_platforms: {platforms}
      portable_remove: [portable-kernel, portable-guest-agents, portable-cloud-init]
"""
PLAY = "- {hosts: web, gather_facts: false, roles: [hygeia.golden.portable]}"
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


def by_name(found):
    return {machine["name"]: machine for machine in found["hardware"]}


def test_the_initramfs_holds_what_the_templates_own_program_lists(portable):
    assert len(portable["names"]) > 200
    assert sorted(portable["names"]) == sorted(portable["listed"])


def test_a_boot_on_other_hardware_comes_out_as_predicted(portable):
    """The kernel for clouds has no SATA. That the template boots with virtio, and by UEFI, the other tests here show."""
    predicted = by_name(portable)
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


def made_fit(directory, *options):
    """How many tasks of the role change something in a session beside its play."""
    command = [sys.executable, "-m", "ansible", "playbook", "--inventory", directory / "inventory.yml", directory / "play.yml", *options]
    ran = subprocess.run(command, text=True, capture_output=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return int(re.search(r"changed=(\d+)", ran.stdout)[1])


def test_a_template_is_made_fit_for_all_platforms_and_starts_on_their_hardware(template, tmp_path):
    """The fallback path that the template has is removed; the role puts back what its packages have, and boots by UEFI show it."""
    directory = str(tmp_path / "sessions/bare")
    # The session of the other tests here holds the template itself.
    Session(directory).open(str(shutil.copy(template, tmp_path)))
    try:
        disk = os.path.join(directory, DISK)
        (esp,) = starting.partitions(disk)
        subprocess.run(["mdel", "-i", f"{disk}@@{esp.offset}", "::/EFI/BOOT/BOOTX64.EFI"], check=True)
        before = by_name(portability_info.found({**PARAMS, "session": directory}))["uefi"]
        assert (before["starts"], before["why"]) == (False, "no boot loader lies where UEFI looks without boot entries")
        (tmp_path / "play.yml").write_text(PLAY, encoding="utf-8")
        (tmp_path / "inventory.yml").write_text(INVENTORY.format(session=directory, platforms=list(CATALOGUE.platforms)), encoding="utf-8")
        params = {"session": directory, "secure_boot": False}
        assert made_fit(tmp_path, "--check") == 2
        assert efi_fallback.act(params, check=True)["written"] == ["/EFI/BOOT/BOOTX64.EFI", "/EFI/debian/grub.cfg"]
        assert made_fit(tmp_path) == 2
        assert made_fit(tmp_path) == 0
        with pytest.raises(Impossible, match="install shim-signed"):
            efi_fallback.act({**params, "secure_boot": True}, check=False)
        found = portability_info.found({**PARAMS, "session": directory})
        assert by_name(found)["uefi"]["starts"]
        assert {record["control"]: record["status"] for record in found["results"]}["portable-cmdline-azure"] == "pass"
        assert [name for name, machine in by_name(found).items() if machine["starts"]] == [*STARTS, "uefi"]
        tried = Bare(Session(directory), tmp_path, UEFI)
        Session(directory).close()
        for name in STARTS:
            machine, seen = MATRIX[name], tried.boot(name)
            for device, drivers in ((machine.disk, seen["disk"]), (machine.network, seen["card"])):
                assert set(hardware.drivers(device)) - {"sd_mod"} <= set(map(hardware.plain, drivers)), (name, seen)
    finally:
        Session(directory).discard()
