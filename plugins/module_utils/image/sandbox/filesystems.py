# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filesystems of a template's disks: which one holds the system, and where the others belong.

A template's own fstab(5) says where a filesystem is mounted and nothing more: which driver reads it is told by its signature,
and out of a list; options come from here. The names of disks mean nothing, because the disk has another name wherever it runs.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import devices
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.kernel import umount
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import TYPE_CHECKING, Problem, named
from ansible_collections.hygeia.golden.plugins.module_utils.system import fstab

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import Partition
    from ansible_collections.hygeia.golden.plugins.module_utils.system.fstab import Entry


# How a filesystem is looked at so that not one of its bytes changes, and how it is worked on.
LOOK = {
    "ext2": "ro",
    "ext3": "ro,noload",
    "ext4": "ro,noload",
    "xfs": "ro,norecovery,nouuid",
    "btrfs": "ro,rescue=nologreplay",
    "vfat": "ro",
}
WORK = {"ext2": "", "ext3": "", "ext4": "", "xfs": "nouuid", "btrfs": "", "vfat": ""}
SAFE = "nodev"
# Directories without which a system would be patched in the wrong place.
ESSENTIAL = ("/boot", "/etc", "/usr", "/var", "/var/lib", "/var/lib/dpkg", "/var/lib/rpm")
# Where the sandbox has filesystems of its own.
FURNISHED = ("/", "/proc", "/sys", "/dev", "/run")
_TAGS = {"UUID": "uuid", "LABEL": "label", "PARTUUID": "partuuid", "PARTLABEL": "partlabel"}
_SUBVOLUME = re.compile(r"subvol(?:id)?=[^\s,\\\"]+")


class NoRoot(Problem):
    """No partition holds a system."""


# -- the root ---------------------------------------------------------------


def find_root(candidates: list[Partition], place: str) -> tuple[Partition, str]:
    """The partition that holds the system, with the options to mount it by."""
    found = []
    for partition in candidates:
        options = look(partition, place)
        if options is not None:
            found.append((partition, options))
    if not found:
        raise NoRoot()
    if len(found) > 1:
        places = " and on ".join(_named(partition) for partition, unused_options in found)
        cure = (
            "remove all but one"
            if any(partition["volume"] for partition, unused_options in found)
            else "name one with the option partition"
        )
        raise Problem(f"a Linux system lies on {places}: {cure}")
    return found[0]


def look(partition: Partition, place: str) -> str | None:
    """Mount options under which a system shows in this partition, or None; nothing on the disk changes."""
    kind = partition["filesystem"]
    with attached(partition, place, LOOK[kind]):
        if holds_system(place):
            return WORK[kind]
    if kind != "btrfs":
        return None
    with attached(partition, place, LOOK[kind] + ",subvolid=5"):
        volumes = [name for name in sorted(os.listdir(place)) if holds_system(os.path.join(place, name))]
    preferred = [name for name in ("@rootfs", "@", "root") if name in volumes] or volumes
    return f"subvol=/{preferred[0]}" if preferred else None


def holds_system(place: str) -> bool:
    """Is this the root of a Linux system? A symbolic link is not followed: it could lead to the build host."""
    return any(os.path.lexists(os.path.join(place, name)) for name in ("etc/os-release", "usr/lib/os-release"))


# -- mounting ---------------------------------------------------------------


@contextlib.contextmanager
def attached(partition: Partition, place: str, options: str) -> Iterator[None]:
    """Have a filesystem mounted for a moment."""
    attach(partition, place, options)
    try:
        yield
    finally:
        umount(place)


def attach(partition: Partition, place: str, options: str, beside: str | None = None) -> None:
    """Mount a stretch of a disk through a loop device that goes away with the mount, or with a kill before it.

    ``beside`` is where another volume of the same filesystem is mounted, which has one device only.
    """
    if beside:
        _mount(partition, device_of(beside)[0], place, options)
        return
    try:
        device, path = devices.attached(partition, "ro" not in options.split(","))
    except OSError as problem:
        raise Problem(f"the build host has no device for {_named(partition)}: {problem.strerror}") from problem
    try:
        _mount(partition, path, place, options)
    finally:
        os.close(device)


