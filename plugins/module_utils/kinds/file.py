# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files and folders, as ``{/etc/shadow: {owner: root, group: shadow, mode: "0640"}, "/root/.*_history": {state: absent}}``.

A mode is a limit: 0600 meets 0640, and enforcing takes bits away but adds none.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import BadSetting, Change, Kind, Observation, Plan, Refusal
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.tree import beneath, clear, delete, find, is_pattern

PRESENT = "present"
ABSENT = "absent"
EMPTY = "empty"
AS_WANTED = "as wanted"
# What leaves need not be emptied, and what is written stays.
_ORDER = (ABSENT, EMPTY, PRESENT, None)
_MODE = re.compile(r"0?[0-7]{3,4}")
_FIELDS = {"state", "owner", "group", "mode", "content"}


@dataclass(frozen=True)
class Wanted:
    """What one setting asks of a path; what is None does not matter."""

    state: str | None = None
    owner: str | None = None
    group: str | None = None
    mode: int | None = None
    content: str | None = None

    @classmethod
    def load(cls, name, value):
        if not isinstance(value, dict) or set(value) - _FIELDS or not value:
            raise BadSetting(f"file {name}: a mapping with some of {', '.join(sorted(_FIELDS))} is expected")
        state, mode, content = value.get("state"), value.get("mode"), value.get("content")
        if state not in (None, PRESENT, ABSENT, EMPTY):
            raise BadSetting(f"file {name}: state can be {PRESENT}, {ABSENT} or {EMPTY}, not {state}")
        if mode is not None and not (isinstance(mode, str) and _MODE.fullmatch(mode)):
            raise BadSetting(f"file {name}: the mode must be octal digits in quotes, such as \"0640\", not {mode}")
        if not name.startswith("/") or ".." in name.split("/"):
            raise BadSetting(f"file {name}: an absolute path without .. is expected")
        if state == ABSENT and name.rstrip("/").count("/") < 2 or not name.strip("/"):
            raise BadSetting(f"file {name}: a top folder of the system is never removed")
        if state in (ABSENT, EMPTY) and len(value) > 1:
            raise BadSetting(f"file {name}: what is to be {state} can have no other field")
        if is_pattern(name) and (state == PRESENT or content is not None):
            raise BadSetting(f"file {name}: a pattern names no file that could be written")
        if content and not content.endswith("\n"):
            content += "\n"
        owner, group = (None if value.get(field) is None else str(value[field]) for field in ("owner", "group"))
        return cls(state, owner, group, None if mode is None else int(mode, 8), content)


@dataclass(frozen=True)
class Found:
    """What there is at a path of the system; a symbolic link counts as what it leads to."""

    path: str
    owner: int
    group: int
    mode: int


class File(Kind):
    name = "file"

    # -- enforcing ------------------------------------------------------------

    def plan(self, wanted, partial=False):
        plan = Plan()
        settings = {name: Wanted.load(name, value) for name, value in wanted.items()}
        leaving = set()
        for name in sorted(settings, key=lambda name: _ORDER.index(settings[name].state)):
            with beneath(self.host, name) as host:
                if settings[name].state in (ABSENT, EMPTY):
                    self._sweep(host, name, settings[name].state, leaving, plan)
                else:
                    self._plan_file(host, name, settings[name], plan)
        return plan

    def _sweep(self, host, name, state, leaving, plan):
        """Plan to remove or to empty everything that a path or a pattern names, unless it leaves already."""
        for path in _offending(host, name, state):
            if any(path == gone or path.startswith(gone + "/") for gone in leaving):
                continue
            act = delete if state == ABSENT else clear
            plan.changes.append(Change(path, _described(host, path), "", frozenset([name]), self._act(path, act, path)))
            leaving.add(path)

    def _act(self, where, act, *arguments):
        """What does something to a path of the system itself, whatever lies over it."""

        def apply():
            with beneath(self.host, where) as host:
                act(host, *arguments)

        return apply

    def _plan_file(self, host, name, wanted, plan):
        for field, database in (("owner", "/etc/passwd"), ("group", "/etc/group")):
            value = getattr(wanted, field)
            if value is not None and _number(host, database, value) is None:
                plan.refusals.append(Refusal(frozenset([name]), f"{name}: there is no {field} {value} in {database}"))
                return
        writes = wanted.content is not None or wanted.state == PRESENT
        if writes and (not host.exists(name) or wanted.content not in (None, host.read(name))):
            plan.changes.append(self._written(host, name, wanted))
            return
        for path in find(host, name):
            found = _found(host, path)
            after = found and self._limited(host, found, wanted)
            if found != after:
                plan.changes.append(
                    Change(path, _spelled(host, found), _spelled(host, after), frozenset([name]), self._act(path, _set, after))
                )

    def _limited(self, host, found, wanted):
        """The attributes that a file should have instead of those that it has."""
        owner = found.owner if wanted.owner is None else _number(host, "/etc/passwd", wanted.owner)
        group = found.group if wanted.group is None else _number(host, "/etc/group", wanted.group)
        mode = found.mode if wanted.mode is None else found.mode & wanted.mode
        return Found(found.path, owner, group, mode)

    def _written(self, host, path, wanted):
        """The change that writes a file's content, and gives it its attributes."""
        old, content = host.read(path), wanted.content or ""
        found = _found(host, path) if old is not None else Found(path, 0, 0, 0o644 if wanted.mode is None else wanted.mode)
        after = self._limited(host, found, wanted)

        def write(inside):
            inside.write(path, content, after.mode)
            _set(inside, after)

        secret = not after.mode & 0o077
        return Change(path, _shown(old or "", secret), _shown(content, secret), frozenset([path]), self._act(path, write))

    def reload(self, changes):
        if any(change.target.startswith("/etc/systemd/system/") for change in changes):
            ran = self.host.run(["systemctl", "daemon-reload"])
            if not ran.ok:
                raise RuntimeError(f"systemd did not read the new units: {ran.complaint}")

    # -- observing ------------------------------------------------------------

    def observe(self, wanted):
        seen = {}
        for name, value in wanted.items():
            with beneath(self.host, name) as host:
                seen[name] = self._observation(host, name, Wanted.load(name, value))
        return seen

    def _observation(self, host, name, wanted):
        if wanted.state in (ABSENT, EMPTY):
            offending = _offending(host, name, wanted.state)
            kept = "there" if wanted.state == ABSENT else "not empty"
            message = f"{_listed(offending)} {'are' if len(offending) > 1 else 'is'} {kept}" if offending else ""
            return Observation({"state": kept if offending else wanted.state}, name, message)
        values = [(path, self._value(host, path, wanted)) for path in find(host, name) if _found(host, path)]
        if not values:
            if wanted.content is None and wanted.state != PRESENT:
                return Observation(status="not_applicable", read_from=name, message=f"there is no {name}")
            return Observation({"state": ABSENT}, name, f"there is no {name}")
        wrong = [(path, value) for path, value in values if not _satisfies(wanted, value)]
        path, value = (wrong or values)[0]
        message = f"{_listed([path for path, unused_v in wrong])} is not as wanted" if len(wrong) > 1 else ""
        return Observation(value, path if len(values) == 1 or wrong else name, message)

    @staticmethod
    def _value(host, path, wanted):
        """The fields of a file that the setting speaks about."""
        found = _found(host, path)
        value = {
            "owner": _name(host, "/etc/passwd", found.owner),
            "group": _name(host, "/etc/group", found.group),
            "mode": f"{found.mode:04o}",
            "state": PRESENT,
        }
        value = {field: shown for field, shown in value.items() if getattr(wanted, field) is not None}
        if wanted.content is not None:
            value["content"] = AS_WANTED if host.read(path) == wanted.content else "other text"
        return value

    def meets(self, name, wanted, value):
        return _satisfies(Wanted.load(name, wanted), value)


