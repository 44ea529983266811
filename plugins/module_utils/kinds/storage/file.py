# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files and directories, as ``{/etc/shadow: {owner: root, group: shadow, mode: "0640"}, "/root/.*_history": {state: absent}}``.

A mode is a limit: 0600 meets 0640, and enforcing takes bits away but adds none. A pattern whose mode lets nobody search
speaks of files alone: a directory that matches it keeps its mode.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Change, Kind, Observation, Observations, Plan, Refusal
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.tree import at, clear, delete, find, holds_system, is_pattern, uncovered
from ansible_collections.hygeia.golden.plugins.module_utils.util import places
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.numbers import number
from ansible_collections.hygeia.golden.plugins.module_utils.util.presentable import shortened

PRESENT = "present"
ABSENT = "absent"
EMPTY = "empty"
AS_WANTED = "as wanted"
# What leaves need not be emptied, and what is written stays.
_ORDER = (ABSENT, EMPTY, PRESENT, None)
_MODE = re.compile(r"0?[0-7]{3,4}")
# How many odd paths of one setting are named.
_MOST_NAMED = 3
_FIELDS = {"state", "owner", "group", "mode", "content"}


@dataclass(frozen=True)
class FileSetting:
    """What one setting asks of a path; what is None does not matter."""

    state: str | None = None
    owner: str | None = None
    group: str | None = None
    mode: int | None = None
    content: str | None = None

    @classmethod
    def load(cls, name: str, value: Value) -> FileSetting:
        if not isinstance(value, dict) or set(value) - _FIELDS or not value:
            raise BadSetting(f"file {name}: a mapping with some of {', '.join(sorted(_FIELDS))} is expected")
        state, mode, content = value.get("state"), value.get("mode"), value.get("content")
        if state not in (None, PRESENT, ABSENT, EMPTY):
            raise BadSetting(f"file {name}: state can be {PRESENT}, {ABSENT} or {EMPTY}, not {state}")
        if mode is not None and not (isinstance(mode, str) and _MODE.fullmatch(mode)):
            raise BadSetting(f'file {name}: the mode must be octal digits in quotes, such as "0640", not {mode}')
        if not name.startswith("/") or ".." in name.split("/"):
            raise BadSetting(f"file {name}: an absolute path without .. is expected")
        if (state == ABSENT and name.rstrip("/").count("/") < 2) or not name.strip("/"):
            raise BadSetting(f"file {name}: a top directory of the system is never removed")
        if state in (ABSENT, EMPTY) and len(value) > 1:
            raise BadSetting(f"file {name}: what is to be {state} can have no other field")
        if is_pattern(name) and (state == PRESENT or content is not None):
            raise BadSetting(f"file {name}: a pattern names no file that could be written")
        if content and not content.endswith("\n"):
            content += "\n"
        owner, group = (None if value.get(field) is None else str(value[field]) for field in ("owner", "group"))
        return cls(state, owner, group, None if mode is None else int(mode, 8), content)


@dataclass(frozen=True)
class PathState:
    """What there is at a path of the system, ``which`` inode; a symbolic link counts as what it leads to."""

    path: str
    owner: int
    group: int
    mode: int
    which: tuple[int, ...] = ()


