# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of systemd's own programs, as ``{journald.Storage: persistent, logind.StopIdleSessionSec: 15min}``."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.kinds import main_file
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import (
    DROP_IN,
    MAIN_FILE,
    NOTICE,
    Change,
    DropIn,
    Kind,
    Observation,
    Observations,
    Plan,
    Refusal,
    unobserved,
)
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.system import systemd_values
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import PROGRAM, Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS_OF_SYSTEMD, lines_of_systemd

# Where configuration files lie, the first wins where two have the same name (systemd-system.conf(5)).
DIRECTORIES = ("/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd", "/lib/systemd")
OURS = "zz-hygeia.conf"
# What some editors put before a text.
_MARK = "\ufeff"
_NO_TEXT = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Program:
    """A program of systemd: the section of its file, where it is, and what makes it read the file again.

    Options in ``lists`` add to what was said before; an empty value takes that back.
    """

    section: str
    binary: str
    reload: tuple[str, ...] = ()
    lists: frozenset[str] = frozenset()


PROGRAMS = {
    # A restarted journald keeps its streams; it cannot reload in every release.
    "journald": Program("Journal", "systemd-journald", ("restart", "systemd-journald.service")),
    # It runs only where a site says to which machine it sends the journal.
    "journal-upload": Program("Upload", "systemd-journal-upload", ("try-restart", "systemd-journal-upload.service")),
    "coredump": Program("Coredump", "systemd-coredump"),
    # A restarted logind would forget whose sessions are whose; this signal makes it read its file.
    "logind": Program("Login", "systemd-logind", ("kill", "--signal=HUP", "systemd-logind.service")),
    "timesyncd": Program("Time", "systemd-timesyncd", ("try-restart", "systemd-timesyncd.service"), frozenset(["NTP", "FallbackNTP"])),
    "resolved": Program(
        "Resolve", "systemd-resolved", ("try-restart", "systemd-resolved.service"), frozenset(["DNS", "FallbackDNS", "Domains"])
    ),
    "system": Program("Manager", "systemd", ("daemon-reload",), frozenset(["DefaultEnvironment", "ManagerEnvironment"])),
    "user": Program("Manager", "systemd", (), frozenset(["DefaultEnvironment", "ManagerEnvironment"])),
}


class ProgramConf(DropIn):
    """The drop-in of one program, or the block in its main file; its settings have no prefix here."""

    def __init__(self, host: Host, name: str, layout: str = DROP_IN) -> None:
        super().__init__(host)
        self.program = PROGRAMS[name]
        self.layout = layout
        self.main = f"/etc/systemd/{name}.conf"
        # Where the package leaves it, when there is none in /etc, which would take its place.
        self.vendor = next((path for path in (f"{directory}/{name}.conf" for directory in DIRECTORIES[1:]) if host.exists(path)), "")
        self.path = f"/etc/systemd/{name}.conf.d/{OURS}"

    def parse(self, text: str) -> dict[str, str]:
        return {option: value for line, section, option, value in assignments(text) if section == self.program.section and value}

    def render(self, settings: Mapping[str, str]) -> str:
        return f"{NOTICE}{self._header}\n{self._lines(settings)}"

    @property
    def _header(self) -> str:
        return f"[{self.program.section}]"

    def _lines(self, settings: Mapping[str, str]) -> str:
        reset = {option: f"{option}=\n" if option in self.program.lists else "" for option in settings}
        return "".join(f"{reset[option]}{option}={value}\n" for option, value in sorted(settings.items()))

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        """In both layouts what stands in the other's place goes; a main file alone says nothing where a later drop-in does."""
        main = self.host.read(self.main)
        old = {**self.parse(f"{self._header}\n{main_file.block(main or '')}"), **self.parse(self.host.read(self.path) or "")}
        settings = {name: self.plain(value) for name, value in wanted.items()}
        settings = {**old, **settings} if partial else settings
        names = [name for name in {**old, **settings} if old.get(name) != settings.get(name)] or list(settings)
        # Where a carriage return alone ends lines, they are not counted as they are edited.
        inside = settings if self.layout == MAIN_FILE and "\r" not in (main or "") else {}
        overriding = self._overriding() if inside else ()
        beside = {option: value for option, value in settings.items() if option not in inside or option in overriding}
        changes = self._main_file(main, inside, names)
        changes += self.install(self.path, self.render(beside), names) if beside else self.uninstall(self.path, names)
        return Plan(changes)

    def _overriding(self) -> set[str]:
        """The options that drop-ins of others set, which are read after a main file."""
        name = os.path.basename(self.main).rpartition(".")[0]
        drop_ins = [path for path in _files(self.host, name) if os.path.dirname(path).endswith(".d") and path != self.path]
        return {option for path in drop_ins for option in self.parse(self.host.read(path) or "")}

    def _main_file(self, before: str | None, settings: Mapping[str, str], names: list[str]) -> list[Change]:
        vendor = (self.host.read(self.vendor) if self.vendor else "") or ""
        own = vendor if before is None else main_file.theirs(before)
        if not settings and own == vendor and main_file.block(before or ""):
            return self.uninstall(self.main, names)  # nothing but our block was ever in it
        text = self._combined(own, settings)
        return self.edit(self.main, text, names) if text != (vendor if before is None else before) else []

    def _combined(self, own: str, settings: Mapping[str, str]) -> str:
        """Our block at the head of the program's section, and without the lines that say something of its options."""
        head = next((last for unused_first, last, whole in logical(own) if whole == self._header), 0)
        block = self._lines(settings) if head or not settings else f"{self._header}\n{self._lines(settings)}"
        aside = (number for first, last in self._contradictions(own, settings, head) for number in range(first, last + 1))
        return main_file.combined(own, block, aside, head)

    def _contradictions(self, own: str, settings: Mapping[str, str], head: int) -> Iterator[tuple[int, int]]:
        """The first and the last physical line of each assignment that our block must not meet.

        Before the first section systemd takes nothing, so what stands there must not come to be in that of our block.
        """
        section = ""
        for first, last, whole in logical(own):
            section = whole[1:-1] if whole.startswith("[") else section
            option = whole.partition("=")[0].strip(BLANKS_OF_SYSTEMD)
            if (section == self.program.section and option in settings) or not (section or head):
                yield first, last

    @staticmethod
    def plain(value: Value) -> str:
        return systemd_values.text(value)


