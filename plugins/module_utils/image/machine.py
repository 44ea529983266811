# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The virtual machine that an image can run in: its firmware, disk controller and network card.

They are those of the records of portability: a disk controller counts that every kernel drives with its initramfs alone, and a
firmware that the disk itself starts by.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.starting import Starting
from ansible_collections.hygeia.golden.plugins.module_utils.portability import kernels as installed
from ansible_collections.hygeia.golden.plugins.module_utils.portability.kernels import Kernel
from ansible_collections.hygeia.golden.plugins.module_utils.system.hardware import VSPHERE_DISKS, VSPHERE_NETWORKS
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

EFI, BIOS = "efi", "bios"


def of(host: Host, starts: Starting, described: dict[str, str]) -> dict[str, str]:
    """What the image in a tree can drive; what its template was ``described`` to have counts where it can."""
    kernels = installed.of(host)
    return {
        "firmware": _firmware(starts, described.get("firmware", "")),
        "controller": _first(described.get("controller", ""), VSPHERE_DISKS, kernels, _drives_early),
        "network": _first(described.get("network", ""), VSPHERE_NETWORKS, kernels, _drives),
        "tools": "yes" if host.exists("/usr/bin/vmtoolsd") else "",
    }


def _firmware(starts: Starting, described: str) -> str:
    """The described firmware if the disk starts by it, else one that it starts by; a disk with its own boot entries has an ESP."""
    works = {EFI: starts.uefi, BIOS: starts.bios}
    if described in works and (works[described] or not any(works.values())):
        return described
    if starts.uefi or (starts.esp and not starts.bios):
        return EFI
    return BIOS


def _first(described: str, devices: Sequence[str], kernels: Sequence[Kernel], drives: Callable[[Kernel, str], bool]) -> str:
    """The described device if every kernel drives it, else the first that they drive, else the first of all."""
    wanted = [described, *devices] if described in devices else devices
    driven = (device for device in wanted if kernels and all(drives(kernel, device) for kernel in kernels))
    return next(driven, described if described in devices else devices[0])


def _drives(kernel: Kernel, device: str) -> bool:
    return not kernel.lacks(device)


def _drives_early(kernel: Kernel, device: str) -> bool:
    """Of an initramfs that could not be read, what the kernel has is the best that is known."""
    return not (kernel.lacks(device) if kernel.early is None else kernel.lacks_early(device))
