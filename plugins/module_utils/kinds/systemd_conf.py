# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of systemd's own programs, as ``{journald.Storage: persistent, logind.StopIdleSessionSec: 15min}``."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.kinds import systemd_values
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import (
    NOTICE, BadSetting, DropIn, Kind, Observation, Plan, Refusal, unobserved,
)
from ansible_collections.hygeia.golden.plugins.module_utils.model import result

# Where configuration files lie, the first wins where two have the same name (systemd-system.conf(5)).
FOLDERS = ("/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd", "/lib/systemd")
OURS = "zz-hygeia.conf"


@dataclass(frozen=True)
class Program:
    """A program of systemd: the section of its file, where it is, and what makes it read the file again.

    Options in ``lists`` add to what was said before; an empty value takes that back.
    """

    section: str
    binary: str
    reload: tuple = ()
    lists: frozenset = frozenset()


PROGRAMS = {
    # A restarted journald keeps its streams; it cannot reload in every release.
    "journald": Program("Journal", "systemd-journald", ("restart", "systemd-journald.service")),
    # It runs only where a site says to which machine it sends the journal.
    "journal-upload": Program("Upload", "systemd-journal-upload", ("try-restart", "systemd-journal-upload.service")),
    "coredump": Program("Coredump", "systemd-coredump"),
    # A restarted logind would forget whose sessions are whose; this signal makes it read its file.
    "logind": Program("Login", "systemd-logind", ("kill", "--signal=HUP", "systemd-logind.service")),
    "timesyncd": Program(
        "Time", "systemd-timesyncd", ("try-restart", "systemd-timesyncd.service"), frozenset(["NTP", "FallbackNTP"])
    ),
    "resolved": Program(
        "Resolve", "systemd-resolved", ("try-restart", "systemd-resolved.service"), frozenset(["DNS", "FallbackDNS", "Domains"])
    ),
    "system": Program("Manager", "systemd", ("daemon-reload",), frozenset(["DefaultEnvironment", "ManagerEnvironment"])),
    "user": Program("Manager", "systemd", (), frozenset(["DefaultEnvironment", "ManagerEnvironment"])),
}


class ProgramConf(DropIn):
    """The drop-in of one program; its settings have no prefix here."""

    def __init__(self, host, name):
        super().__init__(host)
        self.program = PROGRAMS[name]
        self.path = f"/etc/systemd/{name}.conf.d/{OURS}"

    def parse(self, text):
        return {option: value for unused_l, section, option, value in assignments(text) if section == self.program.section and value}

    def render(self, settings):
        lines = [NOTICE, f"[{self.program.section}]\n"]
        for option, value in sorted(settings.items()):
            if option in self.program.lists:
                lines.append(f"{option}=\n")
            lines.append(f"{option}={value}\n")
        return "".join(lines)

    @staticmethod
    def plain(value):
        return systemd_values.text(value)


