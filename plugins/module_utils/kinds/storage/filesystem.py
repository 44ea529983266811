# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What should not lie about on the disks, as ``{world_writable_files: [], set_user_id: [/usr/bin/su, /usr/bin/sudo]}``.

Each list names what is tolerated, and a ``*`` in it also stands for directories: what all lists tolerate by ``/data/*`` is
not even walked through. Only directories that everybody may write to are changed: they get the sticky bit, so that nobody
removes another's files. The rest is for people to settle.
"""

from __future__ import annotations

import contextlib
import errno
import grp
import os
import pwd
import stat
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Change, Kind, Observation, Observations, Plan
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.local_files import Walk
from ansible_collections.hygeia.golden.plugins.module_utils.system.tree import LARGEST, at
from ansible_collections.hygeia.golden.plugins.module_utils.util.descent import Met
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.numbers import number
from ansible_collections.hygeia.golden.plugins.module_utils.util.presentable import shortened

STICKY = "world_writable_directories"
CAPABILITY = "security.capability"
# Where a setting looks, when not everywhere.
PLACES: dict[str, str | tuple[str, ...]] = {
    "loose_programs": ("/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/", "/usr/libexec/", "/usr/local/bin/", "/usr/local/sbin/"),
    "loose_libraries": ("/lib/", "/lib32/", "/lib64/", "/usr/lib/", "/usr/lib32/", "/usr/lib64/", "/usr/local/lib/"),
    "loose_configuration": "/etc/",
    "readable_logs": "/var/log/",
}
# Accounts that systemd makes up for a service while it runs (systemd.exec(5), DynamicUser=).
DYNAMIC = range(61184, 65520)
_SHOWN = 20


class Filesystem(Kind):
    name = "filesystem"

    # -- enforcing ----------------------------------------------------------------

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        _express(wanted)
        if STICKY not in wanted:
            return Plan()
        found, unused_walk = self._look({STICKY: wanted[STICKY]})
        return Plan([self._sticky(path, mode) for path, mode in found[STICKY]])

    def _sticky(self, path: str, mode: int) -> Change:
        def stick() -> None:
            with at(self.host, path) as (directory, name):
                handle = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=directory)
            try:
                os.fchmod(handle, stat.S_IMODE(os.fstat(handle).st_mode) | stat.S_ISVTX)
            finally:
                os.close(handle)

        return Change(shortened(path), f"mode {mode:04o}\n", f"mode {mode | stat.S_ISVTX:04o}\n", frozenset([STICKY]), stick)

    # -- observing ------------------------------------------------------------------

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        """What is observed is what nobody has allowed."""
        return not value

    def observe(self, wanted: Settings) -> Observations:
        _express(wanted)
        found, walk = self._look(wanted)
        return {name: _observation(name, found[name], walk) for name in wanted}

    def _look(self, wanted: Settings) -> tuple[dict[str, list[tuple[str, int]]], Walk]:
        """One walk for all settings, as ``{name: [(path, mode)]}``, and the walk."""
        look = _Look(self.host, wanted)
        walk = Walk(self.host, lambda directory: all(_tolerated(f"{directory}/any", each) for each in wanted.values()))
        found: dict[str, list[tuple[str, int]]] = {name: [] for name in wanted}
        size = 0
        for met in walk:
            for name in look.suspects(met.found):
                path = met.path
                if path.startswith(PLACES.get(name, "/")) and not _tolerated(path, wanted[name]) and look.confirmed(name, met):
                    found[name].append((met.whole, stat.S_IMODE(met.found.st_mode)))
                    size += len(found[name][-1][0])
            if size > LARGEST:
                walk.ended = True
                break
        return found, walk


class _Look:
    """What each setting objects to; most files look alike, so each look of a file is judged once."""

    def __init__(self, host: Host, names: Mapping[str, list[str]]) -> None:
        self.host = host
        self.users = _Owners(host, "/etc/passwd", "/etc/subuid", pwd.getpwuid)
        self.groups = _Owners(host, "/etc/group", "/etc/subgid", grp.getgrgid)
        self.checks = [(name, getattr(self, name)) for name in names]
        self.judged: dict[tuple[int, ...], list[str]] = {}

    def suspects(self, status: os.stat_result) -> list[str]:
        """The names of the settings that may object to a file with this owner and mode."""
        key = (status.st_mode, status.st_uid, status.st_gid, status.st_rdev)
        if key not in self.judged:
            self.judged[key] = [name for name, offends in self.checks if offends(status)]
        return self.judged[key]

    def confirmed(self, name: str, met: Met) -> bool:
        """Capabilities are not seen in a mode, so each program is asked."""
        if name != "capabilities":
            return True
        try:
            return bool(os.getxattr(self.host.root.rstrip("/") + met.whole, CAPABILITY, follow_symlinks=False))
        except OSError as problem:
            if problem.errno != errno.ENAMETOOLONG:
                return False  # it has none, or its filesystem knows none
        with contextlib.suppress(OSError):
            return bool(os.getxattr(f"/proc/self/fd/{met.directory}/{met.name}", CAPABILITY, follow_symlinks=False))
        return False

    @staticmethod
    def world_writable_files(status: os.stat_result) -> int:
        return stat.S_ISREG(status.st_mode) and status.st_mode & stat.S_IWOTH

    @staticmethod
    def world_writable_directories(status: os.stat_result) -> int:
        return stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX

    @staticmethod
    def foreign_shared_directories(status: os.stat_result) -> int:
        return stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_IWOTH and status.st_uid >= 1000

    def unowned(self, status: os.stat_result) -> bool:
        return status.st_uid not in self.users

    def ungrouped(self, status: os.stat_result) -> bool:
        return status.st_gid not in self.groups

    @staticmethod
    def set_user_id(status: os.stat_result) -> int:
        return stat.S_ISREG(status.st_mode) and status.st_mode & stat.S_ISUID

    @staticmethod
    def set_group_id(status: os.stat_result) -> int:
        return stat.S_ISREG(status.st_mode) and status.st_mode & stat.S_ISGID

    @staticmethod
    def capabilities(status: os.stat_result) -> int:
        return stat.S_ISREG(status.st_mode) and status.st_mode & 0o111

    @staticmethod
    def device_files(status: os.stat_result) -> int:
        return stat.S_ISBLK(status.st_mode) or (stat.S_ISCHR(status.st_mode) and status.st_rdev)

    @staticmethod
    def loose_configuration(status: os.stat_result) -> int:
        return status.st_mode & 0o002 or (status.st_mode & 0o020 and status.st_gid)

    def loose_programs(self, status: os.stat_result) -> int:
        return status.st_uid or self.loose_configuration(status)

    loose_libraries = loose_programs

    @staticmethod
    def readable_logs(status: os.stat_result) -> int:
        return stat.S_ISREG(status.st_mode) and status.st_mode & 0o026


class _Owners:
    """The numbers that belong to somebody: by the system's files, a directory service, or a container's range."""

    def __init__(self, host: Host, database: str, ranges: str, ask: Callable[[int], object]) -> None:
        self.ask = ask if host.root == "/" else None
        rows = [line.split(":") for line in host.lines(database)]
        self.known = {number(row[2]) for row in rows if len(row) > 2}
        rows = [line.split(":") for line in host.lines(ranges)]
        starts = [(number(row[1]), number(row[2])) for row in rows if len(row) == 3]
        self.ranges = [range(start, start + count) for start, count in starts if start is not None and count is not None]
        self.unknown: set[int] = set()

    def __contains__(self, owner: int) -> bool:
        if owner in self.known:
            return True
        if owner in self.unknown:
            return False
        owned = owner in DYNAMIC or any(owner in part for part in self.ranges) or self._asked(owner)
        (self.known if owned else self.unknown).add(owner)
        return owned

    def _asked(self, owner: int) -> bool:
        try:
            return bool(self.ask and self.ask(owner))
        except KeyError:
            return False


def _tolerated(path: str, patterns: list[str]) -> bool:
    return path in patterns or any(fnmatchcase(path, pattern) for pattern in patterns if "*" in pattern)


def _observation(name: str, found: list[tuple[str, int]], walk: Walk) -> Observation:
    if not found and walk.ended:
        why = (
            "there are more files than a look may cost; tolerate directories of data, such as /data/*, in each list of the kind filesystem"
        )
        return Observation(status=result.NOT_CHECKED, message=why)
    if not found and walk.unread:
        return Observation(status=result.NOT_CHECKED, message=f"{shortened(walk.unread[0])} cannot be looked into; look as root")
    paths = [shortened(path) for path, unused_mode in found[:_SHOWN]]
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return Observation(paths, "the local filesystems", f"{', '.join(paths)}{more}: {DESCRIPTIONS[name]}" if found else "")


# Each setting, and what is wrong with what it finds.
DESCRIPTIONS = {
    "world_writable_files": "everybody can write to it",
    "world_writable_directories": "everybody can remove others' files in it",
    "foreign_shared_directories": "everybody can write to it and a person owns it",
    "unowned": "no account has the number of its owner",
    "ungrouped": "no group has the number of its group",
    "set_user_id": "it runs with its owner's rights and is not in the inventory",
    "set_group_id": "it runs with its group's rights and is not in the inventory",
    "capabilities": "it has rights of root's and is not in the inventory",
    "device_files": "a device file has its place in /dev",
    "loose_programs": "others than root can change it",
    "loose_libraries": "others than root can change it",
    "loose_configuration": "others than its owner can change it",
    "readable_logs": "more people than its group can read it, or others than its owner change it",
}


def _express(wanted: Settings) -> None:
    for name, value in wanted.items():
        if name not in DESCRIPTIONS:
            raise BadSetting(f"filesystem: there is no {name}; choose one of {', '.join(DESCRIPTIONS)}")
        if not isinstance(value, list) or not all(isinstance(path, str) and path.startswith("/") for path in value):
            raise BadSetting(f"filesystem: {name} is a list of paths that are tolerated, not {value!r}")
