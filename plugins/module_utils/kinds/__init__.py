# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The registry of kinds, in the order in which they are enforced.

Each is imported by name, because only what is imported by name travels to the
target. Packages come first, since settings may need them; services last, so
that they start with what was written.
"""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.accounts import Accounts
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.aide import Aide
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.aide_conf import AideConf
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.apparmor import AppArmor
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.apt_conf import AptConf
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.apt_source import AptSource
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.audit_rule import AuditRule
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.audit_state import AuditState
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.auditd_conf import AuditdConf
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot_loader import BootLoader
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot_target import BootTarget
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.chrony import Chrony
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.crypto_policy import CryptoPolicy
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.dnf_conf import DnfConf
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.file import File
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.filesystem import Filesystem
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.kernel_cmdline import KernelCmdline
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.kernel_module import KernelModule
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.log_forwarding import LogForwarding
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.login_defs import LoginDefs
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.login_limits import LoginLimits
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.mount import Mount
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.nftables import Nftables
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.package import Package
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.package_files import PackageFiles
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.pam import Pam
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.rsyslog import Rsyslog
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.selinux import Selinux
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.service import Service
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.shell_profile import ShellProfile
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.ssh_client import SshClient
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.ssh_host import SshHost
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.sshd import Sshd
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.sudo import Sudo
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.sudo_rules import SudoRules
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.sysctl import Sysctl
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.system_state import SystemState
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.systemd_conf import SystemdConf

KINDS = {
    kind.name: kind
    for kind in (
        Package,
        AptConf,
        DnfConf,
        CryptoPolicy,
        KernelModule,
        Sysctl,
        KernelCmdline,
        BootLoader,
        Mount,
        File,
        Filesystem,
        Selinux,
        LoginDefs,
        LoginLimits,
        Accounts,
        ShellProfile,
        Pam,
        Sudo,
        SudoRules,
        Sshd,
        SshClient,
        SshHost,
        AuditRule,
        AuditdConf,
        AuditState,
        SystemdConf,
        Rsyslog,
        LogForwarding,
        Service,
        BootTarget,
        Nftables,
        AppArmor,
        AptSource,
        PackageFiles,
        Aide,
        AideConf,
        Chrony,
        SystemState,
    )
}
