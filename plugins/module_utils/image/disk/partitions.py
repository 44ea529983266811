# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What lies on disks: partitions and their filesystems, found without the kernel's partition scanning."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import named
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError, run, sized

OPENED = ("ext2", "ext3", "ext4", "xfs", "btrfs")
MEMBER, LUKS = "LVM2_member", "crypto_LUKS"
# Filesystems that are known but can hold no Linux root, and need no explanation.
HARMLESS = ("vfat", "swap", "iso9660")
# What blkid calls the filesystems of Windows.
_OF_WINDOWS = ("ntfs", "BitLocker", "ReFS")
_CONTAINERS = {"0x5", "0xf", "0x85", "5", "f", "85"}
_ADVICE = {LUKS: "encrypted with LUKS", "linux_raid_member": "a member of a RAID array", "zfs_member": "a member of a ZFS pool"}


@dataclass(frozen=True)
class Partition:
    """A stretch of a disk; ``number`` is 0 when a filesystem fills the disk without a partition table.

    ``disk`` is the raw file that it lies in, ``disk_number`` the place of that disk among those of the template, from 1 on.
    One with a ``volume`` (``vg/root``) is a logical volume, called ``mapper`` in /dev/mapper; if it does not lie in one stretch it
    has ``pieces``, as (disk, offset, size). ``refused`` is a sentence that says why it is not opened. ``free`` is what no volume
    has of a physical volume, as pairs of start and end. What a LUKS container holds has the place of that, its UUID as ``luks``, and as
    ``disk`` a device of its own; the container is ``unlocked`` then.
    """

    number: int
    offset: int
    size: int
    filesystem: str = ""
    uuid: str = ""
    label: str = ""
    partuuid: str = ""
    partlabel: str = ""
    disk: str = ""
    disk_number: int = 1
    volume: str = ""
    mapper: str = ""
    mapper_uuid: str = ""
    pieces: tuple[tuple[str, int, int], ...] = ()
    refused: str = ""
    luks: str = ""
    luks_version: int = 0
    unlocked: bool = False
    free: tuple[tuple[int, int], ...] = ()

    def dump(self) -> dict[str, Any]:
        """As the sandbox receives it."""
        return {name: value for name, value in asdict(self).items() if name != "free"}

    @property
    def place(self) -> str:
        return named(self.number, self.disk_number, self.volume, self.luks)

    @property
    def container(self) -> str:
        """Of what LUKS holds, the partition or volume that is encrypted."""
        return named(self.number, self.disk_number, self.volume)

    @property
    def stretches(self) -> Iterator[tuple[str, int, int]]:
        """Where it lies, as (disk, start, end)."""
        return ((disk, offset, offset + size) for disk, offset, size in self.pieces or ((self.disk, self.offset, self.size),))

    def __str__(self) -> str:
        return f"{self.place} ({self.filesystem or 'unknown'}, {sized(self.size)})"


def read_all(disks: Sequence[str], names: Sequence[str]) -> list[Partition]:
    """The partitions of several raw disks, in their order."""
    return [
        replace(partition, disk_number=number) for number, (disk, name) in enumerate(zip(disks, names), 1) for partition in read(disk, name)
    ]


def read(disk: str, name: str) -> list[Partition]:
    """The partitions of the raw disk in the file ``disk``; ``name`` is the template's, for sentences."""
    whole = _probe(disk)
    table = whole.get("PTTYPE", "")
    if table in ("gpt", "dos") and not (table == "dos" and whole.get("TYPE") in OPENED):
        return [probed(partition, partition.size) for partition in _table(disk, name)]
    if table and "TYPE" not in whole:
        raise ImageError(f"{name} has a partition table of the type {table}: only GPT, MBR and a bare filesystem can be opened")
    return [_with(Partition(0, 0, os.path.getsize(disk), disk=disk), whole)]


