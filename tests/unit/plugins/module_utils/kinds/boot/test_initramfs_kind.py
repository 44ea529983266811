# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An initramfs is built by its own builder, and read afterwards; what the builder says counts for nothing."""

from __future__ import annotations

import os
import shlex
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot.initramfs import DRACUT, HOOK, INITRAMFS_TOOLS, MOST
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult
from ansible_collections.hygeia.golden.tests.unit.plugins.module_utils.kinds.boot import kernels

OLD, NEW = "6.1.0-9-amd64", "6.1.0-10-amd64"
CONTROL = Control("portable-initramfs", {"initramfs": {"modules": ["ahci", "nvme", "mptspi"]}})
NVME_BUILTIN = {"loadable": ["ahci", "libahci"], "builtin": ["nvme"], "needs": {"ahci": ["libahci"]}}


@pytest.fixture
def system(tree):
    """A system with a kernel that has AHCI as a module and NVMe in itself, whose builder does as a test says."""

    def make(built=("ahci", "libahci"), builder="update-initramfs", code=0, early=()):
        host = tree({f"{INITRAMFS_TOOLS}/initramfs.conf": "MODULES=dep\n"} if builder == "update-initramfs" else {})
        for name in [builder, *(["mkinitramfs"] if builder == "update-initramfs" else [])]:
            kernels.write(host, f"/usr/sbin/{name}", b"")
            os.chmod(host.path(f"/usr/sbin/{name}"), 0o755)
        kernels.add(host, NEW, early=early, **NVME_BUILTIN)
        host.answers[builder] = lambda argv, unused_stdin: build(host, argv[-1], built, code)
        return host

    return make


def build(host, release, built, code):
    kernels.write(host, f"/boot/initrd.img-{release}", kernels.archive(release, built))
    return CommandResult(code, "", "No space left on device" if code else "")


def record(host, control=CONTROL):
    return audit(host, [control], "offline")[0]


def test_what_is_missing_is_named_with_what_it_needs(system):
    found = record(system())
    assert (found["status"], found["read_from"]) == ("fail", f"/boot/initrd.img-{NEW}")
    assert found["message"] == f"that of {NEW} lacks ahci, libahci"


def test_it_is_built_anew_and_stays_for_later_kernels(system):
    host = system()
    changes = enforce(host, [CONTROL], partial=True).changes
    assert [change.target for change in changes] == [MOST, HOOK, f"/boot/initrd.img-{NEW}"]
    assert changes[-1].after == "ahci\nlibahci\n"
    assert ["update-initramfs", "-u", "-k", NEW] in host.ran
    assert record(host)["status"] == "pass" and enforce(host, [CONTROL], partial=True).changes == []
    enforce(host, [])
    assert record(host)["status"] == "pass"


def test_each_kernel_is_looked_at_and_only_what_lacks_something_is_built(system):
    host = system(early=["ahci", "libahci"])
    kernels.add(host, OLD, **NVME_BUILTIN)
    enforce(host, [CONTROL], partial=True)
    assert [argv[-1] for argv in host.ran if argv[0] == "update-initramfs"] == [OLD]


def test_dracut_builds_it_where_that_is_installed(system):
    host = system(builder="dracut")
    enforce(host, [CONTROL], partial=True)
    assert ["dracut", "--force", f"/boot/initrd.img-{NEW}", NEW] in host.ran
    said = subprocess.run(
        ["bash", "-c", f". {shlex.quote(host.path(DRACUT))}; echo $hostonly $add_drivers"], text=True, capture_output=True, check=True
    )
    assert said.stdout == "no ahci nvme mptspi\n" and record(host)["status"] == "pass"


@pytest.mark.parametrize("outcome", [{"built": ["ahci"]}, {"code": 1}, {"built": [], "code": 0}])
def test_one_that_fails_is_as_it_was_before(system, outcome):
    host = system(early=["sd_mod"], **outcome)
    before = host.read_bytes(f"/boot/initrd.img-{NEW}")
    (found,) = enforce(host, [CONTROL], partial=True).outcomes
    assert found["outcome"] == "failed" and "the former one is back" in found["message"]
    assert host.read_bytes(f"/boot/initrd.img-{NEW}") == before
    assert not host.exists(HOOK) and not host.exists(MOST)


def test_check_mode_builds_nothing(system):
    host = system()
    host.check = True
    assert enforce(host, [CONTROL], partial=True).outcomes[0]["outcome"] == "changed"
    assert host.ran == [] and not host.exists(HOOK)


def test_a_hook_that_was_removed_is_missed_before_the_next_kernel_comes(system):
    host = system()
    enforce(host, [CONTROL], partial=True)
    host.remove(HOOK)
    assert record(host)["message"] == f"{HOOK} does not keep them for a later kernel"


def test_the_hook_is_one_that_initramfs_tools_runs(system):
    """It answers prereqs, and then hands its modules to the function of initramfs-tools."""
    host = system()
    enforce(host, [CONTROL], partial=True)
    text = host.read(HOOK).replace("/usr/share/initramfs-tools/hook-functions", host.path("/functions"))
    kernels.write(host, "/functions", b'manual_add_modules() { echo "$@"; }\n')
    for word, printed in (("prereqs", ""), ("", "ahci nvme mptspi\n")):
        assert subprocess.run(["sh", "-c", text, "hook", word], text=True, capture_output=True, check=True).stdout == printed
    assert os.access(host.path(HOOK), os.X_OK)


def test_without_a_builder_or_a_readable_archive_nothing_is_claimed(system, tree):
    host = system()
    kernels.write(host, f"/boot/initrd.img-{NEW}", b"what is this")
    assert record(host)["status"] == "not_checked"
    os.unlink(host.path("/usr/sbin/mkinitramfs"))
    kernels.write(host, f"/boot/initrd.img-{NEW}", kernels.archive(NEW, []))
    assert enforce(host, [CONTROL], partial=True).outcomes[0]["outcome"] == "refused"


def test_a_container_has_none(tree):
    host = tree()
    assert record(host)["status"] == "not_applicable"


@pytest.mark.parametrize("settings", [{"drivers": []}, {"modules": "ahci"}, {"modules": ["ahci; reboot"]}])
def test_settings_that_mean_nothing(system, settings):
    assert record(system(), Control("odd", {"initramfs": settings}))["status"] == "error"
