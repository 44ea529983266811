# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A whole Debian, to hold our reading of its files against its own programs. These tests need root and a mirror."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.tests.templates import base, chrooted

PROJECT = Path(__file__).parents[3]
AREAS = ("network", "kernel", "boot", "mount", "audit")

ENVIRON = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}

# What update-grub asks about disks that a directory does not have.
GRUB_PROBE = """\
#!/bin/sh
case "$*" in
    *target=device*) echo /dev/vda1 ;;
    *target=fs_uuid*) echo 4ea3164e-74e5-49be-8905-294900b8b5f2 ;;
    *target=fs*) echo ext2 ;;
    *target=abstraction*|*target=partuuid*) ;;
    *) echo hd0,msdos1 ;;
esac
"""


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root"))


def run(*argv, **kwargs):
    return subprocess.run([str(word) for word in argv], check=True, text=True, capture_output=True, **kwargs).stdout


@pytest.fixture(scope="session")
def root(tmp_path_factory):
    """Debian 12 with a kernel, GRUB and auditd; auditd is unpacked and never set up, so that its daemon does not start."""
    place = tmp_path_factory.mktemp("debian")
    run("tar", "--extract", "--file", base.make("bookworm"), "--directory", place)
    shutil.copy("/etc/resolv.conf", place / "etc/resolv.conf")
    script = "cd /tmp && apt-get update && apt-get download auditd libauparse0 && dpkg --unpack *.deb"
    run("chroot", place, "sh", "-ec", script, env=ENVIRON)
    for path in (place / "etc/audit").glob("**/*.dpkg-new"):
        path.rename(path.with_suffix(""))
    (place / "etc/audit/rules.d/audit.rules").write_text("-D\n-b 8192\n--backlog_wait_time 60000\n-f 1\n")
    (place / "usr/sbin/grub-probe").write_text(GRUB_PROBE)
    (place / "etc/default/grub").write_text('GRUB_CMDLINE_LINUX_DEFAULT="quiet"\nGRUB_CMDLINE_LINUX="console=ttyS0"\n')
    (place / "boot/grub").mkdir(exist_ok=True)
    (place / "dev/disk/by-uuid").mkdir(parents=True)
    (place / "dev/disk/by-uuid/4ea3164e-74e5-49be-8905-294900b8b5f2").touch()
    run("chroot", place, "update-grub", env=ENVIRON)
    return place


@pytest.fixture
def debian(root):
    """The system as a host, and afterwards as it was."""
    directories = ("etc/sysctl.d", "etc/modprobe.d", "etc/audit", "etc/default", "boot/grub", "proc/sys")
    files = {path: path.read_bytes() for directory in directories for path in (root / directory).glob("**/*") if path.is_file()}
    files[root / "etc/fstab"] = (root / "etc/fstab").read_bytes()
    yield chrooted.host(root)
    for directory in directories:
        for path in (root / directory).glob("**/*"):
            if path.is_file() and path not in files:
                path.unlink()
    for path, content in files.items():
        path.write_bytes(content)


@pytest.fixture(scope="session")
def controls():
    paths = [PROJECT / f"roles/baseline/files/controls/{area}.yml" for area in AREAS]
    found = [control for path in paths for control in yaml.safe_load(path.read_text())]
    # Packages and services are not what is tried here.
    return [Control.load(control) for control in found if not {"package", "service"} & control["settings"].keys()]
