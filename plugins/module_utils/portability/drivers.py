# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Disk controllers and network cards of a platform, against the drivers of every installed kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.model.answer import Answer, passed, unknown
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import FAIL
from ansible_collections.hygeia.golden.plugins.module_utils.portability.kernels import Kernel
from ansible_collections.hygeia.golden.plugins.module_utils.portability.platform import Platform

NO_KERNEL = "no kernel is installed in /boot, so that nothing is known of its drivers"


def disk(platform: Platform, kernels: Sequence[Kernel]) -> Answer:
    """Each kernel must find its disk behind one of the controllers with nothing but its initramfs."""
    unread = [kernel.unread for kernel in kernels if kernel.early is None]
    if not kernels or unread:
        return unknown(unread[0] if unread else NO_KERNEL, {"one of": platform["disks"]})
    places = ", ".join(kernel.initramfs or f"Linux {kernel.release}" for kernel in kernels)
    return _driven(platform["disks"], kernels, Kernel.lacks_early, f"{places} and modules.builtin", "its initramfs", "disk")


def network(platform: Platform, kernels: Sequence[Kernel]) -> Answer:
    """A network card has time until the root filesystem is there."""
    if not kernels:
        return unknown(NO_KERNEL, {"one of": platform["networks"]})
    places = ", ".join(f"/lib/modules/{kernel.release}" for kernel in kernels)
    return _driven(platform["networks"], kernels, Kernel.lacks, places, "it", "network card")


def _driven(
    devices: list[str], kernels: Sequence[Kernel], lacks: Callable[[Kernel, str], list[str]], read_from: str, where: str, what: str
) -> Answer:
    missing = {device: {kernel.release: lacks(kernel, device) for kernel in kernels if lacks(kernel, device)} for device in devices}
    works = [device for device in devices if not missing[device]]
    expected, observed = {"one of": devices}, {"one of": works}
    idle = [f"{device} ({_described(kernels_of)})" for device, kernels_of in missing.items() if kernels_of]
    if works:
        remark = f"it works with {_either(works)}, and not with {', '.join(idle)}: choose one that works for each machine" if idle else ""
        return passed(expected, observed, read_from, remark)
    advice = _advice(kernels, missing, where)
    return Answer(FAIL, expected, observed, read_from, f"no {what} of the platform has its driver: {', '.join(idle)}: {advice}")


def _described(missing: dict[str, list[str]]) -> str:
    return "; ".join(f"{release} lacks {' and '.join(names)}" for release, names in missing.items())


def _advice(kernels: Sequence[Kernel], missing: dict[str, dict[str, list[str]]], where: str) -> str:
    """An initramfs can be built with what the kernel has; what it has not only another kernel brings."""
    had = {kernel.release: kernel for kernel in kernels}
    for device, lacking in missing.items():
        if all(had[release].drivers.has(name) for release, names in lacking.items() for name in names):
            named = "add_drivers in /etc/dracut.conf.d or /etc/initramfs-tools/modules"
            return f"name the modules of {device} in {named} and have {where} built anew"
    return "install a kernel that has one of them, such as linux-image-amd64 instead of linux-image-cloud-amd64"


def _either(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else names[0]
