# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What should not lie about on the disks, as ``{world_writable_files: [], set_user_id: [/usr/bin/su, /usr/bin/sudo]}``.

Each list names what is tolerated, and a ``*`` in it also stands for folders: what all lists tolerate by ``/data/*`` is
not even walked through. Only folders that everybody may write to are changed: they get the sticky bit, so that nobody
removes another's files. The rest is for people to settle.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
from fnmatch import fnmatchcase

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import BadSetting, Change, Kind, Observation, Plan
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.walk import Walk
from ansible_collections.hygeia.golden.plugins.module_utils.model import result

STICKY = "world_writable_folders"
CAPABILITY = "security.capability"
# Where a setting looks, when not everywhere.
PLACES = {
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

    def plan(self, wanted, partial=False):
        _express(wanted)
        if STICKY not in wanted:
            return Plan()
        found, unused_ended = self._look({STICKY: wanted[STICKY]})
        return Plan([self._sticky(path) for path in found[STICKY]])

    def _sticky(self, path):
        def stick():
            handle = os.open(self.host.path(path), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
            try:
                os.fchmod(handle, stat.S_IMODE(os.fstat(handle).st_mode) | stat.S_ISVTX)
            finally:
                os.close(handle)

        mode = stat.S_IMODE(os.stat(self.host.path(path)).st_mode)
        return Change(path, f"mode {mode:04o}\n", f"mode {mode | stat.S_ISVTX:04o}\n", frozenset([STICKY]), stick)

    # -- observing ------------------------------------------------------------------

    def meets(self, name, wanted, value):
        """What is observed is what nobody has allowed."""
        return not value

    def observe(self, wanted):
        _express(wanted)
        found, ended = self._look(wanted)
        return {name: _observation(name, found[name], ended) for name in wanted}

    def _look(self, wanted):
        """One walk for all settings, as ``{name: [path]}``, and whether it met its end."""
        look = _Look(self.host, wanted)
        walk = Walk(self.host, lambda folder: all(_tolerated(f"{folder}/any", each) for each in wanted.values()))
        found = {name: [] for name in wanted}
        for path, status in walk:
            for name in look.suspects(status):
                if path.startswith(PLACES.get(name, "/")) and not _tolerated(path, wanted[name]) and look.confirmed(name, path):
                    found[name].append(path)
        return found, walk.ended


class _Look:
    """What each setting objects to; most files look alike, so each look of a file is judged once."""

    def __init__(self, host, names):
        self.host = host
        self.users = _Owners(host, "/etc/passwd", "/etc/subuid", pwd.getpwuid)
        self.groups = _Owners(host, "/etc/group", "/etc/subgid", grp.getgrgid)
        self.checks = [(name, getattr(self, name)) for name in names]
        self.judged = {}

    def suspects(self, status):
        """The names of the settings that may object to a file with this owner and mode."""
        key = (status.st_mode, status.st_uid, status.st_gid, status.st_rdev)
        if key not in self.judged:
            self.judged[key] = [name for name, offends in self.checks if offends(status)]
        return self.judged[key]

    def confirmed(self, name, path):
        """Capabilities are not seen in a mode, so each program is asked."""
        if name != "capabilities":
            return True
        try:
            return bool(os.getxattr(self.host.root.rstrip("/") + path, CAPABILITY, follow_symlinks=False))
        except OSError:
            return False  # it has none, or its filesystem knows none

    @staticmethod
    def world_writable_files(status):
        return stat.S_ISREG(status.st_mode) and status.st_mode & stat.S_IWOTH

    @staticmethod
    def world_writable_folders(status):
        return stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_IWOTH and not status.st_mode & stat.S_ISVTX

    @staticmethod
    def foreign_shared_folders(status):
        return stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_IWOTH and status.st_uid >= 1000

    def unowned(self, status):
        return status.st_uid not in self.users

    def ungrouped(self, status):
        return status.st_gid not in self.groups

    @staticmethod
    def set_user_id(status):
        return stat.S_ISREG(status.st_mode) and status.st_mode & stat.S_ISUID

    @staticmethod
    def set_group_id(status):
        return stat.S_ISREG(status.st_mode) and status.st_mode & stat.S_ISGID

    @staticmethod
    def capabilities(status):
        return stat.S_ISREG(status.st_mode) and status.st_mode & 0o111

    @staticmethod
    def device_files(status):
        return stat.S_ISBLK(status.st_mode) or (stat.S_ISCHR(status.st_mode) and status.st_rdev)

    @staticmethod
    def loose_configuration(status):
        return status.st_mode & 0o002 or (status.st_mode & 0o020 and status.st_gid)

    def loose_programs(self, status):
        return status.st_uid or self.loose_configuration(status)

    loose_libraries = loose_programs

    @staticmethod
    def readable_logs(status):
        return stat.S_ISREG(status.st_mode) and status.st_mode & 0o026


class _Owners:
    """The numbers that belong to somebody: by the system's files, a directory service, or a container's range."""

    def __init__(self, host, database, ranges, ask):
        self.ask = ask if host.root == "/" else None
        rows = [line.split(":") for line in host.lines(database)]
        self.known = {int(row[2]) for row in rows if len(row) > 2 and row[2].isdigit()}
        rows = [line.split(":") for line in host.lines(ranges)]
        self.ranges = [range(int(row[1]), int(row[1]) + int(row[2])) for row in rows if len(row) == 3 and row[1].isdigit() and row[2].isdigit()]
        self.unknown = set()

    def __contains__(self, number):
        if number in self.known:
            return True
        if number in self.unknown:
            return False
        owned = number in DYNAMIC or any(number in part for part in self.ranges) or self._asked(number)
        (self.known if owned else self.unknown).add(number)
        return owned

    def _asked(self, number):
        try:
            return bool(self.ask and self.ask(number))
        except KeyError:
            return False


def _tolerated(path, patterns):
    return path in patterns or any(fnmatchcase(path, pattern) for pattern in patterns if "*" in pattern)


def _observation(name, found, ended):
    if ended and not found:
        why = "there are more files than a look may cost; tolerate folders of data, such as /data/*, in each list of the kind filesystem"
        return Observation(status=result.NOT_CHECKED, message=why)
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return Observation(found[:_SHOWN], "the local filesystems", f"{', '.join(found[:_SHOWN])}{more}: {TOLD[name]}" if found else "")


# Each setting, and what is wrong with what it finds.
TOLD = {
    "world_writable_files": "everybody can write to it",
    "world_writable_folders": "everybody can remove others' files in it",
    "foreign_shared_folders": "everybody can write to it and a person owns it",
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


def _express(wanted):
    for name, value in wanted.items():
        if name not in TOLD:
            raise BadSetting(f"filesystem: there is no {name}; known are {', '.join(TOLD)}")
        if not isinstance(value, list) or not all(isinstance(path, str) and path.startswith("/") for path in value):
            raise BadSetting(f"filesystem: {name} is a list of paths that are tolerated, not {value!r}")
