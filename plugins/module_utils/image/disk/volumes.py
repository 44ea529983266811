# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The logical volumes of a template's disks, as stretches that are opened like partitions.

Where they lie is read from the disks themselves: LVM on the build host never sees them, and a group of the same name there is no
trouble. A group that cannot be understood is no obstacle to a system that does not need it; why is kept with its physical volumes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import partitions
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.window import Window
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.lvm import groups, physical
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.lvm.groups import Group
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.lvm.volumes import Volume
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.partitions import MEMBER, Partition
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import mapper
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError

# A template with more than so many volumes, or pieces of them, was not made by an installer.
MOST_VOLUMES, MOST_PIECES = 64, 128
_CURE = "make the template with linear volumes"


def with_volumes(found: list[Partition], names: Sequence[str]) -> list[Partition]:
    """Partitions with the logical volumes that lie on them; ``names`` is what each disk is called in sentences."""
    members = [partition for partition in found if partition.filesystem == MEMBER]
    if not members:
        return found
    try:
        understood = groups.read([physical.read(_window(member, names)) for member in members], names[0])
        volumes = [volume for group in understood for volume in _volumes(group, members)]
        _require_few(volumes, names[0])
    except ImageError as problem:
        return [replace(part, refused=str(problem)) if part in members else part for part in found]
    free = [window for group in understood for window in group.free]
    return [replace(part, free=_inside(part, free)) if part in members else part for part in found] + volumes


def _window(member: Partition, names: Sequence[str]) -> Window:
    name = f"the LVM physical volume on {member.place} of {names[member.disk_number - 1]}"
    return Window(member.disk, member.offset, member.size, name)


def _volumes(group: Group, members: list[Partition]) -> Iterator[Partition]:
    """The volumes of a group that somebody can see, each with what it holds."""
    for volume in group.volumes:
        partition = Partition(
            0,
            0,
            volume.size,
            volume=f"{group.name}/{volume.name}",
            mapper=f"{_escaped(group.name)}-{_escaped(volume.name)}",
            mapper_uuid=f"LVM-{group.identifier}{volume.identifier}",
        )
        yield (
            _placed(partition, volume, members)
            if volume.segments
            else replace(partition, refused=f"{partition.place} is {volume.refused}: {_CURE}")
        )


def _placed(partition: Partition, volume: Volume, members: list[Partition]) -> Partition:
    """The same with its place on the disks, and the filesystem that its first bytes show."""
    first = volume.segments[0]
    numbers = {member.disk: member.disk_number for member in members}
    partition = replace(partition, disk=first.path, offset=first.offset, disk_number=numbers[first.path])
    if len(volume.segments) > 1:
        partition = replace(partition, pieces=tuple((piece.path, piece.offset, piece.size) for piece in volume.segments))
    refused = f"{partition.place} is {volume.refused}: {_CURE}" if volume.refused else ""
    if partition.pieces and not mapper.available():
        refused = refused or (
            f"{partition.place} lies in {len(partition.pieces)} pieces, for which the kernel of the build host would need device-mapper: "
            "load it with 'modprobe dm_mod', or open the template on another build host (image_host)"
        )
    return replace(partitions.probed(partition, first.size), refused=refused)


def _escaped(name: str) -> str:
    """A name as it stands in /dev/mapper, where one dash ends the name of the group."""
    return name.replace("-", "--")


def _require_few(volumes: Sequence[Partition], name: str) -> None:
    if len(volumes) > MOST_VOLUMES or sum(len(volume.pieces) for volume in volumes) > MOST_PIECES:
        raise ImageError(
            f"{name} has more logical volumes, or more pieces of them, than are opened ({MOST_VOLUMES} and {MOST_PIECES}): "
            "make the template with fewer"
        )


def _inside(member: Partition, free: Sequence[Window]) -> tuple[tuple[int, int], ...]:
    """The free stretches of one physical volume, counted from its own start."""
    end = member.offset + member.size
    inside = (window for window in free if window.path == member.disk and member.offset <= window.offset < end)
    return tuple((window.offset - member.offset, window.offset - member.offset + window.size) for window in inside)