class File(Kind):
    name = "file"

    # -- enforcing ------------------------------------------------------------

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        plan = Plan()
        settings = {name: FileSetting.load(name, value) for name, value in wanted.items()}
        leaving: set[str] = set()
        for name in sorted(settings, key=lambda name: _ORDER.index(settings[name].state)):
            with uncovered(self.host, name) as host:
                state = settings[name].state
                if state in (ABSENT, EMPTY):
                    self._sweep(host, name, state, leaving, plan)
                else:
                    self._plan_file(host, name, settings[name], plan)
        return plan

    def _sweep(self, host: Host, name: str, state: str, leaving: set[str], plan: Plan) -> None:
        """Plan to remove or to empty everything that a path or a pattern names, unless it leaves already."""
        for path in _offending(host, name, state):
            if _leaves(path, leaving):
                continue
            refused = holds_system(host, path)
            if refused:
                plan.refusals.append(Refusal(frozenset([name]), refused))
                continue
            act = delete if state == ABSENT else clear
            plan.changes.append(Change(path, _described(host, path), "", frozenset([name]), self._act(path, act, path)))
            leaving.add(path)

    def _act(self, where: str, act: Callable[..., object], *arguments: PathState | str) -> Callable[[], None]:
        """What does something to a path of the system itself, whatever lies over it."""

        def apply() -> None:
            with uncovered(self.host, where) as host:
                act(host, *arguments)

        return apply

    def _plan_file(self, host: Host, name: str, wanted: FileSetting, plan: Plan) -> None:
        for field, database in (("owner", "/etc/passwd"), ("group", "/etc/group")):
            value = getattr(wanted, field)
            if value is not None and _number(host, database, value) is None:
                plan.refusals.append(Refusal(frozenset([name]), f"{name}: there is no {field} {value} in {database}"))
                return
        writes = wanted.content is not None or wanted.state == PRESENT
        if writes and (not host.exists(name) or wanted.content not in (None, host.read(name))):
            plan.changes.append(self._written(host, name, wanted))
            return
        files, odd = _files(host, name, wanted)
        for found in files:
            after = self._limited(host, found, wanted)
            if found != after:
                plan.changes.append(
                    Change(found.path, _spelled(host, found), _spelled(host, after), frozenset([name]), self._act(found.path, _set, after))
                )
        if odd:
            plan.refusals.append(Refusal(frozenset([name]), "; ".join(odd[:_MOST_NAMED])))

    def _limited(self, host: Host, found: PathState, wanted: FileSetting) -> PathState:
        """The attributes that a file should have instead of those that it has."""
        owner = None if wanted.owner is None else _number(host, "/etc/passwd", wanted.owner)
        group = None if wanted.group is None else _number(host, "/etc/group", wanted.group)
        mode = found.mode if wanted.mode is None else found.mode & wanted.mode
        return replace(found, owner=found.owner if owner is None else owner, group=found.group if group is None else group, mode=mode)

    def _written(self, host: Host, path: str, wanted: FileSetting) -> Change:
        """The change that writes a file's content, and gives it its attributes."""
        old, content = host.read(path), wanted.content or ""
        found = _found(host, path) if old is not None else PathState(path, 0, 0, 0o644 if wanted.mode is None else wanted.mode)
        if found is None:
            raise places.OddFile(f"{path} is somebody's link to what belongs to another; remove it")
        after = self._limited(host, found, wanted)

        def write(inside: Host) -> None:
            inside.edit(path, content, after.mode)
            _set(inside, replace(after, which=()))

        secret = not after.mode & 0o077
        return Change(path, _shown(old or "", secret), _shown(content, secret), frozenset([path]), self._act(path, write))

    def reload(self, changes: list[Change]) -> None:
        if any(change.target.startswith("/etc/systemd/system/") for change in changes):
            ran = self.host.run(["systemctl", "daemon-reload"])
            if not ran.ok:
                raise RuntimeError(f"systemd did not read the new units: {ran.error}")

    # -- observing ------------------------------------------------------------

    def observe(self, wanted: Settings) -> Observations:
        return {name: self._looked(name, FileSetting.load(name, value)) for name, value in wanted.items()}

    def _looked(self, name: str, wanted: FileSetting) -> Observation:
        """What there is at one path; what is odd about it is no matter of the others."""
        try:
            with uncovered(self.host, name) as host:
                return self._observation(host, name, wanted)
        except OSError as problem:
            return Observation(status="error", read_from=name, message=f"{name} could not be looked at: {problem}")

    def _observation(self, host: Host, name: str, wanted: FileSetting) -> Observation:
        if wanted.state in (ABSENT, EMPTY):
            offending = _offending(host, name, wanted.state)
            kept = "there" if wanted.state == ABSENT else "not empty"
            message = f"{_listed(offending)} {'are' if len(offending) > 1 else 'is'} {kept}" if offending else ""
            return Observation({"state": kept if offending else wanted.state}, name, message)
        files, odd = _files(host, name, wanted)
        values = [(found.path, self._value(host, found, wanted)) for found in files]
        if odd and all(_satisfies(wanted, value) for unused_path, value in values):
            return Observation(status="error", read_from=name, message="; ".join(odd[:_MOST_NAMED]))
        if not values:
            if wanted.content is None and wanted.state != PRESENT:
                return Observation(status="not_applicable", read_from=name, message=f"there is no {name}")
            return Observation({"state": ABSENT}, name, f"there is no {name}")
        wrong = [(path, value) for path, value in values if not _satisfies(wanted, value)]
        path, value = (wrong or values)[0]
        message = f"{_listed([path for path, unused_v in wrong])} is not as wanted" if len(wrong) > 1 else ""
        message = "; ".join([message, *odd[:_MOST_NAMED]]) if odd and message else message or "; ".join(odd[:_MOST_NAMED])
        return Observation(value, path if len(values) == 1 or wrong else name, message)

    @staticmethod
    def _value(host: Host, found: PathState, wanted: FileSetting) -> dict[str, str]:
        """The fields of a file that the setting speaks about."""
        value = {
            "owner": _name(host, "/etc/passwd", found.owner),
            "group": _name(host, "/etc/group", found.group),
            "mode": f"{found.mode:04o}",
            "state": PRESENT,
        }
        value = {field: shown for field, shown in value.items() if getattr(wanted, field) is not None}
        if wanted.content is not None:
            value["content"] = AS_WANTED if host.read(found.path) == wanted.content else "other text"
        return value

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        return _satisfies(FileSetting.load(name, wanted), value)


