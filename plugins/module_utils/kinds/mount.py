# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of mounted filesystems, as ``{/dev/shm: {options: [nodev, nosuid, noexec]}, separate /var: true}``.

A pattern such as ``/media/*``, and ``type nfs*``, stand for every line of /etc/fstab with such a mount point or type.
``separate PATH`` is observed and never written: whether a path is a filesystem of its own is settled when disks are
laid out.

Options are added where the filesystem is described: in its line of /etc/fstab,
which otherwise stays as it is, or in a drop-in of its mount unit. What is no
filesystem of its own is made one only with ``type: tmpfs``; for the rest the
disk layout decides, and the setting does not apply. What was added stays when
its control leaves the profile.
"""

from __future__ import annotations

import fnmatch
import os
import re
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import (
    IN_USE,
    NOTICE,
    BadSetting,
    Change,
    Kind,
    Observation,
    Plan,
    Refusal,
)
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.tree import is_pattern
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.running.folders import Folders

FSTAB = "/etc/fstab"
UNITS = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
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
_OPTION = re.compile(r"[\w.=%:/-]+")
_FSTAB_LINE = re.compile(r"^(?P<start>[ \t]*[^#\s]\S*[ \t]+(?P<where>\S+)[ \t]+\S+[ \t]+)(?P<options>\S+)", re.M)


@dataclass(frozen=True)
class Described:
    """Where a filesystem is described, in which file its options stand last, and these options."""

    place: str
    path: str
    options: tuple


class Mount(Kind):
    name = "mount"

    # -- enforcing ---------------------------------------------------------------

    def plan(self, wanted, partial=False):
        fstab = self.host.read(FSTAB) or ""
        edited, names, changes = fstab, [], []
        live = self._mounted() if wanted and self.host.booted else {}
        for name, where, value in self._each(wanted):
            options, kind = _wanted(name, value)
            described = self._described(where)
            if not described and kind != "tmpfs":
                continue  # no filesystem of its own
            if described and not _missing(options, described.options):
                if _missing(options, live.get(where, options)):
                    before, after = ",".join(live[where]), ",".join(options)
                    changes.append(Change(f"mount {where}", before, after, frozenset([name]), self.by_reload))
            elif described and described.path != FSTAB:
                changes += self._drop_in(name, where, _joined(described.options, options))
            else:
                edited = _edited(edited, where, options)
                names.append(name)
        mode = os.stat(self.host.path(FSTAB)).st_mode & 0o7777 if fstab else 0o644
        return Plan((self.install(FSTAB, edited, names, mode) if edited != fstab else []) + changes)

    def _each(self, wanted):
        """Each filesystem whose options are wanted, as (name of the setting, mount point, wanted value)."""
        for name, value in wanted.items():
            if _separate(name):
                _express_separate(name, value)
            else:
                yield from ((name, where, value) for where in self._places(name))

    def _places(self, name):
        """The mount points that the name of a setting stands for."""
        kind = name[len(TYPE):] if name.startswith(TYPE) else ""
        if not kind and not is_pattern(name):
            return [name]
        lines = (line.split() for line in self.host.lines(FSTAB) if not line.lstrip().startswith("#"))
        found = ((_unquoted(fields[1]).rstrip("/"), fields[2]) for fields in lines if len(fields) > 3)
        return [where for where, there in found if where and fnmatch.fnmatchcase(*((there, kind) if kind else (where, name)))]

    def _drop_in(self, name, where, options):
        text = ",".join(options).replace("%", "%%")
        content = f"{NOTICE}[Mount]\nOptions={text}\n"
        return self.install(f"{UNITS[0]}/{_unit(where)}.d/{OURS}", content, [name])

    def asks(self, due):
        """An option that would stop a program is not given to a filesystem without a question."""
        live, folders = self._mounted(), Folders(self.host)
        for name, where, value in self._each(due):
            need = folders.need(where, _missing(_wanted(name, value)[0], live.get(where, ())))
            if need:
                yield Refusal(frozenset([name]), f"{where} is in use, {need}: move it elsewhere, and harden again", IN_USE)

    def reload(self, changes):
        """Give what is mounted its new options; nothing is mounted over a folder that is in use."""
        self.host.run(["systemctl", "daemon-reload"])
        live = self._mounted()
        for where in sorted({where for change in changes for name in change.names for where in self._places(name)}):
            described = self._described(where)
            if where in live and described and _missing(described.options, live[where]):
                ran = self.host.run(["mount", "-o", f"remount,{','.join(described.options)}", where])
                if not ran.ok:
                    raise RuntimeError(f"{where} did not take its options: {ran.complaint}")

    # -- observing ---------------------------------------------------------------

    def observe(self, wanted):
        live = self._mounted() if self.host.booted else None
        return {name: self._observed(name, value, live) for name, value in wanted.items()}

    def _observed(self, name, value, live):
        """What is found for one setting; of several filesystems that one which is not as wanted."""
        if _separate(name):
            _express_separate(name, value)
            return self._layout(_separate(name), live)
        options, kind = _wanted(name, value)
        found = [self._observation(where, options, kind, live) for where in self._places(name)]
        if not found:
            return Observation(None, FSTAB, f"no line of {FSTAB} is meant by {name}", result.NOT_APPLICABLE)
        return next((seen for seen in found if not seen.status and not self.meets(name, value, seen.value)), found[0])

    def _layout(self, where, live):
        """Is a path a filesystem of its own?"""
        described = self._described(where)
        place = described.place if described else FSTAB
        if self.host.container:
            return Observation(None, place, f"what runs this container lays out {where}", result.NOT_APPLICABLE)
        if described or where in (live or ()):
            return Observation(True, place)
        return Observation(False, FSTAB, f"{where} is on the same filesystem as the folder that it is in")

    def _observation(self, where, options, kind, live):
        described = self._described(where)
        mounted = where in live if live is not None else bool(described)
        if not described and not mounted and kind != "tmpfs":
            message = f"{where} is no filesystem of its own; the template's disk layout decides that"
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
        if live is not None and _missing(options, live.get(where, ())):
            why = f"{where} is mounted without some of them" if mounted else f"{where} is not mounted before the next boot"
            why = f"{described.place} has the options, but {why}"
            return Observation({"options": list(live.get(where, ()))}, "/proc/self/mountinfo", why)
        return Observation({"options": list((live or {}).get(where, described.options))}, described.place)

    def meets(self, name, wanted, value):
        if _separate(name):
            return value is True
        return value is not None and not _missing(_wanted(name, wanted)[0], value["options"])

    def _mounted(self):
        """What is mounted now, with its options; of two mounts on one place the last is on top."""
        found = {}
        for line in self.host.lines("/proc/self/mountinfo"):
            fields, unused_dash, rest = line.partition(" - ")
            words = fields.split()
            found[_unquoted(words[4])] = tuple(words[5].split(",") + rest.split()[2].split(","))
        return found

    # -- where it is described -----------------------------------------------------

    def _described(self, where):
        """The mount unit, or else the line of fstab, and over both the drop-ins (systemd.mount(5))."""
        if where in EARLY:
            return self._by_fstab(where) or Described("the service manager", FSTAB, EARLY[where])
        unit = _unit(where)
        own, vendors = self._unit_file(unit, UNITS[:2]), self._unit_file(unit, UNITS[2:])
        described = self._by_unit(own) if own else self._by_fstab(where) or self._by_unit(vendors)
        for path in self._drop_ins(unit) if described else ():
            options = _options(self.host.read(path))
            described = Described(path, path, options) if options else described
        return described

    def _by_fstab(self, where):
        text = self.host.read(FSTAB) or ""
        for found in _FSTAB_LINE.finditer(text):
            if _unquoted(found["where"]).rstrip("/") == where and where != "/":
                number = text.count("\n", 0, found.start()) + 1
                return Described(f"{FSTAB}:{number}", FSTAB, tuple(found["options"].split(",")))
        return None

    def _unit_file(self, unit, folders):
        paths = [f"{folder}/{unit}" for folder in folders]
        return next((path for path in paths if os.path.lexists(self.host.entry(path))), None)

    def _by_unit(self, path):
        """A unit counts when something wants it at boot and it is not masked."""
        text = self.host.read(path) if path else None
        wanted = path and any(self.host.glob(f"{folder}/*.target.[wr]*s/{os.path.basename(path)}") for folder in UNITS)
        return Described(path, path, _options(text) or ("defaults",)) if text and wanted else None

    def _drop_ins(self, unit):
        by_name = {}
        for folder in UNITS:
            for path in self.host.glob(f"{folder}/{unit}.d/*.conf"):
                by_name.setdefault(os.path.basename(path), path)
        return [by_name[name] for name in sorted(by_name)]


# -- settings ----------------------------------------------------------------------


def _separate(name):
    """The path that a setting wants to be a filesystem of its own, or nothing."""
    return name[len(SEPARATE):] if name.startswith(SEPARATE) else ""


def _express_separate(name, value):
    if value is not True:
        raise BadSetting(f"mount: {name} can only be true, not {value!r}")


def _wanted(where, value):
    """A wanted value as (options, type)."""
    options = value.get("options", []) if isinstance(value, dict) else None
    if not isinstance(options, list) or not all(_OPTION.fullmatch(str(option)) for option in options):
        raise BadSetting(f"mount: {where} wants a list of options, such as {{options: [nodev, nosuid]}}")
    return [str(option) for option in options], value.get("type", "")


def _missing(wanted, options):
    """The wanted options that are not in force when these are given: the last word on each counts."""
    force = set()
    for option in options:
        for word in (*_DEFAULTS.get(option, ()), option):
            force -= {_OPPOSITES.get(word)} | {no for no, yes in _OPPOSITES.items() if yes == word}
            force.add(word)
    return [option for option in wanted if option not in force]


def _joined(options, wanted):
    """Options with the wanted ones added, and without what says the opposite."""
    opposite = {_OPPOSITES.get(option) for option in wanted}
    kept = [option for option in options if option not in opposite]
    return kept + _missing(wanted, kept)


def _options(text):
    """The Options= of a unit; a percent sign is written twice there."""
    lines = re.findall(r"^Options=(.*)$", text, re.M)
    return tuple(lines[-1].strip().replace("%%", "%").split(",")) if lines else ()


def _edited(text, where, wanted):
    """The text of fstab with the wanted options in the line of ``where``, or with such a line at its end."""
    for found in _FSTAB_LINE.finditer(text):
        if _unquoted(found["where"]).rstrip("/") == where:
            options = ",".join(_joined(found["options"].split(","), wanted))
            return text[:found.start("options")] + options + text[found.end("options"):]
    end = "" if not text or text.endswith("\n") else "\n"
    mode = [] if where in EARLY else ["mode=1777"]
    return f"{text}{end}tmpfs {where} tmpfs {','.join(['defaults'] + wanted + mode)} 0 0\n"


def _unquoted(path):
    """A path of fstab or mountinfo, where blanks are octal."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), path)


def _unit(where):
    """The name of the unit that mounts a path (systemd-escape --path)."""
    name = "".join(c if c.isalnum() or c in ":_./" else "".join(f"\\x{byte:02x}" for byte in c.encode()) for c in where)
    return name.strip("/").replace("/", "-") + ".mount"
