# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How a disk starts: by UEFI, by BIOS, or only with a kernel that somebody else starts."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.starting import BOOT_CODE, ESP
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError, run
from ansible_collections.hygeia.golden.plugins.module_utils.packages import kernels
from ansible_collections.hygeia.golden.plugins.module_utils.system import fstab

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

UEFI, BIOS, DIRECT = "uefi", "bios", "direct"
# The firmware of qemu with its empty variables, as distributions name them.
OVMF = (
    ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
    ("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"),
    ("/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"),
)
# The same with the keys by which Secure Boot accepts what Microsoft has signed, shim among it.
SECURE_OVMF = (
    ("/usr/share/OVMF/OVMF_CODE_4M.ms.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"),
    ("/usr/share/OVMF/OVMF_CODE.secboot.fd", "/usr/share/OVMF/OVMF_VARS.ms.fd"),
    ("/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd", "/usr/share/edk2/ovmf/OVMF_VARS.secboot.fd"),
)

_LINUX = re.compile(r"^\s*linux(?:efi|16)?\s+\S+\s+(?P<words>.*)$", re.M)


@dataclass(frozen=True)
class Kernel:
    """A kernel that lies in a template, by the paths that the template has for it."""

    image: str
    initramfs: str
    words: str


def of(disk: str) -> str:
    """The way in which a raw disk starts; where it has both, UEFI comes first."""
    ran = run(["sfdisk", "--json", disk])
    if not ran.ok:
        return DIRECT  # a bare filesystem
    partitions = json.loads(ran.out)["partitiontable"].get("partitions", [])
    if any(partition["type"].lower() in ESP for partition in partitions):
        return UEFI
    with open(disk, "rb") as stream:
        return BIOS if any(stream.read(BOOT_CODE)) else DIRECT


def ovmf(secure: bool = False) -> tuple[str, str]:
    """The UEFI firmware of the build host and its variables: empty ones, or for Secure Boot those with keys."""
    for code, variables in SECURE_OVMF if secure else OVMF:
        if os.path.exists(code) and os.path.exists(variables):
            return code, variables
    raise ImageError("the template starts by UEFI, but the build host lacks UEFI for virtual machines: install the Debian package ovmf")


def kernel(host: Host) -> Kernel | None:
    """The newest kernel of a template, or None; with the parameters that its boot loader would give it."""
    versions = kernels.versions(host)
    if not versions:
        return None
    initramfs = kernels.initramfs(host, versions[-1])
    return Kernel(f"/boot/vmlinuz-{versions[-1]}", initramfs if host.exists(initramfs) else "", _words(host))


def _words(host: Host) -> str:
    menu = _LINUX.search(host.read("/boot/grub/grub.cfg") or "")
    if menu:
        return menu["words"]
    root = fstab.at(fstab.of(host), "/")
    if root:
        flags = ",".join(option for option in root.options if option.startswith("subvol"))
        return f"root={root.source} ro" + (f" rootflags={flags}" if flags else "")
    raise ImageError("the template has neither a boot menu nor a root filesystem in its fstab, so that its kernel would not find its root")
