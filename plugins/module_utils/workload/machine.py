# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What this machine is called and has: by which a list of another source knows it, and what has to be copied."""

from __future__ import annotations

import json
import os
import re
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, words_of

# Interfaces whose addresses many hosts have alike, because a program made them for its guests.
_INSIDE = re.compile(
    r"lo|docker\d+|br-[0-9a-f]{12}|virbr\d+|veth\w+|cni\w*|flannel[\w.]*|cali\w+|podman\d+|lxcbr\d+|lxdbr\d+|tap\w+|vnet\d+|ifb\d+|dummy\d+",
    re.A,
)
_DISKS = re.compile(r"(?:sd|vd|xvd)[a-z]+|nvme\d+n\d+", re.A)
# Filesystems of a disk of this machine; nothing else is asked, for a file server that does not answer would hold us up.
_LOCAL = ("ext2", "ext3", "ext4", "xfs", "btrfs", "vfat", "f2fs", "jfs")
_SECTOR = 512


class NoAddresses(Exception):
    """The program ip does not say which addresses this machine has."""


def addresses(host: Host) -> tuple[list[str], list[str]]:
    """The addresses of other than inner networks, and the hardware addresses (ip-address(8))."""
    ran = host.run(["ip", "-json", "address", "show"], timeout=10)
    try:
        interfaces = json.loads(ran.out) if ran.ok else None
    except ValueError:
        interfaces = None
    if not isinstance(interfaces, list):
        raise NoAddresses(ran.error)
    named = [each for each in interfaces if isinstance(each, dict) and not _INSIDE.fullmatch(str(each.get("ifname", "")))]
    infos = [info for each in named for info in each.get("addr_info", []) if info.get("scope") == "global"]
    macs = {str(each["address"]) for each in named if each.get("link_type") == "ether" and "address" in each}
    return sorted({str(info["local"]) for info in infos if "local" in info}), sorted(macs)


def described(host: Host) -> dict[str, Any]:
    """What an export of a platform says of a machine too, as far as its own kernel knows it."""
    name = (host.read("/proc/sys/kernel/hostname") or "").strip(BLANKS) or (host.read("/etc/hostname") or "").strip(BLANKS)
    return {
        "name": name.partition(".")[0],
        "dns_name": _whole_name(host, name),
        "uuid": _uuid(host),
        "os": host.os_release.get("PRETTY_NAME", ""),
        "firmware": "efi" if host.exists("/sys/firmware/efi") else "bios",
        "cpus": sum(bool(re.match(r"processor\s*:", line, re.A)) for line in host.lines("/proc/cpuinfo")),
        "memory_mib": _memory(host),
        "disks": _disks(host),
        "partitions": _partitions(host),
    }


def _uuid(host: Host) -> str:
    """What the platform calls the machine (SMBIOS), which only root may read."""
    try:
        return (host.read("/sys/class/dmi/id/product_uuid") or "").strip(BLANKS).lower()
    except OSError:
        return ""


def _whole_name(host: Host, name: str) -> str:
    """The name with its domain, as the name itself or /etc/hosts has it; no server is asked, for it may not answer."""
    if "." in name:
        return name
    aliases = (words_of(line.partition("#")[0])[1:] for line in host.lines("/etc/hosts"))
    return next((alias for names in aliases if name in names for alias in names if alias.startswith(f"{name}.")), "")


def _memory(host: Host) -> int:
    """MiB as the platform gave them: the kernel counts in MemTotal what it has kept for itself as missing."""
    size = (host.read("/sys/devices/system/memory/block_size_bytes") or "").strip(BLANKS)
    blocks = [path for path in host.glob("/sys/devices/system/memory/memory[0-9]*") if (host.read(f"{path}/online") or "1")[0] == "1"]
    if blocks and re.fullmatch("[0-9a-f]{1,12}", size):
        return len(blocks) * int(size, 16) >> 20
    return total(host) >> 10


def total(host: Host) -> int:
    """KiB of memory that the kernel has to give (proc_meminfo(5))."""
    found = re.search(r"^MemTotal:\s*(\d{1,15}) kB", host.read("/proc/meminfo") or "", re.M | re.A)
    return int(found[1]) if found else 0


def _disks(host: Host) -> list[dict[str, Any]]:
    found = []
    for path in host.glob("/sys/class/block/*"):
        name = os.path.basename(path)
        sectors = (host.read(f"{path}/size") or "").strip(BLANKS) if _DISKS.fullmatch(name) else ""
        if re.fullmatch("[0-9]{1,15}", sectors):
            found.append({"name": name, "capacity_mib": int(sectors) * _SECTOR >> 20})
    return found


def _partitions(host: Host) -> list[dict[str, Any]]:
    """What is mounted from disks, each device once, with the room that is left."""
    found: dict[str, dict[str, Any]] = {}
    for words in (words_of(line) for line in host.lines("/proc/self/mounts")):
        if len(words) < 3 or words[2] not in _LOCAL or not words[0].startswith("/dev/") or words[0] in found:
            continue
        try:
            size = os.statvfs(host.path(words[1]))
        except OSError:
            continue
        mib = 2**20
        found[words[0]] = {
            "name": words[1],
            "capacity_mib": size.f_blocks * size.f_frsize // mib,
            "free_mib": size.f_bfree * size.f_frsize // mib,
        }
    return list(found.values())