def candidates(partitions: list[Partition], name: str, wanted: int | None = None) -> list[Partition]:
    """The partitions that could hold a root filesystem, or that of the first disk which is wanted; a sentence when there is none."""
    chosen = of_number(partitions, wanted)
    if not chosen:
        listed = ", ".join(str(partition) for partition in partitions) or "none at all"
        raise ImageError(f"{name} has no partition {wanted}: name one of those that it has, {listed}")
    found = [partition for partition in chosen if partition.filesystem in OPENED and not partition.refused]
    if not found:
        raise ImageError(no_root(chosen, name))
    return found


def of_number(partitions: list[Partition], wanted: int | None) -> list[Partition]:
    """All partitions, or the one of the first disk that has this number, with the logical volumes in it."""
    if wanted is None:
        return partitions
    chosen = [part for part in partitions if (part.number, part.disk_number) == (wanted, 1) and not part.volume]
    return chosen + [part for part in partitions if part.volume and any(_lies_in(part, member) for member in chosen)]


def _lies_in(volume: Partition, member: Partition) -> bool:
    places = volume.pieces or ((volume.disk, volume.offset, volume.size),)
    return any(disk == member.disk and member.offset <= offset < member.offset + member.size for disk, offset, unused_size in places)


def no_root(partitions: list[Partition], name: str) -> str:
    """Why no root filesystem could be opened, and what to do."""
    for partition in partitions:
        if partition.refused:
            return f"{name} cannot be opened because {partition.refused}"
        if partition.filesystem in _ADVICE and not partition.unlocked:
            key = "give its key (image_luks_key_file), " if partition.filesystem == LUKS else ""
            return (
                f"{name} cannot be opened because {partition} is {_ADVICE[partition.filesystem]}: {key}make the template with a plain "
                "ext4, XFS or btrfs root, or mount it yourself and enter it with ansible_image_root"
            )
    if all(not partition.filesystem for partition in partitions):
        where = f" on {partitions[0]}" if len(partitions) == 1 and partitions[0].number else ""
        return f"{name} holds no filesystem that is known{where}: is it a disk with an installed system?"
    windows = next((partition for partition in partitions if partition.filesystem in _OF_WINDOWS), None)
    if windows:
        return f"{name} holds Windows on {windows}, which is audited and not changed: run hygeia.golden.audit_image on it"
    listed = ", ".join(str(partition) for partition in partitions)
    return f"{name} holds no Linux system (no etc/os-release) on {listed}"


def _table(disk: str, name: str) -> Iterator[Partition]:
    ran = run(["sfdisk", "--json", disk])
    if not ran.ok:
        raise ImageError(f"the partition table of {name} cannot be read: {ran.error}")
    table = json.loads(ran.out)["partitiontable"]
    sector = table.get("sectorsize", 512)
    for entry in table.get("partitions", []):
        if entry["type"].lower() in _CONTAINERS and table["label"] == "dos":
            continue
        number = int(re.findall(r"\d+$", entry["node"][len(disk) :])[0])
        mbr = f"{table['id'][2:]}-{number:02x}" if table["label"] == "dos" else ""
        yield Partition(
            number,
            entry["start"] * sector,
            entry["size"] * sector,
            partuuid=(entry.get("uuid") or mbr).lower(),
            partlabel=entry.get("name", ""),
            disk=disk,
        )


def probed(partition: Partition, size: int) -> Partition:
    """The same with the filesystem that its first ``size`` bytes show."""
    return _with(partition, _probe(partition.disk, partition.offset, size))


def _with(partition: Partition, probed: dict[str, str]) -> Partition:
    return replace(partition, filesystem=probed.get("TYPE", ""), uuid=probed.get("UUID", ""), label=probed.get("LABEL", ""))


def _probe(disk: str, offset: int = 0, size: int = 0) -> dict[str, str]:
    """What blkid reads from the bytes themselves; nothing when it knows nothing or cannot decide."""
    window = ["--offset", str(offset), "--size", str(size)] if size else []
    ran = run(["blkid", "--probe", "--output", "export"] + window + [disk])
    pairs = (line.split("=", 1) for line in ran.out.splitlines() if "=" in line)
    return {key: re.sub(r"\\(.)", r"\1", value) for key, value in pairs}
