# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Disks and filesystems that are named by what lies on them, and not by where a machine happens to have them; and swap."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.model.answer import Answer, judged, unneeded
from ansible_collections.hygeia.golden.plugins.module_utils.portability.platform import Platform
from ansible_collections.hygeia.golden.plugins.module_utils.system import fstab
from ansible_collections.hygeia.golden.plugins.module_utils.system.boot_menu import Start
from ansible_collections.hygeia.golden.plugins.module_utils.system.boot_mounts import CRYPTTAB
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of

RESUME = ("/etc/initramfs-tools/initramfs.conf", "/etc/initramfs-tools/conf.d/*")
_RESUME = re.compile(r"^[ \t]*RESUME=[\"']?([^\"'\s]*)", re.M | re.A)
# Names that are the same wherever the disk is: of a filesystem, of a partition, of a volume that carries its own name.
_LASTING = re.compile(r"(UUID|LABEL|PARTUUID|PARTLABEL)=.+|/dev/disk/by-(uuid|label|partuuid|partlabel)/.+|/dev/mapper/.+", re.A)
# Volumes of LVM have a directory of their group; what is a disk, a partition or a path of the hardware has none of its own.
_FLEETING = re.compile(r"/dev/([hsv]d[a-z]|xvd[a-z]|nvme\d|mmcblk\d|md\d|dm-\d|disk/by-(id|path)/)", re.A)


def devices(host: Host, menu: Sequence[Start]) -> Answer:
    """fstab, crypttab, the boot menu and the place to resume from."""
    named = [*_mounted(host), *_started(menu), *_resumed(host)]
    problems = [f"{place} names {source}" for place, source in named if fleeting(source)]
    swaps = {entry.source for entry in fstab.of(host) if "swap" in entry.types}
    foreign = [f"{place} resumes from {source}, which is no swap of fstab" for place, source in _resumed(host) if _foreign(source, swaps)]
    observed = {"by UUID or label": not problems and not foreign}
    remedy = "use UUID= or LABEL= as blkid tells it, and RESUME=none where nothing resumes"
    return judged(
        [*problems, *foreign], {"by UUID or label": True}, observed, "/etc/fstab, /etc/crypttab, the boot menu and RESUME", remedy
    )


def fleeting(source: str) -> bool:
    """Is this a device's name that another machine gives to another device, or to none?"""
    return not _LASTING.fullmatch(source) and bool(_FLEETING.match(source))


def _mounted(host: Host) -> Iterator[tuple[str, str]]:
    for entry in fstab.of(host):
        if entry.at_boot and not entry.bind:
            yield entry.place, entry.source
    for number, line in enumerate((host.read(CRYPTTAB) or "").split("\n"), 1):
        words = words_of(line)
        if len(words) > 1 and not words[0].startswith("#"):
            yield f"{CRYPTTAB}:{number}", words[1]


def _started(menu: Sequence[Start]) -> Iterator[tuple[str, str]]:
    for start in menu:
        for name in ("root", "resume"):
            value = start.value(name)
            if isinstance(value, str):
                yield start.place, value


def _resumed(host: Host) -> Iterator[tuple[str, str]]:
    """From what initramfs-tools resumes; the last word counts, and none is a word for nothing."""
    values = [(path, value) for pattern in RESUME for path in host.files(pattern) for value in _RESUME.findall(host.read(path) or "")]
    yield from (pair for pair in values[-1:] if pair[1] not in ("", "none", "auto"))


def _foreign(source: str, swaps: set[str]) -> bool:
    return source not in swaps and source.replace("/dev/disk/by-uuid/", "UUID=") not in swaps


def swap(platform: Platform, host: Host) -> Answer:
    """Some platforms want no swap on the disk of the system: it is billed, copied, or lies on slow storage."""
    asked = platform.get("swap", "allowed")
    if asked == "allowed":
        return unneeded("the platform allows swap on the disk of the system")
    found = [entry for entry in fstab.of(host) if "swap" in entry.types and not entry.source.startswith("/dev/zram")]
    problems = [f"{entry.place} has swap on {entry.source}" for entry in found]
    remedy = "remove it; a machine gets swap from its platform or its cloud-init"
    return judged(problems, {"swap": False}, {"swap": bool(found)}, fstab.PATH, remedy)
