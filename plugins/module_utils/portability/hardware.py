# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which machines of the boot matrix a system should start on; what the boot then does says whether that was right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.starting import Starting
from ansible_collections.hygeia.golden.plugins.module_utils.portability.kernels import Kernel
from ansible_collections.hygeia.golden.plugins.module_utils.system.hardware import MATRIX, SECURE_BOOT, UEFI, Hardware

__all__ = ["MATRIX", "prediction"]


def prediction(name: str, kernels: Sequence[Kernel], starting: Starting | None) -> dict[str, Any]:
    """Whether it starts, None where that cannot be known, and why not."""
    machine = MATRIX[name]
    if not kernels or any(kernel.early is None for kernel in kernels) or (machine.firmware and starting is None):
        return {"name": name, "starts": None, "why": "its kernels or its disk could not be read"}
    why = "; ".join(_against(machine, kernels[-1], starting))
    return {"name": name, "starts": not why, "why": why}


def _against(machine: Hardware, kernel: Kernel, starting: Starting | None) -> Iterator[str]:
    """What keeps the newest kernel, which a menu starts first, from a login over the network."""
    missing, absent = kernel.lacks_early(machine.disk), kernel.lacks(machine.network)
    if missing:
        yield f"the initramfs of {kernel.release} lacks {' and '.join(missing)}"
    if absent:
        yield f"{kernel.release} lacks {' and '.join(absent)}"
    if starting and machine.firmware == UEFI and not starting.uefi:
        yield "no boot loader lies where UEFI looks without boot entries"
    if starting and machine.firmware == SECURE_BOOT and not starting.signed:
        yield "no signed boot loader lies where UEFI looks without boot entries"
