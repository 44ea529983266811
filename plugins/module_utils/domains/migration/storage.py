# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the destination has the disks and other files of a guest: the very same ones, or room for copies."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import dirname

from ansible_collections.hygeia.golden.plugins.module_utils.domains.devices import Disk
from ansible_collections.hygeia.golden.plugins.module_utils.domains.migration.move import Move
from ansible_collections.hygeia.golden.plugins.module_utils.domains.migration.side import Side, Volume
from ansible_collections.hygeia.golden.plugins.module_utils.model.answer import Answer, judged, unknown, unneeded

# How a disk gets to the destination, or why nobody knows.
SHARED, COPIED, NETWORK, UNKNOWN = "shared", "copied", "network", "unknown"
# With these the cache of the source is written out before the destination reads (libvirt from 5.6, QEMU from 4.0).
_LOSING = "unsafe"
# The file systems that libvirt knows to be shared (src/util/virfile.c).
_NETWORKED = ("nfs", "nfs4", "cifs", "smb3", "ceph", "gfs2", "ocfs2", "afs", "gpfs", "acfs", "fuse.glusterfs", "fuse.quobyte")


def storage(move: Move) -> Answer:
    found: dict[str, str] = {}
    problems: list[str] = []
    unseen: list[str] = []
    for disk in move.guest.disks:
        if disk.source:
            found[disk.target], reason = _reached(disk, move)
            (unseen if found[disk.target] == UNKNOWN else problems).extend([reason] if reason else [])
    problems += [*_started_from(move), *_cached(move.guest.disks)]
    expected = {"each disk": COPIED if move.way.copied else SHARED}
    if not found and not problems:
        return unneeded("the guest has no disk")
    if unseen and not problems:
        return unknown("; ".join(unseen), expected)
    return judged([*problems, *unseen], expected, found, "virsh vol-dumpxml and pool-dumpxml of both hosts")


def _cached(disks: list[Disk]) -> Iterator[str]:
    for disk in disks:
        if disk.cache == _LOSING and not disk.read_only:
            yield f"{disk.target} has cache=unsafe, so that what the guest has written may be lost in the move: use another cache"


def _reached(disk: Disk, move: Move) -> tuple[str, str]:
    """How a disk gets there, and what is wrong with that, or nothing."""
    if disk.type == "network":
        return NETWORK, ""
    if disk.type == "volume":
        return _in_pool(disk, move)
    if disk.type not in ("file", "block"):
        return UNKNOWN, f"{disk.target} is of the type {disk.type}, which is not compared: check it by hand"
    if move.way.copied and not disk.read_only and not disk.shareable:
        return COPIED, _no_room(disk, move)
    for path in (disk.source, *disk.backing):
        how, reason = _same(disk, path, move)
        if reason:
            return how, reason
    return SHARED, "" if disk.read_only or disk.shareable else _refused(disk, move)


def _in_pool(disk: Disk, move: Move) -> tuple[str, str]:
    one, other = (next((pool for pool in side.pools if pool.name == disk.pool), None) for side in (move.source, move.destination))
    if other is None:
        return SHARED, f"{disk.target} lies in the pool {disk.pool}, which the destination does not have"
    if one is None or not one.place or one.place != other.place:
        return SHARED, f"{disk.target} lies in the pool {disk.pool}, which is other storage at the destination ({other.place or 'its own'})"
    return SHARED, ""


def _same(disk: Disk, path: str, move: Move) -> tuple[str, str]:
    """Is it one and the same file? A file that the guest writes to changes while it is looked at, so it is looked at from both sides of that."""
    directory = dirname(path)
    here, there = move.source.pool(directory), move.destination.pool(directory)
    if here and there and here.place and here.place == there.place:
        return SHARED, ""
    first, other, last = move.source.volume(path), move.destination.volume(path), move.source.volume(path)
    if other is None and there:
        return SHARED, (
            f"{disk.target} is {path}, which is not at the destination: put it on storage that both hosts have, refresh the pool "
            f"{there.name}, or copy the disks in the move"
        )
    if first is None or last is None or other is None:
        lacking = "source" if first is None else "destination"
        return (
            UNKNOWN,
            f"{disk.target} is {path}, and no pool of the {lacking} has {directory}: define one, so that its files can be compared",
        )
    if disk.type == "block" and path == disk.source:
        return _one_device(disk, first, other)
    if _one_file(first, other, last):
        return SHARED, ""
    return (
        SHARED,
        f"{disk.target} is {path}, and another file lies there at the destination: share the storage, or copy the disks in the move",
    )


def _one_device(disk: Disk, first: Volume, other: Volume) -> tuple[str, str]:
    """The node of a device is made by each host, but its key is of the storage, unless it is just the path."""
    if disk.source in (first.key, other.key):
        return UNKNOWN, f"{disk.target} is {disk.source}, and libvirt has no serial number of it: compare its WWN on both hosts"
    reason = f"{disk.target} is {disk.source}, and another device is called that at the destination: correct the name there"
    return SHARED, "" if first.key == other.key else reason


def _one_file(first: Volume, other: Volume, last: Volume) -> bool:
    return first.capacity == other.capacity and first.changed <= other.changed <= last.changed


def _no_room(disk: Disk, move: Move) -> str:
    """libvirt makes the copy itself where a pool has the directory; what lies there already must be as large."""
    there = move.destination.volume(disk.source)
    if there is not None:
        here = move.source.volume(disk.source)
        differs = here is not None and here.capacity != there.capacity
        return f"{disk.target} is {disk.source}, and a file of another size lies there at the destination: remove it" if differs else ""
    if move.destination.pool(dirname(disk.source)) is None:
        return (
            f"{disk.target} is {disk.source}, and no pool of the destination has {dirname(disk.source)}, so that libvirt cannot make its copy: "
            "define one"
        )
    return ""


def _refused(disk: Disk, move: Move) -> str:
    """libvirt moves without a word only from a file system that it knows to be shared."""
    within = [where for where in move.mounts or {} if f"{disk.source}/".startswith(f"{where.rstrip('/')}/")]
    kind = (move.mounts or {}).get(max(within, key=len, default=""), "")
    if not kind or kind in _NETWORKED or disk.type == "block":
        return ""
    return (
        f"{disk.target} is {disk.source} on {kind}, which libvirt takes for storage of the source alone and refuses: "
        "mount it as a shared file system, or copy the disks in the move"
    )


def _started_from(move: Move) -> Iterator[str]:
    """A kernel that is handed to QEMU must lie at the destination too."""
    for name in ("kernel", "initrd", "dtb"):
        path = move.guest.text(f"os/{name}")
        if path and _lacks(move.destination, path):
            yield f"its {name} is {path}, which is not at the destination: copy it there, and refresh the pool"


def _lacks(side: Side, path: str) -> bool:
    return side.pool(dirname(path)) is not None and side.volume(path) is None