def _satisfies(wanted: FileSetting, value: Mapping[str, str]) -> bool:
    if wanted.state is not None and value.get("state") != wanted.state:
        return False
    if wanted.content is not None and value.get("content") != AS_WANTED:
        return False
    if wanted.mode is not None and int(value.get("mode", "7777"), 8) & ~wanted.mode:
        return False
    return all(value.get(field) == getattr(wanted, field) for field in ("owner", "group") if getattr(wanted, field) is not None)


def _offending(host: Host, name: str, state: str) -> list[str]:
    """What a path or pattern names that should be absent, or empty and is not."""
    return [path for path in find(host, name) if state == ABSENT or _filled(host, path)]


def _leaves(path: str, leaving: set[str]) -> bool:
    """Does a path, or a directory that it lies in, leave already?"""
    while path.strip("/"):
        if path in leaving:
            return True
        path = os.path.dirname(path)
    return False


def _filled(host: Host, path: str) -> bool:
    """Is there anything in this file or directory? A symbolic link and a device hold nothing of their own."""
    with at(host, path) as (directory, name):
        try:
            kind = os.stat(name, dir_fd=directory, follow_symlinks=False)
            if stat.S_ISDIR(kind.st_mode):
                inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=directory)
                try:
                    return bool(os.listdir(inner))
                finally:
                    os.close(inner)
        except FileNotFoundError:
            return False  # it has just gone
    return stat.S_ISREG(kind.st_mode) and kind.st_size > 0


def _files(host: Host, name: str, wanted: FileSetting) -> tuple[list[PathState], list[str]]:
    """What a path or pattern names and a setting can be about, and a sentence for each path that nobody can look at."""
    files, odd = [], []
    searchable = not is_pattern(name) or wanted.mode is None or bool(wanted.mode & 0o111)
    for path in find(host, name):
        try:
            found = _found(host, path, searchable)
        except OSError as problem:
            odd.append((problem.strerror and f"{shortened(path)} cannot be looked at: {problem.strerror}") or str(problem))
            continue
        if found:
            files.append(found)
    return files, odd


def _found(host: Host, path: str, directories: bool = True) -> PathState | None:
    """The file or directory at a path; never a device, such as the one that a masked unit leads to.

    What somebody's link leads to counts only when it is that person's too: nobody names another's file as his own.
    """
    try:
        with at(host, path) as (directory, name):
            link = os.stat(name, dir_fd=directory, follow_symlinks=False)
        kind = os.stat(host.place(path)) if stat.S_ISLNK(link.st_mode) else link
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not (stat.S_ISREG(kind.st_mode) or (directories and stat.S_ISDIR(kind.st_mode))):
        return None
    if stat.S_ISLNK(link.st_mode) and link.st_uid not in (0, kind.st_uid):
        return None
    return PathState(path, kind.st_uid, kind.st_gid, stat.S_IMODE(kind.st_mode), (kind.st_dev, kind.st_ino))


def _set(host: Host, found: PathState) -> None:
    """Give a file its owner, group and mode; what was looked at, not what somebody has put in its place since."""
    with at(host, places.resolved(host.root, found.path)) as (directory, name):
        handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=directory)
    try:
        kind = os.fstat(handle)
        if found.which and found.which != (kind.st_dev, kind.st_ino):
            raise OSError("it was replaced while it was looked at, so it was left alone; run this again")
        os.fchown(handle, found.owner, found.group)
        os.fchmod(handle, found.mode)  # after the owner, which takes set-user-ID away
    finally:
        os.close(handle)


def _accounts(host: Host, database: str) -> Iterator[tuple[str, int]]:
    for line in host.lines(database):
        fields = line.split(":")
        identity = number(fields[2]) if len(fields) > 2 else None
        if identity is not None:
            yield fields[0], identity


def _number(host: Host, database: str, name: str) -> int | None:
    return int(name) if re.fullmatch("[0-9]+", name) else dict(_accounts(host, database)).get(name)


def _name(host: Host, database: str, owner: int) -> str:
    return next((name for name, there in _accounts(host, database) if there == owner), str(owner))


def _spelled(host: Host, found: PathState) -> str:
    owner, group = _name(host, "/etc/passwd", found.owner), _name(host, "/etc/group", found.group)
    return f"owner {owner}, group {group}, mode {found.mode:04o}\n"


def _described(host: Host, path: str) -> str:
    """What is at a path, never what is in it."""
    with at(host, path) as (directory, name):
        try:
            kind = os.stat(name, dir_fd=directory, follow_symlinks=False)
        except FileNotFoundError:
            return ""  # it has just gone
        if stat.S_ISLNK(kind.st_mode):
            return f"a symbolic link to {os.readlink(name, dir_fd=directory)}\n"
    if stat.S_ISDIR(kind.st_mode):
        return "a directory\n"
    return f"a file of {kind.st_size} bytes\n"


def _shown(text: str, secret: bool) -> str:
    if text and (secret or "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text)):
        return "(content not shown)\n"
    return text


def _listed(paths: list[str]) -> str:
    more = len(paths) - 3
    return ", ".join(map(shortened, paths[:3])) + (f" and {more} more" if more > 0 else "")
