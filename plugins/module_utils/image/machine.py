# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The virtual machine that an image can run in: its firmware, disk controller and network card, by the drivers that it has."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.system import kernel_drivers
from ansible_collections.hygeia.golden.plugins.module_utils.system.hardware import VSPHERE_DISKS, VSPHERE_NETWORKS, drivers
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.kernel_drivers import Drivers

_EFI = ("/boot/efi/EFI", "/boot/grub/x86_64-efi", "/boot/grub2/x86_64-efi", "/efi/EFI")


def of(host: Host, described: dict[str, str]) -> dict[str, str]:
    """What the image in a tree can drive; what its template was ``described`` to have counts where it can."""
    kernels = [kernel_drivers.of(host, release) for release in kernel_drivers.releases(host)]
    return {
        "firmware": described.get("firmware") or ("efi" if any(map(host.exists, _EFI)) else "bios"),
        "controller": _first(described.get("controller", ""), VSPHERE_DISKS, kernels),
        "network": _first(described.get("network", ""), VSPHERE_NETWORKS, kernels),
        "tools": "yes" if host.exists("/usr/bin/vmtoolsd") else "",
    }


def _first(described: str, devices: Sequence[str], kernels: Sequence[Drivers]) -> str:
    """The described device where every kernel has its drivers, else the first that they have, else the first of all."""
    wanted = [described, *devices] if described in devices else devices
    driven = (device for device in wanted if kernels and all(kernel.has(name) for kernel in kernels for name in drivers(device)))
    return next(driven, described if described in devices else devices[0])