class SystemdConf(Kind):
    name = "systemd_conf"

    # -- enforcing ------------------------------------------------------------

    def plan(self, wanted, partial=False):
        settings = {program: {} for program in PROGRAMS}
        plan = Plan()
        for name, value in wanted.items():
            program, option = self._split(name, value)
            why = self._unknown(program, option)
            if why:
                plan.refusals.append(Refusal(frozenset([name]), why))
            else:
                settings[program][option] = value
        for program, options in settings.items():
            for change in ProgramConf(self.host, program).plan(options, partial).changes:
                change.names = frozenset(f"{program}.{option}" for option in change.names)
                plan.changes.append(change)
        return plan

    @staticmethod
    def _split(name, value):
        program, unused_dot, option = name.partition(".")
        if program not in PROGRAMS or not re.fullmatch(r"[A-Z][A-Za-z0-9]*", option):
            raise BadSetting(f"systemd_conf {name}: it must be PROGRAM.Option with one of {', '.join(PROGRAMS)}")
        if "\n" in systemd_values.text(value) or not systemd_values.text(value):
            raise BadSetting(f"systemd_conf {name}: one line of text is expected")
        return program, option

    def _unknown(self, program, option):
        """Why a program would ignore an option, in one sentence; else an empty string."""
        binary = self._binary(program)
        if not binary:
            name = PROGRAMS[program].binary  # and that of its package, where it has one
            planned = self.host.check and self.host.packages.installed(name)
            return "" if planned else f"{name} is not installed"
        with open(self.host.path(binary), "rb") as stream:
            text = b"\0" + stream.read()
        known = any(before + option.encode() + b"\0" in text for before in (b"\0", b"."))
        return "" if known else f"{binary} of this release has no option {option}, it would ignore it"

    def _binary(self, program):
        name = PROGRAMS[program].binary
        return next((path for path in (f"/usr/lib/systemd/{name}", f"/lib/systemd/{name}") if self.host.exists(path)), "")

    def reload(self, changes):
        for name, program in PROGRAMS.items():
            touched = any(change.target == ProgramConf(self.host, name).path for change in changes)
            if touched and program.reload:
                ran = self.host.run(["systemctl", *program.reload])
                if not ran.ok:
                    raise RuntimeError(f"systemctl {' '.join(program.reload)} failed: {ran.complaint}")

    # -- observing ------------------------------------------------------------

    def observe(self, wanted):
        seen, found = {}, {}
        for name, value in wanted.items():
            program, option = self._split(name, value)
            if program not in found:
                found[program] = merged(self.host, program)
            seen.update(self._observation(name, program, option, value, found[program]))
        return seen

    def _observation(self, name, program, option, value, options):
        why = self._unknown(program, option)
        if why and not self._binary(program):
            return unobserved([name], result.NOT_APPLICABLE, why)
        if why:
            return {name: Observation(None, self._binary(program), why)}
        place, found = options.get(option, (f"/etc/systemd/{program}.conf", None))
        ours = ProgramConf(self.host, program).path
        message = ""
        if found is None:
            message = f"nothing sets {option} of {program}, so its own default holds"
        elif not self.meets(name, value, found) and not place.startswith(ours):
            message = f"{place} sets {option}={found} and is read after {ours}"
        return {name: Observation(found, place, message)}

    def meets(self, name, wanted, value):
        return value is not None and systemd_values.same(systemd_values.text(wanted), value)


def merged(host, program):
    """Every option of a program that is set, with the place that has the last word and the value that results."""
    found, lists = {}, PROGRAMS[program].lists
    for path in _files(host, program):
        for line, section, option, value in assignments(host.read(path) or ""):
            if section != PROGRAMS[program].section:
                continue
            if option in lists and value and option in found:
                value = f"{found[option][1]} {value}"
            # An empty value takes back what was said, so the default holds again.
            if value:
                found[option] = (f"{path}:{line}", value)
            else:
                found.pop(option, None)
    return found


def _files(host, program):
    """The files in the order in which they are read: the main one, then all drop-ins by their names."""
    main = next((f"{folder}/{program}.conf" for folder in FOLDERS if host.exists(f"{folder}/{program}.conf")), None)
    by_name = {}
    for folder in FOLDERS:
        for path in host.glob(f"{folder}/{program}.conf.d/*.conf"):
            by_name.setdefault(os.path.basename(path), path)
    return ([main] if main else []) + [by_name[name] for name in sorted(by_name)]


def assignments(text):
    """Each ``option=value`` with its line and its section; a backslash at the end goes on with the next line."""
    section, begun, number = "", "", 0
    for line, raw in enumerate(text.splitlines(), 1):
        if raw.lstrip().startswith(("#", ";")):
            continue  # comments may stand between continued lines
        number = number if begun else line
        if raw.endswith("\\"):
            begun += raw[:-1] + " "
            continue
        whole, begun = (begun + raw).strip(), ""
        if whole.startswith("[") and whole.endswith("]"):
            section = whole[1:-1]
        elif "=" in whole:
            option, value = whole.split("=", 1)
            yield number, section, option.strip(), value.strip()
