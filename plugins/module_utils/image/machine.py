# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The virtual machine that an image can run in: its firmware, disk controller and network card, by the drivers that it has."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.places import OddFile

# The choice in order, by what VMware calls the device and which driver Linux has for it.
CONTROLLERS = {"pvscsi": "vmw_pvscsi", "lsilogic": "mptspi", "lsilogicsas": "mptsas", "ahci": "ahci", "nvme": "nvme", "ide": "ata_piix"}
NETWORKS = {"vmxnet3": "vmxnet3", "e1000e": "e1000e", "e1000": "e1000"}
# A driver that is a file of a kernel, or a part of it.
_DRIVER = re.compile(r"(?:^|/)([\w-]{1,60})\.ko(?:\.\w{1,4})?(?=:|\s*$)", re.A | re.M)
_EFI = ("/boot/efi/EFI", "/boot/grub/x86_64-efi", "/boot/grub2/x86_64-efi", "/efi/EFI")


def of(host: Host, told: dict[str, str]) -> dict[str, str]:
    """What the image in a tree can drive; what its template was ``told`` to have counts where it can."""
    drivers = _drivers(host)
    return {
        "firmware": told.get("firmware") or ("efi" if any(map(host.exists, _EFI)) else "bios"),
        "controller": _first(told.get("controller", ""), CONTROLLERS, drivers),
        "network": _first(told.get("network", ""), NETWORKS, drivers),
        "tools": "yes" if host.exists("/usr/bin/vmtoolsd") else "",
    }


def _first(told: str, devices: dict[str, str], drivers: set[str]) -> str:
    """The device that was told where there is a driver for it, else the first that has one, else the first of all."""
    wanted: Iterable[str] = [told, *devices] if told in devices else devices
    return next(
        (device for device in wanted if devices[device].replace("-", "_") in drivers), told if told in devices else next(iter(devices))
    )


def _text(host: Host, path: str) -> str:
    """A list of a kernel's; whatever else lies in its place lists nothing."""
    try:
        return host.read(path) or ""
    except (OSError, OddFile):
        return ""


def _drivers(host: Host) -> set[str]:
    """The drivers that each installed kernel has."""
    kernels = []
    for path in host.glob("/lib/modules/*/modules.dep"):
        listed = _text(host, path) + "\n" + _text(host, path[: -len("dep")] + "builtin")
        kernels.append({name.replace("-", "_") for name in _DRIVER.findall(listed)})
    return set.intersection(*kernels) if kernels else set()
