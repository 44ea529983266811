# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A host with guests: its libvirt, how that is configured, and what its kernel does for guests."""

from __future__ import annotations

import posixpath
from functools import cached_property

from ansible_collections.hygeia.golden.plugins.module_utils.domains.libvirt import Libvirt
from ansible_collections.hygeia.golden.plugins.module_utils.domains.settings import BadSettings, Value, settings
from ansible_collections.hygeia.golden.plugins.module_utils.system.account_files import AccountFiles
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.mounts import Mounted, mounted
from ansible_collections.hygeia.golden.plugins.module_utils.util.numbers import number
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, words_of

QEMU_CONF = "/etc/libvirt/qemu.conf"
# The daemons that listen for other machines: the one of all drivers, and those of the modular ones.
DAEMONS = ("/etc/libvirt/libvirtd.conf", "/etc/libvirt/virtproxyd.conf", "/etc/libvirt/virtqemud.conf")
MERGING = "/sys/kernel/mm/ksm/run"
_DEFAULT_GROUP = "libvirt"
# File systems that other hosts mount too.
_NETWORKED = ("nfs", "nfs4", "cifs", "smb3", "ceph", "fuse.glusterfs", "glusterfs", "gfs2", "ocfs2", "lustre", "fuse.cephfs")


class Hypervisor:
    """Each part of it is read once."""

    def __init__(self, host: Host, uri: str) -> None:
        self.host = host
        self.libvirt = Libvirt(host, uri)

    @cached_property
    def qemu(self) -> dict[str, Value]:
        return self.settings(QEMU_CONF)

    @cached_property
    def daemons(self) -> dict[str, dict[str, Value]]:
        """The settings of each daemon that has a file."""
        return {path: self.settings(path) for path in DAEMONS if self.host.exists(path)}

    def settings(self, path: str) -> dict[str, Value]:
        """The settings of a file; without one all are libvirt's defaults."""
        try:
            return settings(self.host.read(path) or "")
        except BadSettings as problem:
            raise BadSettings(f"{path} {problem}") from problem

    @cached_property
    def pages_merged(self) -> bool | None:
        """Does the kernel merge equal pages of guests (KSM)? None without that part of the kernel."""
        run = self._value(MERGING)
        return None if run is None else run == "1"

    @cached_property
    def memory(self) -> int | None:
        """In KiB."""
        lines = (words_of(line) for line in self.host.lines("/proc/meminfo"))
        return next((number(words[1]) for words in lines if words[:1] == ["MemTotal:"] and len(words) > 1), None)

    def _value(self, path: str) -> str | None:
        text = self.host.read(path)
        return None if text is None else text.strip(BLANKS)

    @cached_property
    def nested(self) -> dict[str, str]:
        """Whether guests may be hypervisors themselves, by the parameter that says so."""
        paths = self.host.glob("/sys/module/kvm_*/parameters/nested")
        return {path: self._value(path) or "" for path in paths}

    @cached_property
    def vulnerabilities(self) -> dict[str, str]:
        """What the kernel says of each weakness of the processor."""
        paths = self.host.glob("/sys/devices/system/cpu/vulnerabilities/*")
        return {posixpath.basename(path): self._value(path) or "" for path in paths}

    @cached_property
    def administrators(self) -> list[str]:
        """The accounts that may do anything with each guest, because they may write to libvirt's socket; root is not named."""
        merged = {name: value for found in self.daemons.values() for name, value in found.items()}
        files = AccountFiles(self.host)
        mode = str(merged.get("unix_sock_rw_perms", "0770"))
        if mode[-1:] in "2367" and merged.get("auth_unix_rw", "polkit") == "none":
            return sorted(account.name for account in files.accounts if account.number and files.opens_session(account))
        name = merged.get("unix_sock_group", _DEFAULT_GROUP)
        return sorted({member for group in files.groups if group.name == name for member in files.members(group)} - {"root"})

    # -- what its guests touch -------------------------------------------------------

    def place(self, path: str) -> str:
        """The name that a path has on every host, where it lies on storage that hosts share; else nothing."""
        within = [mount for mount in self._shared_mounts if f"{path}/".startswith(f"{mount.where.rstrip('/')}/")]
        if not within:
            return ""
        nearest = max(within, key=lambda mount: len(mount.where))
        return f"{nearest.source.rstrip('/')}/{path[len(nearest.where.rstrip('/')) :].lstrip('/')}".rstrip("/")

    @cached_property
    def _shared_mounts(self) -> list[Mounted]:
        return mounted(self.host, _NETWORKED)

    def has_uplink(self, bridge: str) -> bool:
        """Does a bridge lead out of the host? One of its ports is no tap of a guest then."""
        ports = self.host.glob(f"/sys/class/net/{bridge}/brif/*")
        return any(not self.host.exists(f"/sys/class/net/{posixpath.basename(port)}/tun_flags") for port in ports)

    def iommu_group(self, address: str) -> str:
        """The number of the group of devices that cannot be kept apart from this one, or nothing where that is not known."""
        path = self.host.resolved(f"/sys/bus/pci/devices/{address}/iommu_group")
        return posixpath.basename(path) if "/iommu_groups/" in path else ""

    def parent(self, mediated: str) -> str:
        """The device of which a mediated one is a part."""
        path = self.host.resolved(f"/sys/bus/mdev/devices/{mediated}")
        return posixpath.basename(posixpath.dirname(path)) if path.endswith(f"/{mediated}") else ""