class SystemdConf(Kind):
    name = "systemd_conf"

    # -- enforcing ------------------------------------------------------------

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        settings: dict[str, dict[str, Value]] = {program: {} for program in PROGRAMS}
        plan = Plan()
        for name, value in wanted.items():
            program, option = self._split(name, value)
            why = self._unknown(program, option)
            if why:
                plan.refusals.append(Refusal(frozenset([name]), why))
            else:
                settings[program][option] = value
        for program, options in settings.items():
            for change in ProgramConf(self.host, program, self.layout).plan(options, partial).changes:
                change.names = frozenset(f"{program}.{option}" for option in change.names)
                plan.changes.append(change)
        return plan

    @staticmethod
    def _split(name: str, value: Value) -> tuple[str, str]:
        program, unused_dot, option = name.partition(".")
        if program not in PROGRAMS or not re.fullmatch(r"[A-Z][A-Za-z0-9]*", option):
            raise BadSetting(f"systemd_conf {name}: it must be PROGRAM.Option with one of {', '.join(PROGRAMS)}")
        if "\n" in systemd_values.text(value) or not systemd_values.text(value):
            raise BadSetting(f"systemd_conf {name}: one line of text is expected")
        return program, option

    def _unknown(self, program: str, option: str) -> str:
        """Why a program would ignore an option, in one sentence; else an empty string."""
        binary = self._binary(program)
        if not binary:
            name = PROGRAMS[program].binary  # and that of its package, where it has one
            planned = self.host.check and self.host.packages.installed(name)
            return "" if planned else f"{name} is not installed"
        text = b"\0" + (self.host.read_bytes(binary, PROGRAM) or b"")
        known = any(before + option.encode() + b"\0" in text for before in (b"\0", b"."))
        return "" if known else f"{binary} of this release has no option {option}, it would ignore it"

    def _binary(self, program: str) -> str:
        name = PROGRAMS[program].binary
        return next((path for path in (f"/usr/lib/systemd/{name}", f"/lib/systemd/{name}") if self.host.exists(path)), "")

    def reload(self, changes: list[Change]) -> None:
        for name, program in PROGRAMS.items():
            conf = ProgramConf(self.host, name)
            touched = any(change.target in (conf.path, conf.main) for change in changes)
            if touched and program.reload:
                ran = self.host.run(["systemctl", *program.reload])
                if not ran.ok:
                    raise RuntimeError(f"systemctl {' '.join(program.reload)} failed: {ran.error}")

    # -- observing ------------------------------------------------------------

    def observe(self, wanted: Settings) -> Observations:
        seen, found = {}, {}
        for name, value in wanted.items():
            program, option = self._split(name, value)
            if program not in found:
                found[program] = merged(self.host, program)
            seen.update(self._observation(name, program, option, value, found[program]))
        return seen

    def _observation(self, name: str, program: str, option: str, value: Value, options: Merged) -> Observations:
        why = self._unknown(program, option)
        if why and not self._binary(program):
            return unobserved([name], result.NOT_APPLICABLE, why)
        if why:
            return {name: Observation(None, self._binary(program), why)}
        if options.broken:
            message = f"{options.place} {options.broken}, and {PROGRAMS[program].binary} reads no further"
            return {name: Observation(None, options.place, message)}
        place, found = options.get(option, (f"/etc/systemd/{program}.conf", None))
        ours = ProgramConf(self.host, program).path
        message = ""
        if found is None and option in options.taken:
            place = options.taken[option]
            message = f"{place} takes back what was said of {option}, so the default of {program} holds"
        elif found is None:
            message = f"nothing sets {option} of {program}, so its own default holds"
        elif not self.satisfies(name, value, found) and not place.startswith(ours):
            files = _files(self.host, program)
            later = ours in files and files.index(place.rpartition(":")[0]) > files.index(ours)
            message = f"{place} sets {option}={found}" + (f" and is read after {ours}" if later else "")
        return {name: Observation(found, place, message)}

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        return value is not None and systemd_values.same(systemd_values.text(wanted), value)


