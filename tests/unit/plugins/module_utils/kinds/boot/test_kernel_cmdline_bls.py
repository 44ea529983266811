# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot.kernel_cmdline_bls import DEFAULTS, LATER
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

ENTRY = "/boot/loader/entries/0f5d-5.14.0-427.el9.x86_64.conf"
RESCUE = "/boot/loader/entries/0f5d-0-rescue.conf"
TEXT = """\
title Rocky Linux (5.14.0-427.el9.x86_64) 9.4 (Blue Onyx)
version 5.14.0-427.el9.x86_64
linux /vmlinuz-5.14.0-427.el9.x86_64
initrd /initramfs-5.14.0-427.el9.x86_64.img
options root=/dev/mapper/rl-root ro {words}
grub_users $grub_users
"""
FILES = {
    ENTRY: TEXT.format(words="crashkernel=1G-4G:192M rd.lvm.lv=rl/root"),
    RESCUE: TEXT.format(words="rescue"),
    "/boot/grub2/grubenv": "# GRUB Environment Block\nsaved_entry=0f5d-5.14.0-427.el9.x86_64\n",
    DEFAULTS: 'GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX="crashkernel=1G-4G:192M rd.lvm.lv=rl/root"\nGRUB_ENABLE_BLSCFG=true\n',
}


@pytest.fixture
def system(tree):
    def make(files=None, **kwargs):
        host = tree({**FILES, **(files or {})}, **kwargs)
        host.answers["sh"] = lambda argv, stdin: _shell(host, argv)
        os.chmod(host.path(ENTRY), 0o600)
        return host

    return make


def _shell(host, argv):
    done = subprocess.run(["sh", "-c", argv[2].replace("/etc/", host.root + "/etc/")], capture_output=True, text=True, check=False)
    return CommandResult(done.returncode, done.stdout, done.stderr)


def cmdline(**settings):
    return Control("c", {"kernel_cmdline": settings})


def looked(host, **settings):
    return audit(host, [cmdline(**settings)], "live" if host.booted else "offline")[0]


def test_enforcing_writes_once_and_passes_the_audit(system):
    host = system()
    wanted = {"audit": 1, "audit_backlog_limit": 8192}
    assert looked(host, **wanted)["message"] == (
        "/vmlinuz-5.14.0-427.el9.x86_64 is started without audit; /vmlinuz-5.14.0-427.el9.x86_64 is started without audit_backlog_limit"
    )
    assert [change.target for change in enforce(host, [cmdline(**wanted)]).changes] == [ENTRY, DEFAULTS]
    assert enforce(host, [cmdline(**wanted)]).changes == []
    record = looked(host, **wanted)
    assert (record["status"], record["read_from"]) == ("pass", f"{ENTRY}:5")
    assert "crashkernel=1G-4G:192M rd.lvm.lv=rl/root audit=1 audit_backlog_limit=8192\n" in host.read(ENTRY)
    assert host.read(RESCUE) == FILES[RESCUE]
    assert 'GRUB_CMDLINE_LINUX="crashkernel=1G-4G:192M rd.lvm.lv=rl/root audit=1 audit_backlog_limit=8192"\n' in host.read(DEFAULTS)
    assert os.stat(host.path(ENTRY)).st_mode & 0o777 == 0o600
    assert not host.exists("/etc/default/grub.d")


def test_another_value_gives_way_to_the_wanted_one(system):
    host = system({ENTRY: TEXT.format(words="audit=0 quiet")})
    enforce(host, [cmdline(audit=1)])
    assert "options root=/dev/mapper/rl-root ro quiet audit=1\n" in host.read(ENTRY)


def test_later_kernels_get_the_words_too(system):
    host = system({LATER: "root=/dev/mapper/rl-root ro\n"})
    enforce(host, [cmdline(audit=1)])
    assert host.read(LATER) == "root=/dev/mapper/rl-root ro audit=1\n"
    host.write(LATER, "root=/dev/mapper/rl-root ro\n")
    record = looked(host, audit=1)
    assert (record["status"], record["message"]) == ("fail", "a later kernel would be started without audit")


def test_words_of_the_environment_block_count(system):
    host = system(
        {
            ENTRY: TEXT.replace("root=/dev/mapper/rl-root ro {words}", "$kernelopts"),
            "/boot/grub2/grubenv": "kernelopts=root=/dev/sda1 ro audit=1\n",
            DEFAULTS: "GRUB_CMDLINE_LINUX='audit=1'\n",
        }
    )
    assert looked(host, audit=1)["status"] == "pass"


def test_defaults_without_the_variable_get_it(system):
    host = system({DEFAULTS: "GRUB_TIMEOUT=5\n"})
    enforce(host, [cmdline(audit=1)])
    assert host.read(DEFAULTS) == 'GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX="audit=1"\n'


def test_check_mode_writes_nothing(system):
    host = system(check=True)
    assert enforce(host, [cmdline(audit=1)]).outcomes[0]["outcome"] == "changed"
    assert host.read(ENTRY) == FILES[ENTRY]


def test_the_running_kernel_must_have_it_too(system):
    host = system({"/proc/cmdline": "root=/dev/mapper/rl-root ro\n"}, booted=True)
    enforce(host, [cmdline(audit=1)])
    assert looked(host, audit=1)["read_from"] == "/proc/cmdline"
