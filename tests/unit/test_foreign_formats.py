# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who says that a foreign file is read right: for each reader of files its oracle, or why there is none.

- ``asked``: the program that the file is for is run and tells what it read.
- ``tested``: a property test has that program, or its library, read generated files beside our reader.
- ``plain``: the kernel's or a package manager's own output, one fact a line, or a file that only we write.
- ``alone``: a reader of a format whose program is not to be had where these tests run; examples alone hold it.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
UTILS = PROJECT / "plugins/module_utils"
READERS = ("agents", "backup", "flows", "isolation", "kinds", "packages", "system", "workload")
READING = ("read", "lines", "read_bytes", "head")
UNIT = "tests/unit/plugins/module_utils"

ASKED = {
    "kinds/security/aide.py": "aide",
    "kinds/packages/apt_conf.py": "apt-config",
    "kinds/services/chrony.py": "chronyd",
    "kinds/boot/kernel_cmdline.py": "sh",
    "kinds/boot/kernel_cmdline_bls.py": "sh",
    "kinds/security/selinux.py": "setenforce",
    "kinds/access/shell_profile.py": "exec bash",
    "kinds/ssh/sshd.py": "sshd",
    "system/ssh/probe.py": "sshd",
    "kinds/ssh/ssh_host.py": "sshd",
    "kinds/network/packet_filter.py": "nft",
    "kinds/security/crypto_policy.py": "update-crypto-policies",
    "kinds/audit/audit_state.py": "auditctl",
    "kinds/services/system_state.py": "systemctl",
    "system/units.py": "systemctl",
    "flows/ruleset.py": "nft",
    "packages/apt/manager.py": "apt-get",
    "packages/dnf/manager.py": "dnf",
    "system/packages/rpm.py": "rpm",
}
TESTED = {
    "agents/configuration.py": "tests/unit/plugins/module_utils/agents/test_formats_like_libraries.py",
    "agents/formats/xml_text.py": "tests/unit/plugins/module_utils/agents/test_formats_like_libraries.py",
    "system/audit/grammar.py": f"{UNIT}/system/audit/test_load.py",
    "kinds/network/managers/ifupdown.py": "tests/system/network/test_ifupdown_read.py",
    "system/network/ifupdown.py": "tests/system/network/test_ifupdown_read.py",
    "kinds/network/managers/networkmanager.py": "tests/system/network/test_networkmanager_read.py",
    "system/network/networkmanager.py": "tests/system/network/test_networkmanager_read.py",
    "kinds/network/managers/dhcpcd.py": "tests/system/network/test_dhcpcd_read.py",
    "system/network/dhcpcd.py": "tests/system/network/test_dhcpcd_read.py",
    "kinds/audit/auditd_conf.py": "tests/system/formats/test_auditd_conf_read.py",
    "kinds/security/aide_conf.py": "tests/system/formats/test_aide_conf_read.py",
    "system/cron.py": "tests/system/formats/test_cron_read.py",
    "system/audit/load.py": f"{UNIT}/system/audit/test_load.py",
    "kinds/boot/kernel_module.py": f"{UNIT}/kinds/boot/test_kernel_module_read.py",
    "kinds/packages/dnf_conf.py": "tests/system/dnf/test_dnf_conf_read.py",
    "kinds/access/login_limits.py": "tests/system/access/test_pam_read.py",
    "kinds/access/login_defs.py": f"{UNIT}/kinds/access/test_login_defs_read.py",
    "kinds/storage/mount.py": "tests/unit/plugins/module_utils/system/test_fstab.py",
    "kinds/access/pam.py": f"{UNIT}/kinds/access/test_pam_lines.py",
    "system/pam/modules.py": f"{UNIT}/kinds/access/test_pam_lines.py",
    "system/pam/stack.py": f"{UNIT}/kinds/access/test_pam_lines.py",
    "system/rsyslog_conf.py": "tests/system/proofs/test_rsyslog_read.py",
    "system/sudoers.py": f"{UNIT}/system/test_sudoers_read.py",
    "kinds/boot/sysctl.py": f"{UNIT}/kinds/test_systemd_read.py",
    "kinds/services/systemd_conf.py": f"{UNIT}/kinds/test_systemd_read.py",
    "packages/apt/sources.py": f"{UNIT}/packages/apt/test_sources_read.py",
    "system/boot_mounts.py": "tests/unit/plugins/module_utils/system/test_fstab.py",
    "system/initramfs.py": f"{UNIT}/system/test_initramfs.py",
    "system/fstab.py": "tests/unit/plugins/module_utils/system/test_fstab.py",
}
PLAIN = (
    "system/host.py",
    "system/release.py",
    "agents/facts.py",
    "agents/detect.py",
    "backup/restore_directory.py",
    "flows/evaluate.py",
    "isolation/forwarding.py",
    "isolation/sharing.py",
    "system/account_files.py",
    "system/administrators.py",
    "system/ssh/login.py",
    "kinds/boot/initramfs.py",
    "kinds/packages/apt_source.py",
    "kinds/audit/audit_rule.py",
    "kinds/base.py",
    "kinds/storage/file.py",
    "kinds/storage/filesystem.py",
    "kinds/packages/package_files.py",
    "system/pam/profiles.py",
    "system/local_files.py",
    "system/kernel_drivers.py",
    "packages/dnf/query.py",
    "system/packages/dpkg.py",
    "system/packages/owned_files.py",
    "packages/kernels.py",
    "packages/restarts.py",
    "system/running/abilities.py",
    "system/running/modules.py",
    "system/running/mounts.py",
    "system/running/resolvers.py",
    "system/running/network.py",
    "system/running/processes.py",
    "system/running/programs.py",
    "system/running/sockets.py",
    "workload/collect.py",
    "workload/machine.py",
    "workload/services.py",
)
ALONE = {
    "agents/cloud_init.py": "cloud-init's YAML is read by the reader that is tested beside PyYAML",
    "agents/jobs.py": "what a shell would make of a script that a timer or cron starts",
    "backup/schedule.py": "the text of a site's own script of run-parts, in which a word is looked for",
    "backup/borgmatic.py": "borgmatic's YAML is read by the reader that is tested beside PyYAML",
    "backup/environment.py": "a file of assignments for a shell, of which quotes are all that is read",
    "backup/product.py": "the file of a site's own credentials, which is handed on whole",
    "packages/zypper/manager.py": "zypper is not to be had where these tests run",
    **{
        f"kinds/windows/{name}.py": "what module_utils/windows reads of a hive or a task, whose tests ask hivex"
        for name in ("account_policy", "audit_policy", "state", "user_right")
    },
    "isolation/guest_agent.py": "qemu-guest-agent prints its configuration only when it runs in a machine",
    "kinds/security/apparmor.py": "apparmor_parser wants a kernel with AppArmor to tell what it has loaded",
    "kinds/boot/boot_loader.py": "GRUB reads its menu at boot alone",
    "system/boot_menu.py": "GRUB reads its menu at boot alone",
    "system/selinux.py": "libselinux reads its configuration where the kernel has SELinux turned on",
    "kinds/boot/boot_entries.py": "an identifier in names and texts, in whatever key it stands",
    "kinds/network/hardware_address.py": "an address in a profile, in whatever key of its program it stands",
    "kinds/network/managers/networkd.py": "networkd prints what it does only where it runs: tests/system/network asks it there",
    "system/network/networkd.py": "networkd prints what it does only where it runs: tests/system/network asks it there",
    "workload/configuration.py": "the text of any file, in which addresses and certificates are looked for",
    "workload/jobs.py": "systemd's reader, which is tested beside systemd, reads the timers",
    "workload/settings.py": "a word and what follows it, in whichever program's file it stands; nothing is decided by it",
    "system/ssh/server_files.py": "where sshd -T has a value from, which sshd does not tell",
}


def reads(path):
    """Does a module read a file of the system?"""
    calls = (node.func for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    return any(isinstance(call, ast.Attribute) and call.attr in READING and "stream" not in ast.unparse(call.value) for call in calls)


def test_every_reader_of_files_has_its_oracle_or_a_reason():
    found = {path.relative_to(UTILS).as_posix() for reader in READERS for path in (UTILS / reader).rglob("*.py") if reads(path)}
    known = [*ASKED, *TESTED, *PLAIN, *ALONE]
    assert len(known) == len(set(known))
    assert found == set(known)


@pytest.mark.parametrize("reader, program", ASKED.items())
def test_the_program_is_asked(reader, program):
    source = (UTILS / reader).read_text(encoding="utf-8")
    assert any(sign in source for sign in (f'"{program}"', f"'{program} ", f"{program} -", "Probe(")), program


@pytest.mark.parametrize("reader, test", TESTED.items())
def test_the_property_test_is_there(reader, test):
    source = (PROJECT / test).read_text(encoding="utf-8")
    assert "given(" in source