def _satisfies(wanted, value):
    if wanted.state is not None and value.get("state") != wanted.state:
        return False
    if wanted.content is not None and value.get("content") != AS_WANTED:
        return False
    if wanted.mode is not None and int(value.get("mode", "7777"), 8) & ~wanted.mode:
        return False
    return all(value.get(field) == getattr(wanted, field) for field in ("owner", "group") if getattr(wanted, field) is not None)


def _offending(host, name, state):
    """What a path or pattern names that should be absent, or empty and is not."""
    return [path for path in find(host, name) if state == ABSENT or _filled(host.entry(path))]


def _filled(place):
    """Is there anything in this file or folder? A symbolic link and a device hold nothing of their own."""
    kind = os.lstat(place)
    if stat.S_ISDIR(kind.st_mode):
        return bool(os.listdir(place))
    return stat.S_ISREG(kind.st_mode) and kind.st_size > 0


def _found(host, path):
    """The file or folder at a path; never a device, such as the one that a masked unit leads to."""
    try:
        kind = os.stat(host.path(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not (stat.S_ISREG(kind.st_mode) or stat.S_ISDIR(kind.st_mode)):
        return None
    return Found(path, kind.st_uid, kind.st_gid, stat.S_IMODE(kind.st_mode))


def _set(host, found):
    """Give a file its owner, group and mode; what it leads to is settled once, so that it cannot change in between."""
    handle = os.open(os.path.realpath(host.path(found.path)), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        os.fchown(handle, found.owner, found.group)
        os.fchmod(handle, found.mode)  # after the owner, which takes set-user-ID away
    finally:
        os.close(handle)


def _accounts(host, database):
    for line in host.lines(database):
        fields = line.split(":")
        if len(fields) > 2 and fields[2].isdigit():
            yield fields[0], int(fields[2])


def _number(host, database, name):
    return int(name) if name.isdigit() else dict(_accounts(host, database)).get(name)


def _name(host, database, number):
    return next((name for name, there in _accounts(host, database) if there == number), str(number))


def _spelled(host, found):
    owner, group = _name(host, "/etc/passwd", found.owner), _name(host, "/etc/group", found.group)
    return f"owner {owner}, group {group}, mode {found.mode:04o}\n"


def _described(host, path):
    """What is at a path, never what is in it."""
    kind = os.lstat(host.entry(path))
    if stat.S_ISDIR(kind.st_mode):
        return "a folder\n"
    if stat.S_ISLNK(kind.st_mode):
        return f"a symbolic link to {os.readlink(host.entry(path))}\n"
    return f"a file of {kind.st_size} bytes\n"


def _shown(text, secret):
    if text and (secret or "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text)):
        return "(content not shown)\n"
    return text


def _listed(paths):
    more = len(paths) - 3
    return ", ".join(paths[:3]) + (f" and {more} more" if more > 0 else "")
