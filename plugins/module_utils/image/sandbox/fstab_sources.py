# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which filesystem of a template's disks an entry of its fstab means.

What a filesystem or partition carries itself, such as a UUID, says it. The name of a device says little, since the kernel names
disks as it finds them: it is believed only where there is evidence for it, see ``disk_names``.
"""

from __future__ import annotations

import contextlib
import re

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import TYPE_CHECKING, Problem, place_of

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import Partition
    from ansible_collections.hygeia.golden.plugins.module_utils.system.fstab import Entry

CRYPTTAB = "/etc/crypttab"
TAGS = {"UUID": "uuid", "LABEL": "label", "PARTUUID": "partuuid", "PARTLABEL": "partlabel"}
_BY_TAG = re.compile(r"/dev/disk/by-(uuid|label|partuuid|partlabel)/(.+)")
_ESCAPE = re.compile(r"\\x([0-9a-f]{2})")
# A disk, the letters or the number that count it, and the number of a partition, with a p before it where the disk ends in a digit.
_LETTERED = re.compile(r"(/dev/(hd|sd|vd|xvd)([a-z]{1,2}))(\d{1,3})?", re.A)
_COUNTED = re.compile(r"(/dev/(nvme|mmcblk)(\d{1,2})(?:n1)?)(?:p(\d{1,3}))?", re.A)


def disk_names(entries: list[Entry], root: Partition, disks: int) -> dict[str, int]:
    """What fstab calls the disks, as far as it is believed: the names of devices with the numbers of disks.

    The disk that fstab names as that of the root is the one that has the root, if the number of the partition agrees. Several
    disks are named in the order in which they are given, as far as that order agrees with the root and all names are of one kind.
    """
    devices = [device for device in (_device(entry.source) for entry in entries) if device]
    at_root = [_device(entry.source) for entry in entries if entry.where == "/"][:1]
    first = at_root[0] if at_root else None
    if first:
        if first.number != root["number"] or root["volume"] or root["luks"]:
            return {}
        if disks == 1 or first.place != root["disk_number"]:
            return {first.disk: root["disk_number"]}
        devices = [device for device in devices if device.kind == first.kind]
    elif disks == 1 or len({device.kind for device in devices}) != 1:
        return {}
    return {device.disk: device.place for device in devices if device.place <= disks}


def _place(partition: Partition) -> tuple[int, int, str, str]:
    return partition["disk_number"], partition["number"], partition["volume"], partition["luks"]


class _Device:
    """The name of a partition, or of a disk, which has the number 0: its disk, of which kind and the how manyth of it that is."""

    def __init__(self, disk: str, kind: str, place: int, number: str | None) -> None:
        self.disk, self.kind, self.place, self.number = disk, kind, place, int(number or 0)


def _device(source: str) -> _Device | None:
    found = _LETTERED.fullmatch(source)
    if found:
        place = 0
        for letter in found[3]:
            place = place * 26 + ord(letter) - ord("a") + 1
        return _Device(found[1], found[2], place, found[4])
    found = _COUNTED.fullmatch(source)
    return _Device(found[1], found[2], int(found[3]) + 1, found[4]) if found else None


def names_of_volume(partition: Partition) -> tuple[str, ...]:
    """What fstab may call a logical volume; the last is what the installer of Ubuntu writes. What LUKS holds has a name, too."""
    mapper, uuid = partition["mapper"], partition["mapper_uuid"]
    by_id = "/dev/disk/by-id/dm-"
    if partition["luks"]:
        kind = f"CRYPT-LUKS{partition['luks_version']}-{partition['luks'].replace('-', '')}"
        return f"/dev/mapper/{mapper}", f"{by_id}name-{mapper}", f"{by_id}uuid-{kind}-{mapper}"
    if not partition["volume"]:
        return ()
    return f"/dev/{partition['volume']}", f"/dev/mapper/{mapper}", f"{by_id}name-{mapper}", f"{by_id}uuid-{uuid}"


def named_by_crypttab(text: str, partitions: list[Partition], names: dict[str, int]) -> list[Partition]:
    """The partitions with what LUKS holds called as crypttab(5) of the template says: of two lines for one, the first counts."""
    called: dict[str, str] = {}
    containers = [partition for partition in partitions if not partition["luks"]]
    for line in text.splitlines():
        words = line.split()
        if len(words) < 2 or words[0].startswith("#"):
            continue
        with contextlib.suppress(Problem):
            container = resolve(words[1], containers, names)
            if container:
                called.setdefault(container["uuid"], words[0])
    return [
        {**partition, "mapper": called.get(partition["luks"], partition["mapper"])} if partition["luks"] else partition
        for partition in partitions
    ]


def resolve(source: str, partitions: list[Partition], names: dict[str, int]) -> Partition | None:
    """The partition that the first field of an entry means, or None; what is in several places means none of them."""
    key, unused_equals, value = source.partition("=")
    by_tag = _BY_TAG.fullmatch(source)
    if by_tag:
        key, value = by_tag[1].upper(), _ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), by_tag[2])
    field = TAGS.get(key)
    if field:
        same = [partition for partition in partitions if value and partition[field].lower() == value.lower()]
    else:
        device = _device(source)
        place = (names.get(device.disk), device.number, "", "") if device else None
        same = [partition for partition in partitions if source in names_of_volume(partition) or _place(partition) == place]
    if len(same) > 1:
        places = " and on ".join(map(place_of, same))
        raise Problem(f"{source} is on {places}: each filesystem needs its own")
    return same[0] if same else None