class Merged(dict):
    """Every option that is set, as ``{option: (place, value)}``; ``taken`` tells where one was taken back.

    ``place`` and ``broken`` tell where and why the program gave up, if it did.
    """

    place = broken = ""

    def __init__(self) -> None:
        super().__init__()
        self.taken: dict[str, str] = {}


def merged(host: Host, program: str) -> Merged:
    """Every option of a program that is set, with the place that has the last word and the value that results."""
    found, lists = Merged(), PROGRAMS[program].lists
    for path in _files(host, program):
        for line, section, option, value in assignments(host.read(path) or ""):
            if section is None:
                found.place, found.broken = f"{path}:{line}", option
                return found
            if section != PROGRAMS[program].section:
                continue
            if option in lists and value and option in found:
                value = f"{found[option][1]} {value}"
            # An empty value takes back what was said, so the default holds again.
            if value:
                found[option] = (f"{path}:{line}", value)
            elif found.pop(option, None):
                found.taken[option] = f"{path}:{line}"
    return found


def _files(host: Host, program: str) -> list[str]:
    """The files in the order in which they are read: the main one, then all drop-ins by their names."""
    main = next((f"{directory}/{program}.conf" for directory in DIRECTORIES if host.exists(f"{directory}/{program}.conf")), None)
    by_name: dict[str, str] = {}
    for directory in DIRECTORIES:
        for path in host.regular(f"{directory}/{program}.conf.d/*.conf"):
            by_name.setdefault(os.path.basename(path), path)
    return ([main] if main else []) + [by_name[name] for name in sorted(by_name)]


def assignments(text: str) -> Iterator[tuple[int, str | None, str, str]]:
    """Each ``(line, section, option, value)``; a backslash at the end goes on with the next line.

    A line that is not in UTF-8 and a section that does not end where its line does end the reading: None with the reason.
    """
    section = ""
    for number, unused_last, whole in logical(text):
        wrong = "is not in UTF-8" if _NO_TEXT.search(whole) else "is not a whole section" if re.match(r"\[(?!.*\]$)", whole) else ""
        if wrong:
            yield number, None, wrong, ""
            return
        if whole.startswith("["):
            section = whole[1:-1]
        elif "=" in whole:
            option, value = whole.split("=", 1)
            yield number, section, option.strip(BLANKS_OF_SYSTEMD), value.strip(BLANKS_OF_SYSTEMD)


def logical(text: str) -> Iterator[tuple[int, int, str]]:
    """Each line as systemd reads it, with the numbers of its first and its last."""
    begun, number = "", 0
    for line, raw in enumerate([*lines_of_systemd(text.removeprefix(_MARK)), None], 1):
        if raw is None and not begun:
            return
        if raw is not None and raw.lstrip(BLANKS_OF_SYSTEMD).startswith(("#", ";")):
            continue  # comments may stand between continued lines
        number = number if begun else line
        begun += raw or ""
        if raw is not None and (len(begun) - len(begun.rstrip("\\"))) % 2:
            begun = begun[:-1] + " "
            continue
        whole, begun = begun.strip(BLANKS_OF_SYSTEMD), ""
        if whole:
            yield number, line if raw is not None else line - 1, whole
