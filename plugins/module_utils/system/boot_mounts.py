# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What boots mount and unlock, and automounts mount later: by fstab, mount units, autofs maps and crypttab."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.system import fstab
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.modules import types
from ansible_collections.hygeia.golden.plugins.module_utils.system.units import DIRECTORIES
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of

CRYPTTAB = "/etc/crypttab"
AUTOFS = ("/etc/auto.*", "/etc/auto.master.d/*.autofs", "/etc/autofs/auto.*")

# The filesystems that a disk of any type may have; a module is named after its filesystem, or knows it by an alias.
ON_DISKS = frozenset(
    "affs befs bfs btrfs cramfs efs erofs exfat ext2 ext3 ext4 f2fs freevxfs gfs2 hfs hfsplus hpfs iso9660 jffs2 jfs minix msdos"
    " nilfs2 ntfs ntfs3 ocfs2 omfs qnx4 qnx6 reiserfs romfs squashfs sysv udf ufs vfat xfs zonefs".split()
)
# Modules that a device needs whatever its filesystem is, by its name.
_DEVICES = (
    (re.compile(r"/dev/mapper/.*|/dev/dm-\d+", re.A), ("dm_mod",)),
    (re.compile(r"/dev/disk/by-(id|path)/.*usb.*"), ("usb_storage", "uas")),
    (re.compile(r"/dev/(sr\d+|cdrom|dvd)", re.A), ("sr_mod", "cdrom")),
    (re.compile(r"/dev/loop\d+", re.A), ("loop",)),
)


@dataclass(frozen=True)
class Use:
    """What is mounted or unlocked where, by which line or unit, with filesystems of which types, from what."""

    place: str
    where: str
    types: tuple[str, ...]
    source: str = ""
    options: tuple[str, ...] = ()

    def needs(self, module: str) -> bool:
        """Does it need a module? With the type ``auto`` it may be any for disks, unless the boot can do without."""
        if self.options and {"bind", "rbind", "move"} & set(self.options):
            return False
        if {kind.partition(".")[0] for kind in self._types} & set(types(module)):
            return True
        named = any(module in modules for device, modules in _DEVICES if device.fullmatch(self.source))
        return named or (module == "loop" and any(option.partition("=")[0] == "loop" for option in self.options))

    @property
    def _types(self) -> frozenset[str] | tuple[str, ...]:
        if "auto" not in self.types:
            return self.types
        if self.source.startswith("//"):
            return ("cifs", "smb3")
        if re.match(r"[^/=]+:", self.source):
            return ("nfs", "nfs4")
        return () if "nofail" in self.options else ON_DISKS


def uses(host: Host) -> Iterator[Use]:
    """Everything that boots mount or unlock, and what an automount mounts when it is looked at."""
    for entry in fstab.of(host):
        if entry.at_boot:
            yield Use(entry.place, entry.where, entry.types, entry.source, entry.options)
    yield from _units(host)
    yield from _autofs(host)
    yield from _crypttab(host)


def _units(host: Host) -> Iterator[Use]:
    """The mount units that a target starts, itself or by their automount; the first directory that has one counts."""
    seen = set()
    for path in (path for directory in DIRECTORIES for path in host.regular(f"{directory}/*.mount")):
        name = os.path.basename(path)
        started = any(host.glob(f"{directory}/*.target.[wr]*s/{name[: -len('mount')]}*mount") for directory in DIRECTORIES)
        if name in seen or not started:
            continue
        seen.add(name)
        values = dict(re.findall(r"^[ \t]*(Type|Where|What|Options)[ \t]*=[ \t]*(.*?)[ \t]*$", host.read(path) or "", re.M))
        if values.get("Where") and not _api(values):
            found = tuple(values.get("Type", "auto").split(","))
            yield Use(path, values["Where"], found, values.get("What", ""), tuple(fstab.split(values.get("Options", ""))))


def _api(values: Mapping[str, str]) -> bool:
    """Is it one of the kernel's own filesystems, without which systemd itself goes on?"""
    return values.get("What") == values.get("Type") or values["Where"].startswith(("/sys/", "/proc/", "/dev/"))


def _autofs(host: Host) -> Iterator[Use]:
    """The lines of automount's maps (autofs(5)); without a type they are NFS."""
    if not host.which("automount"):
        return
    for path in sorted({path for pattern in AUTOFS for path in host.files(pattern)}):
        for number, line in enumerate((host.read(path) or "").split("\n"), 1):
            words = words_of(line.split("#")[0])
            options = fstab.split(",".join(word.lstrip("-") for word in words if word.startswith("-")))
            named = tuple(option.partition("=")[2] for option in options if option.startswith(("fstype=", "vers=")))
            source = words[-1].lstrip(":") if words else ""
            if named or ":" in source:
                yield Use(f"{path}:{number}", words[0], named or ("nfs", "nfs4"), source, tuple(options))


def _crypttab(host: Host) -> Iterator[Use]:
    """Each volume that a boot unlocks (crypttab(5))."""
    for number, line in enumerate((host.read(CRYPTTAB) or "").split("\n"), 1):
        words = words_of(line)
        if len(words) > 1 and not words[0].startswith("#") and "noauto" not in (words[3].split(",") if len(words) > 3 else ()):
            yield Use(f"{CRYPTTAB}:{number}", f"/dev/mapper/{words[0]}", ("dm_crypt", "dm_mod"), words[1])
