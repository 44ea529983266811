# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The registry of kinds, in the order in which they are enforced.

Each is imported by name, because only what is imported by name travels to the
target. Packages come first, since settings may need them; services last, so
that they start with what was written.
"""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.access.accounts import Accounts
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.access.login_defs import LoginDefs
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.access.login_limits import LoginLimits
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.access.pam import Pam
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.access.shell_profile import ShellProfile
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.access.sudo import Sudo
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.access.sudo_rules import SudoRules
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.audit.audit_rule import AuditRule
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.audit.audit_state import AuditState
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.audit.auditd_conf import AuditdConf
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Kind
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot.boot_entries import BootEntries
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot.boot_loader import BootLoader
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot.boot_target import BootTarget
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot.initramfs import Initramfs
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot.kernel_cmdline import KernelCmdline
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot.kernel_drivers import KernelDrivers
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot.kernel_module import KernelModule
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot.platform_cmdline import PlatformCmdline
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.boot.sysctl import Sysctl
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.logging.log_forwarding import LogForwarding
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.logging.rsyslog import Rsyslog
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.network.hardware_address import HardwareAddress
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.network.network_manager import NetworkManager
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.network.nftables import Nftables
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.network.packet_filter import PacketFilter
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.packages.apt_conf import AptConf
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.packages.apt_source import AptSource
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.packages.dnf_conf import DnfConf
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.packages.package import Package
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.packages.package_files import PackageFiles
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.security.aide import Aide
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.security.aide_conf import AideConf
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.security.apparmor import AppArmor
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.security.crypto_policy import CryptoPolicy
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.security.selinux import Selinux
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.security.selinux_labels import SelinuxLabels
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.services.chrony import Chrony
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.services.cloud_init import CloudInitSources
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.services.service import Service
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.services.system_state import SystemState
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.services.systemd_conf import SystemdConf
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.ssh.ssh_client import SshClient
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.ssh.ssh_host import SshHost
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.ssh.sshd import Sshd
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.storage.file import File
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.storage.filesystem import Filesystem
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.storage.mount import Mount

KINDS: dict[str, type[Kind]] = {
    kind.name: kind
    for kind in (
        Package,
        KernelDrivers,
        AptConf,
        DnfConf,
        CryptoPolicy,
        KernelModule,
        Initramfs,
        Sysctl,
        NetworkManager,
        KernelCmdline,
        PlatformCmdline,
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
        PacketFilter,
        Nftables,
        AppArmor,
        AptSource,
        PackageFiles,
        Aide,
        AideConf,
        Chrony,
        CloudInitSources,
        SystemState,
        HardwareAddress,
        BootEntries,
        SelinuxLabels,
    )
}
