# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The filesystems of a template's disks: which one holds the system, and where the others belong.

A template's own fstab(5) says where a filesystem is mounted and nothing more: which driver reads it is decided by its signature,
and out of a list; options come from here.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import devices, fstab_sources
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.kernel import umount
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import TYPE_CHECKING, Problem, place_of
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
        places = " and on ".join(place_of(partition) for partition, unused_options in found)
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
        raise Problem(f"the build host has no device for {place_of(partition)}: {problem.strerror}") from problem
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
        raise Problem(f"the {partition['filesystem']} filesystem on {place_of(partition)} cannot be mounted on the build host: {error}")


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
    names = fstab_sources.disk_names(entries, mounted[0], _count(partitions))
    partitions = fstab_sources.named_by_crypttab(read(inside(root, fstab_sources.CRYPTTAB)) or "", partitions, names)
    _require_root(entries, partitions, names, mounted[0])
    for entry in sorted(filter(_belongs, entries), key=lambda entry: entry.where.count("/")):
        try:
            partition, options = _wanted(entry, partitions, names, taken)
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


def _require_root(entries: list[Entry], partitions: list[Partition], names: dict[str, int], root: Partition) -> None:
    """Where fstab says of a partition that it is the root, it is the one that holds the system."""
    entry = fstab.at(entries, "/")
    partition = fstab_sources.resolve(entry.source, partitions, names) if entry else None
    if entry and partition and not _same(partition, root):
        kind = partition["filesystem"] or "nothing known"
        raise Problem(f"fstab of the template has / on {place_of(partition)}, which holds {kind}, but the system is on {place_of(root)}")


def _places_of(partition: Partition, taken: list[tuple[Partition, str, str]]) -> Iterator[Any]:
    """Where volumes of the same filesystem are mounted already."""
    return (place for other, unused_options, place in taken if _same(other, partition))


def _same(one: Partition, other: Partition) -> bool:
    return all(one[key] == other[key] for key in ("disk", "offset", "volume"))


def _count(partitions: list[Partition]) -> int:
    """How many disks there are."""
    return max((partition["disk_number"] for partition in partitions), default=1)


def _of_a_disk(entry: Entry) -> bool:
    """Is this a filesystem that could lie on a disk?"""
    return entry.source.startswith("/dev/") or entry.source.split("=", 1)[0] in fstab_sources.TAGS


def _belongs(entry: Entry) -> bool:
    """Does a boot mount it, at a place where the sandbox has nothing of its own?"""
    where = os.path.normpath(entry.where)
    own = where in FURNISHED or where.startswith(tuple(f"{place}/" for place in FURNISHED[1:]))
    return where.startswith("/") and not own and entry.at_boot and not entry.bind and "swap" not in entry.types


def _wanted(
    entry: Entry, partitions: list[Partition], names: dict[str, int], taken: list[tuple[Partition, str, str]]
) -> tuple[Partition, str]:
    """The partition that an entry means, and the options to mount it by; a filesystem is in one place only."""
    partition = fstab_sources.resolve(entry.source, partitions, names)
    if partition is None:
        reasons = [other["refused"] for other in partitions if other["refused"] and not other["volume"]]
        disks = _count(partitions)
        where = "not on this disk" if disks < 2 else f"on none of the {disks} disks"
        raise Problem(f"{entry.source} is {where}{f' ({reasons[0]})' if reasons else ''}")
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
