# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A Windows template, opened to be read: its image, the volume with the system, and what keeps it from being read."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.inspection import Disk
from ansible_collections.hygeia.golden.plugins.module_utils.windows.disk import image, partitions
from ansible_collections.hygeia.golden.plugins.module_utils.windows.disk.partitions import BITLOCKER, DYNAMIC, NTFS, REFS, SPACES, Partition
from ansible_collections.hygeia.golden.plugins.module_utils.windows.errors import Unreadable
from ansible_collections.hygeia.golden.plugins.module_utils.windows.ntfs.volume import Volume
from ansible_collections.hygeia.golden.plugins.module_utils.windows.reading import Counted, Part
from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry.registry import HIVES
from ansible_collections.hygeia.golden.plugins.module_utils.windows.system import WindowsSystem

# ext4, XFS, btrfs, LUKS and LVM.
_LINUX = ((1080, b"\x53\xef"), (0, b"XFSB"), (65600, b"_BHRfS_M"), (0, b"LUKS\xba\xbe"), (512, b"LABELONE"))
_SYSTEM = HIVES["HKLM\\SYSTEM"]
_CURES = {
    BITLOCKER: "is encrypted with BitLocker: decrypt it in the template with 'manage-bde -off' before it is exported",
    REFS: "holds ReFS, from which no system is read: export the template with its system on NTFS",
    SPACES: "belongs to Storage Spaces: export the template with its system on a simple partition",
    DYNAMIC: "belongs to a dynamic disk: export the template with its system on a basic disk",
}


@dataclass(frozen=True)
class Opened:
    """``system`` is the Windows on ``partition`` of ``source``."""

    system: WindowsSystem
    partition: Partition
    source: Counted


@contextlib.contextmanager
def opened(disk: Disk, number: int | None = None) -> Iterator[Opened]:
    """The system on a disk, or on the partition of it that has this number."""
    with image.opened(disk) as shown:
        source = Counted(shown)
        partition, volume = chosen(partitions.read(source), disk.path, number)
        yield Opened(WindowsSystem(volume), partition, source)


def recognised(disk: Disk) -> bool:
    """Does a disk hold Windows? It has a volume that only Windows has, and none of Linux."""
    if disk.packed:
        return False
    with image.opened(disk) as shown:
        found = partitions.read(shown)
        return any(each.holds for each in found) and not any(_of_linux(each.part) for each in found if not each.holds)


def _of_linux(part: Part) -> bool:
    """Does a partition begin with a filesystem, a volume group or an encrypted container of Linux?"""
    return any(part.size >= at + len(magic) and part.read(at, len(magic)) == magic for at, magic in _LINUX)


def chosen(found: Sequence[Partition], path: str, number: int | None) -> tuple[Partition, Volume]:
    """The partition with the system; one sentence where there is none."""
    among = [each for each in found if number in (None, each.number)]
    if not among:
        listed = ", ".join(map(str, found)) or "none at all"
        raise Unreadable(f"{path} has no partition {number}: name one of those that it has, {listed}")
    damaged: Unreadable | None = None
    for each in (each for each in among if each.holds == NTFS):
        try:
            volume = Volume(each.part, each.part.name)
            if volume.find(_SYSTEM):
                return each, volume
        except Unreadable as problem:
            damaged = damaged or problem
    if damaged:
        raise damaged
    for each in among:
        if each.holds in _CURES:
            raise Unreadable(f"{path} cannot be audited because {each.place} {_CURES[each.holds]}")
    listed = ", ".join(map(str, among))
    raise Unreadable(f"{path} holds no Windows (no {_SYSTEM}) on {listed}")