def _mount(partition: Partition, device: str, place: str, options: str) -> None:
    """No helper for a type of filesystem is run."""
    command = [
        "mount",
        "--internal-only",
        "-t",
        partition["filesystem"],
        "-o",
        ",".join(word for word in (options, SAFE) if word),
        device,
        place,
    ]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False, env=dict(os.environ, LC_ALL="C")
    )
    if done.returncode != 0:
        error = (done.stderr.strip().splitlines() or ["mount failed"])[0].split(": ", 2)[-1].rstrip(".")
        raise Problem(f"the {partition['filesystem']} filesystem on {_named(partition)} cannot be mounted on the build host: {error}")


def _named(partition: Partition) -> str:
    return named(partition["number"], partition["disk_number"], partition["volume"])


def device_of(place: str) -> tuple[str, int]:
    """The path and number of the device that is mounted at a place; a btrfs tells it here only."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as stream:
        mounts = [line.split(" ") for line in stream]
    path = [fields[fields.index("-") + 2] for fields in mounts if fields[4] == _escaped(place)][-1]
    return path, os.stat(path).st_rdev


def _escaped(place: str) -> str:
    """A path as /proc/self/mountinfo has it."""
    return re.sub(r"[ \t\n\\]", lambda character: f"\\{ord(character[0]):03o}", place)


# -- the others -------------------------------------------------------------


def mount_others(partitions: list[Partition], root: str, mounted: tuple[Partition, str]) -> tuple[list[tuple[str, Partition]], list[str]]:
    """Mount what the template's own fstab names; returns the places mounted, and sentences about the others.

    ``mounted`` is the partition that is mounted as the root, with its options.
    """
    mounts, skipped, taken = [], [], [(*mounted, root)]
    entries = [entry for entry in fstab.read(read(inside(root, fstab.PATH)) or "") if _of_a_disk(entry)]
    disk_name = root_disk(entries, mounted[0])
    for entry in sorted(filter(_belongs, entries), key=lambda entry: entry.where.count("/")):
        try:
            partition, options = _wanted(entry, partitions, disk_name, taken)
            target = inside(root, entry.where)
            os.makedirs(target, exist_ok=True)
            attach(partition, target, options, next(_places_of(partition, taken), None))
        except (OSError, Problem) as problem:
            if entry.where in ESSENTIAL and "nofail" not in entry.options:
                raise Problem(f"fstab of the template has {entry.where}, but {problem}") from problem
            skipped.append(f"{entry.where}: {problem}")
            continue
        mounts.append((entry.where, partition))
        taken.append((partition, options, target))
    return mounts, skipped


def _places_of(partition: Partition, taken: list[tuple[Partition, str, str]]) -> Iterator[Any]:
    """Where volumes of the same filesystem are mounted already."""
    return (place for other, unused_options, place in taken if _same(other, partition))


def _same(one: Partition, other: Partition) -> bool:
    return bool(one["disk"] == other["disk"] and one["offset"] == other["offset"])


def _of_a_disk(entry: Entry) -> bool:
    """Is this a filesystem that could lie on a disk?"""
    return entry.source.startswith("/dev/") or entry.source.split("=", 1)[0] in _TAGS


def _belongs(entry: Entry) -> bool:
    """Does a boot mount it, at a place where the sandbox has nothing of its own?"""
    where = os.path.normpath(entry.where)
    own = where in FURNISHED or where.startswith(tuple(f"{place}/" for place in FURNISHED[1:]))
    return where.startswith("/") and not own and entry.at_boot and not entry.bind and "swap" not in entry.types


def _wanted(
    entry: Entry, partitions: list[Partition], disk_name: str | None, taken: list[tuple[Partition, str, str]]
) -> tuple[Partition, str]:
    """The partition that an entry means, and the options to mount it by; a filesystem is in one place only."""
    partition = resolve(entry.source, partitions, disk_name)
    if partition is None:
        reasons = [other["refused"] for other in partitions if other["refused"] and not other["volume"]]
        raise Problem(f"{entry.source} is not on this disk{f' ({reasons[0]})' if reasons else ''}")
    if partition["refused"]:
        raise Problem(partition["refused"])
    kind = partition["filesystem"]
    if kind not in WORK:
        raise Problem(f"{entry.source} holds {kind or 'nothing known'}, which is not opened")
    volume = [word for word in entry.options if _SUBVOLUME.fullmatch(word)] if kind == "btrfs" else []
    options = ",".join(filter(None, [WORK[kind], *volume]))
    for other, its_options, unused_place in taken:
        if _same(other, partition) and not (volume and options != its_options):
            raise Problem(f"{entry.source} is mounted already")
    return partition, options


def root_disk(entries: list[Entry], root: Partition) -> str | None:
    """What fstab calls the disk, known where it names the root by the number that it really has: ``/dev/vda`` or nothing."""
    for entry in entries:
        if entry.where == "/":
            name, number = _numbered(entry.source)
            return name if number == root["number"] and not root["volume"] else None
    return None


def _numbered(device: str) -> tuple[str | None, int | None]:
    """The disk and the number of a partition by its name, which has a ``p`` in between where the disk ends in a digit."""
    node = re.fullmatch(r"(/dev/(?:[hsv]d[a-z]+|xvd[a-z]+))(\d+)|(/dev/(?:nvme\d+n\d+|mmcblk\d+))p(\d+)", device)
    return (node[1] or node[3], int(node[2] or node[4])) if node else (None, None)


def names_of_volume(partition: Partition) -> tuple[str, ...]:
    """What fstab may call a logical volume; the last is what the installer of Ubuntu writes."""
    if not partition["volume"]:
        return ()
    mapper, uuid = partition["mapper"], partition["mapper_uuid"]
    by_id = "/dev/disk/by-id/dm-"
    return f"/dev/{partition['volume']}", f"/dev/mapper/{mapper}", f"{by_id}name-{mapper}", f"{by_id}uuid-{uuid}"


def resolve(device: str, partitions: list[Partition], disk_name: str | None = None) -> Partition | None:
    """The partition that the first field of an fstab entry means, or None."""
    key, unused_equals, value = device.partition("=")
    named = re.fullmatch(r"/dev/disk/by-(uuid|label|partuuid|partlabel)/(.+)", device)
    if named:
        key, value = named[1].upper(), re.sub(r"\\x([0-9a-f]{2})", lambda escape: chr(int(escape[1], 16)), named[2])
    field = _TAGS.get(key)
    if device.startswith("/dev/") and not field:
        volumes = [partition for partition in partitions if device in names_of_volume(partition)]
        if volumes:
            return volumes[0]
    if field:
        same = [partition for partition in partitions if value and partition[field].lower() == value.lower()]
    else:
        name, number = _numbered(device)
        same = [
            partition
            for partition in partitions
            if name and name == disk_name and (partition["number"], partition["volume"]) == (number, "")
        ]
    return same[0] if same else None


# -- files of a system that is not entered yet ------------------------------


def inside(root: str, place: str) -> str:
    """Where a place of the template lies, refusing a symbolic link on the way: it could lead to the build host."""
    here = root
    for part in place.strip("/").split("/"):
        here = os.path.join(here, part)
        if os.path.islink(here):
            raise Problem(f"{place} of the template is behind a symbolic link")
    return here


def read(path: str, limit: int = 1 << 20) -> str | None:
    """The text of a regular file, or None; nothing of it can block, or be longer than the limit."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    with os.fdopen(handle, "rb") as stream:
        if not os.path.isfile(f"/proc/self/fd/{handle}"):
            return None
        try:
            return stream.read(limit).decode("utf-8", "surrogateescape")
        except OSError:
            return None


def os_release(root: str) -> dict[str, str]:
    """The pairs of os-release(5) of the system under a root."""
    for place in ("/etc/os-release", "/usr/lib/os-release"):
        with contextlib.suppress(Problem):
            text = read(inside(root, place))
            if text is not None:
                pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line)
                return {_printable(key): _printable(value.strip("\"'")) for key, value in pairs}
    return {}


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in text)
