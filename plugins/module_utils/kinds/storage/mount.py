# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of mounted filesystems, as ``{/dev/shm: {options: [nodev, nosuid, noexec]}, separate /var: true}``.

A pattern such as ``/media/*``, and ``type nfs*``, stand for every line of /etc/fstab with such a mount point or type.
``separate PATH`` is observed and never written: whether a path is a filesystem of its own is settled when disks are
laid out.

Options are added where the filesystem is described: in its line of /etc/fstab,
which otherwise stays as it is, or in a drop-in of its mount unit. What is no
filesystem of its own is made one only with ``type: tmpfs``; for the rest the
disk layout decides, and the setting does not apply. So does what somebody has
to mount by hand (``noauto``), while a tmpfs is mounted by boots from then on.
A directory of the same filesystem that is bound to its place is not separate.
What was added stays when its control leaves the profile.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import (
    IN_USE,
    NOTICE,
    Change,
    Kind,
    Observation,
    Observations,
    Plan,
    Refusal,
)
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.system import fstab
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.directories import Directories
from ansible_collections.hygeia.golden.plugins.module_utils.system.tree import is_pattern
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of

FSTAB = fstab.PATH
UNITS = ("/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system")
OURS = "zz-hygeia.conf"

# What the service manager mounts before it reads anything; a line in fstab makes it mount them again with its options
# (systemd-remount-fs.service(8)).
EARLY = {"/dev/shm": ("nosuid", "nodev")}

SEPARATE = "separate "
TYPE = "type "

_OPPOSITES = {"nodev": "dev", "nosuid": "suid", "noexec": "exec"}
_DEFAULTS = {
    "defaults": ("dev", "suid", "exec"),
    "user": _OPPOSITES,
    "users": _OPPOSITES,
    "owner": ("nodev", "nosuid"),
    "group": ("nodev", "nosuid"),
}
_OPTION = re.compile(r"[\w.=%:/-]+", re.A)


@dataclass(frozen=True)
class Described:
    """Where a filesystem is described, in which file its options stand last, these options, and what is mounted.

    ``at_boot`` is False where somebody has to mount it by hand.
    """

    place: str
    path: str
    options: tuple[str, ...]
    source: str = ""
    at_boot: bool = True

    @property
    def bind(self) -> bool:
        return bool({"bind", "rbind"} & set(self.options))


@dataclass(frozen=True)
class Mounted:
    """What is mounted now: its options, the filesystem's own number, and the directory of it that is seen here."""

    options: tuple[str, ...]
    device: str
    directory: str

    @property
    def whole(self) -> bool:
        """Is it not only a directory of a filesystem that another place has too? A subvolume of btrfs counts as whole."""
        subvolume = next((option.partition("=")[2] for option in self.options if option.startswith("subvol=")), "/")
        return self.directory == subvolume


class Mount(Kind):
    name = "mount"

    # -- enforcing ---------------------------------------------------------------

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        text = self.host.read(FSTAB) or ""
        edited, names, changes = text, [], []
        live = self._mounted() if wanted and self.host.booted else {}
        for name, where, value in self._each(wanted):
            options, kind = _wanted(name, value)
            described = self._described(where)
            if not described and kind != "tmpfs":
                continue  # no filesystem of its own
            by_hand = kind == "tmpfs" and described is not None and not described.at_boot
            if described and not _missing(options, described.options) and not by_hand:
                if where in live and _missing(options, live[where].options):
                    before, after = ",".join(live[where].options), ",".join(options)
                    changes.append(Change(f"mount {where}", before, after, frozenset([name]), self.by_reload))
            elif described and described.path != FSTAB:
                changes += self._drop_in(name, where, _joined(described.options, options))
            else:
                edited = _edited(edited, where, options, by_hand)
                names.append(name)
        return Plan((self.edit(FSTAB, edited, names) if edited != text else []) + changes)

    def _each(self, wanted: Settings) -> Iterator[tuple[str, str, dict[str, list[str] | str]]]:
        """Each filesystem whose options are wanted, as (name of the setting, mount point, wanted value)."""
        for name, value in wanted.items():
            if _separate(name):
                _express_separate(name, value)
            else:
                yield from ((name, where, value) for where in self._places(name))

    def _places(self, name: str) -> list[str]:
        """The mount points that the name of a setting stands for."""
        kind = name[len(TYPE) :] if name.startswith(TYPE) else ""
        if not kind and not is_pattern(name):
            return [name]
        fits = [
            entry.where
            for entry in fstab.of(self.host)
            if entry.where not in ("/", "none", "swap")
            and (any(fnmatch.fnmatchcase(there, kind) for there in entry.types) if kind else fnmatch.fnmatchcase(entry.where, name))
        ]
        return list(dict.fromkeys(fits))

    def _drop_in(self, name: str, where: str, options: list[str]) -> list[Change]:
        text = ",".join(options).replace("%", "%%")
        content = f"{NOTICE}[Mount]\nOptions={text}\n"
        return self.install(f"{UNITS[0]}/{_unit(where)}.d/{OURS}", content, [name])

    def refusals(self, due: Settings) -> Iterable[Refusal]:
        """An option that would stop a program is not given to a filesystem without a question."""
        live, directories = self._mounted(), Directories(self.host)
        for name, where, value in self._each(due):
            need = directories.need(where, _missing(_wanted(name, value)[0], live[where].options if where in live else ()))
            if need:
                yield Refusal(frozenset([name]), f"{where} is in use, {need}: move it elsewhere, and harden again", IN_USE)

    def reload(self, changes: list[Change]) -> None:
        """Give what is mounted its new options; nothing is mounted over a directory that is in use."""
        self.host.run(["systemctl", "daemon-reload"])
        live = self._mounted()
        for where in sorted({where for change in changes for name in change.names for where in self._places(name)}):
            described = self._described(where)
            if where in live and described and _missing(described.options, live[where].options):
                ran = self.host.run(["mount", "-o", f"remount,{','.join(described.options)}", where])
                if not ran.ok:
                    raise RuntimeError(f"{where} did not take its options: {ran.error}")

    # -- observing ---------------------------------------------------------------

    def observe(self, wanted: Settings) -> Observations:
        live = self._mounted() if self.host.booted else None
        return {name: self._observed(name, value, live) for name, value in wanted.items()}

    def _observed(self, name: str, value: Value, live: Mapping[str, Mounted] | None) -> Observation:
        """What is found for one setting; of several filesystems that one which is not as wanted."""
        if _separate(name):
            _express_separate(name, value)
            return self._layout(_separate(name), live)
        options, kind = _wanted(name, value)
        found = [self._observation(where, options, kind, live, where != name) for where in self._places(name)]
        if not found:
            return Observation(None, FSTAB, f"no line of {FSTAB} is meant by {name}", result.NOT_APPLICABLE)
        return next((seen for seen in found if not seen.status and not self.satisfies(name, value, seen.value)), found[0])

    def _layout(self, where: str, live: Mapping[str, Mounted] | None) -> Observation:
        """Is a path a filesystem of its own, and not a directory of the one that it is in?"""
        described = self._described(where)
        place = described.place if described else FSTAB
        if self.host.container:
            return Observation(None, place, f"what runs this container lays out {where}", result.NOT_APPLICABLE)
        if live and where in live:
            around = live.get(_around(where, live))
            if live[where].whole or not around or live[where].device != around.device:
                return Observation(True, place)
        elif described and described.at_boot and self._filesystem(where) != self._filesystem(os.path.dirname(where)):
            return Observation(True, place)
        elif described and not described.at_boot:
            return Observation(
                False, place, f"{place} has {where} mounted by hand only, so a boot leaves it on the filesystem that it is in"
            )
        return Observation(False, place, f"{where} is on the same filesystem as the directory that it is in")

    def _filesystem(self, path: str, hops: int = 8) -> str | tuple[str, ...]:
        """What tells the filesystem that a path is on from others, as boots mount it: its device, with the subvolume."""
        where, described = path, None
        while where != "/" and not (described and described.at_boot):
            described = self._described(where)
            where = where if described and described.at_boot else os.path.dirname(where)
        described = described if described and described.at_boot else self._by_fstab("/")
        if described is None:
            return "/"
        if described.bind:
            source = fstab.canonical(os.path.normpath(described.source))
            return self._filesystem(source if source != where and hops else os.path.dirname(where), hops - 1)
        subvolume = [option for option in described.options if option.startswith("subvol")]
        device = described.source.startswith("/") or "=" in described.source
        return (described.source, *subvolume) if device else where

    def _observation(self, where: str, options: list[str], kind: str, live: Mapping[str, Mounted] | None, by_line: bool) -> Observation:
        described = self._described(where)
        mounted = where in live if live is not None else bool(described)
        if not described and not mounted and kind != "tmpfs":
            message = f"{where} is not a filesystem of its own; the template's disk layout decides that"
            return Observation(None, FSTAB, message, result.NOT_APPLICABLE)
        if not described and self.host.container and kind != "tmpfs":
            message = f"{where} is mounted by what runs this container"
            return Observation(None, "/proc/self/mountinfo", message, result.NOT_APPLICABLE)
        if not described:
            return Observation(None, FSTAB, f"nothing mounts {where} with options of its own at boot")
        missing = _missing(options, described.options)
        if missing:
            why = f"{described.place} mounts {where} without {', '.join(missing)}"
            return Observation({"options": list(described.options)}, described.place, why)
        now = live[where].options if live and where in live else ()
        if not (described.at_boot or by_line) and (kind == "tmpfs" or not now):
            why = f"{described.place} has {where} mounted by hand only (noauto), not by a boot"
            return Observation(None, described.place, why, "" if kind == "tmpfs" else result.NOT_APPLICABLE)
        if live is not None and (described.at_boot or now) and _missing(options, now):
            why = f"{where} is mounted without some of them" if mounted else f"{where} is not mounted before the next boot"
            why = f"{described.place} has the options, but {why}"
            return Observation({"options": list(now)}, "/proc/self/mountinfo", why)
        return Observation({"options": list(now or described.options)}, described.place)

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        if _separate(name):
            return value is True
        return value is not None and not _missing(_wanted(name, wanted)[0], value["options"])

    def _mounted(self) -> dict[str, Mounted]:
        """What is mounted now; of two mounts on one place the last is on top."""
        found = {}
        for line in self.host.lines("/proc/self/mountinfo"):
            fields, unused_dash, rest = line.partition(" - ")
            words = words_of(fields)
            options = tuple(words[5].split(",") + words_of(rest)[2].split(","))
            found[fstab.unquoted(words[4])] = Mounted(options, words[2], fstab.unquoted(words[3]))
        return found

    # -- where it is described -----------------------------------------------------

    def _described(self, where: str) -> Described | None:
        """The mount unit, or else the line of fstab, and over both the drop-ins (systemd.mount(5))."""
        if where in EARLY:
            return self._by_fstab(where) or Described("the service manager", FSTAB, EARLY[where])
        unit = _unit(where)
        own, vendors = self._unit_file(unit, UNITS[:2]), self._unit_file(unit, UNITS[2:])
        described = self._by_unit(own) if own else self._by_fstab(where) or self._by_unit(vendors)
        for path in self._drop_ins(unit) if described else ():
            options = _options(self.host.read(path) or "")
            described = replace(described, place=path, path=path, options=options) if described and options else described
        return described

    def _by_fstab(self, where: str) -> Described | None:
        entry = fstab.at(fstab.of(self.host), where)
        return Described(entry.place, FSTAB, entry.options, entry.source, entry.at_boot) if entry else None

    def _unit_file(self, unit: str, directories: tuple[str, ...]) -> str | None:
        paths = [f"{directory}/{unit}" for directory in directories]
        return next((path for path in paths if os.path.lexists(self.host.entry(path))), None)

    def _by_unit(self, path: str | None) -> Described | None:
        """A unit counts when something wants it at boot, or its automount, and it is not masked."""
        text = self.host.read(path) if path else None
        if not path or not text:
            return None
        name = os.path.basename(path)[: -len("mount")]
        wanted = any(self.host.glob(f"{directory}/*.target.[wr]*s/{name}*mount") for directory in UNITS)
        return Described(path, path, _options(text) or ("defaults",), _last(text, "What")) if wanted else None

    def _drop_ins(self, unit: str) -> list[str]:
        by_name: dict[str, str] = {}
        for directory in UNITS:
            for path in self.host.regular(f"{directory}/{unit}.d/*.conf"):
                by_name.setdefault(os.path.basename(path), path)
        return [by_name[name] for name in sorted(by_name)]


# -- settings ----------------------------------------------------------------------


def _separate(name: str) -> str:
    """The path that a setting wants to be a filesystem of its own, or nothing."""
    return name[len(SEPARATE) :] if name.startswith(SEPARATE) else ""


def _express_separate(name: str, value: bool) -> None:
    if value is not True:
        raise BadSetting(f"mount: {name} can only be true, not {value!r}")


def _wanted(where: str, value: Value) -> tuple[list[str], str]:
    """A wanted value as (options, type)."""
    options = value.get("options", []) if isinstance(value, dict) else None
    if not isinstance(options, list) or not all(_OPTION.fullmatch(str(option)) for option in options):
        raise BadSetting(f"mount: {where} wants a list of options, such as {{options: [nodev, nosuid]}}")
    return [str(option) for option in options], value.get("type", "")


def _missing(wanted: Sequence[str], options: Sequence[str]) -> list[str]:
    """The wanted options that are not in force when these are given: the last word on each counts."""
    force: set[str | None] = set()
    for option in options:
        for word in (*_DEFAULTS.get(option, ()), option):
            force -= {_OPPOSITES.get(word)} | {no for no, yes in _OPPOSITES.items() if yes == word}
            force.add(word)
    return [option for option in wanted if option not in force]


def _joined(options: Sequence[str], wanted: list[str]) -> list[str]:
    """Options with the wanted ones added, and without what says the opposite."""
    opposite = {_OPPOSITES.get(option) for option in wanted}
    kept = [option for option in options if option not in opposite]
    return kept + _missing(wanted, kept)


def _last(text: str, key: str) -> str:
    """The last value of a key in a unit; a percent sign is written twice there."""
    values = re.findall(rf"^[ \t]*{key}[ \t]*=[ \t]*(.*?)[ \t]*$", text, re.M)
    return values[-1].replace("%%", "%") if values else ""


def _options(text: str) -> tuple[str, ...]:
    return tuple(fstab.split(_last(text or "", "Options")))


def _edited(text: str, where: str, wanted: list[str], mounting: bool | None = False) -> str:
    """The text of fstab with the wanted options in the line of ``where``, mounted by boots, or with such a line at its end."""
    entry = fstab.at(fstab.read(text), where)
    if entry and any(option.count('"') % 2 for option in entry.options):
        raise BadSetting(f"mount: {where} has a double quote in {FSTAB} that does not end, which would swallow further options; correct it")
    if entry:
        there = [option for option in entry.options if not (mounting and option == "noauto")]
        gap = "" if entry.start != entry.end else " "
        return text[: entry.start] + gap + ",".join(map(fstab.quoted, _joined(there, wanted))) + text[entry.end :]
    end = "" if not text or text.endswith("\n") else "\n"
    mode = [] if where in EARLY else ["mode=1777"]
    return f"{text}{end}tmpfs {fstab.quoted(where)} tmpfs {','.join(['defaults'] + wanted + mode)} 0 0\n"


def _around(where: str, places: Mapping[str, Mounted]) -> str:
    """The place of those given that a path lies in."""
    directory = os.path.dirname(where)
    while directory != "/" and directory not in places:
        directory = os.path.dirname(directory)
    return directory


def _unit(where: str) -> str:
    """The name of the unit that mounts a path (systemd-escape --path)."""
    name = re.sub(rb"[^A-Za-z0-9:_./]|^\.", lambda found: b"\\x%02x" % ord(found[0]), os.fsencode(where.strip("/")))
    return name.decode().replace("/", "-") + ".mount"
