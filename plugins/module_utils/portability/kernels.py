# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The installed kernels of a system: whether each reaches its disk with what lies in its initramfs, and its network later."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.packages import kernels as installed
from ansible_collections.hygeia.golden.plugins.module_utils.system import initramfs, kernel_drivers
from ansible_collections.hygeia.golden.plugins.module_utils.system.hardware import drivers
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.initramfs import NotRead
from ansible_collections.hygeia.golden.plugins.module_utils.system.kernel_drivers import Drivers


@dataclass(frozen=True)
class Kernel:
    """One kernel; ``early`` are the modules in its initramfs, or None where that could not be read and ``unread`` says why."""

    release: str
    drivers: Drivers
    initramfs: str
    early: frozenset[str] | None
    unread: str = ""

    def lacks_early(self, device: str) -> list[str]:
        """The modules that are missing from the initramfs before a disk controller works."""
        return sorted(self._needed(device) - (self.early or frozenset()))

    def lacks(self, device: str) -> list[str]:
        """The modules that are missing from the kernel altogether."""
        return sorted(name for name in self._needed(device) if not self.drivers.has(name))

    def _needed(self, device: str) -> frozenset[str]:
        return self.drivers.all_of(drivers(device))


def of(host: Host) -> list[Kernel]:
    """Every kernel that the boot menu could start, the newest last."""
    return [_kernel(host, release) for release in installed.versions(host)]


def _kernel(host: Host, release: str) -> Kernel:
    path = installed.initramfs(host, release)
    have = kernel_drivers.of(host, release)
    if not host.exists(path):
        # It starts without one, with what is a part of it.
        return Kernel(release, have, "", frozenset())
    try:
        paths = initramfs.names(host, path)
    except (OSError, NotRead) as problem:
        return Kernel(release, have, path, None, f"{path}: {problem}")
    return Kernel(release, have, path, frozenset(kernel_drivers.inside(release, paths)))
