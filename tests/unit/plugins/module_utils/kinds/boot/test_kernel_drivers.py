# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult
from ansible_collections.hygeia.golden.tests.unit.conftest import dpkg_status
from ansible_collections.hygeia.golden.tests.unit.plugins.module_utils.kinds.boot import kernels

CLOUD, GENERAL = "6.1.0-9-cloud-amd64", "6.1.0-9-amd64"
CONTROL = Control("portable-kernel", {"kernel_drivers": {"modules": ["ahci", "vmw-pvscsi", "mptspi"]}})
REMOVED = f"Remv linux-image-cloud-amd64 [6.1.1]\nRemv linux-image-{CLOUD} [6.1.1]\n"


@pytest.fixture
def system(tree):
    """Debian with its kernel for clouds, and with the general one; apt removes what a test says."""

    def make(general=("ahci", "vmw_pvscsi"), removed=REMOVED, **kwargs):
        host = tree({"/var/lib/dpkg/status": dpkg_status("dpkg", f"linux-image-{CLOUD}")}, **kwargs)
        kernels.add(host, CLOUD, loadable=["vmw_pvscsi"])
        if general is not None:
            kernels.add(host, GENERAL, loadable=general)
        host.answers["env"] = lambda argv, unused_stdin: removed if isinstance(removed, CommandResult) else CommandResult(0, removed, "")
        return host

    return make


def outcome(host):
    return enforce(host, [CONTROL], partial=True).outcomes[0]


def test_a_kernel_without_what_another_has_is_found_and_removed(system):
    host = system()
    found = audit(host, [CONTROL], "offline")[0]
    assert (found["status"], found["message"]) == ("fail", f"{CLOUD} lacks ahci")
    changes = enforce(host, [CONTROL], partial=True).changes
    assert [change.target for change in changes] == ["package linux-image-cloud-amd64", f"package linux-image-{CLOUD}"]
    runs = [argv for argv in host.ran if "remove" in argv and "-s" not in argv]
    assert len(runs) == 1 and f"linux-image-{CLOUD}" in runs[0] and f"linux-image-{GENERAL}" not in runs[0]


def test_check_mode_removes_nothing(system):
    host = system(check=True)
    assert outcome(host)["outcome"] == "changed"
    assert all("-s" in argv for argv in host.ran if "remove" in argv)


def test_what_no_kernel_has_is_a_remark(system):
    host = system(general=None)
    found = audit(host, [CONTROL], "offline")[0]
    assert (found["status"], found["message"]) == ("pass", "no installed kernel has ahci and mptspi")
    assert outcome(host)["outcome"] == "unchanged" and host.ran == []


def test_no_kernel_is_removed_when_none_has_everything(system):
    found = outcome(system(general=["ahci"]))
    assert found["outcome"] == "refused"
    assert f"{GENERAL} lacks vmw_pvscsi; {CLOUD} lacks ahci" in found["message"]


def test_the_running_kernel_stays(system):
    host = system(booted=True)
    kernels.write(host, "/proc/sys/kernel/osrelease", f"{CLOUD}\n".encode())
    found = outcome(host)
    assert found["outcome"] == "refused" and "start another kernel" in found["message"]
    assert host.ran == []


def test_nothing_else_is_removed_with_a_kernel(system):
    found = outcome(system(removed=f"{REMOVED}Remv wireguard-dkms [1.0]\n"))
    assert found["outcome"] == "refused" and "would also remove wireguard-dkms" in found["message"]


def test_what_apt_cannot_do_is_reported(system):
    found = outcome(system(removed=CommandResult(100, "", "E: Could not get lock /var/lib/dpkg/lock")))
    assert found["outcome"] == "failed" and "lock" in found["message"]


def test_without_a_kernel_it_means_nothing(tree):
    assert audit(tree(), [CONTROL], "offline")[0]["status"] == "not_applicable"
