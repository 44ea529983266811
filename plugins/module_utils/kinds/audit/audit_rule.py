# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Groups of audit rules, as ``{time-change: [lines of audit.rules(7)], privileged: {programs: privileged}}``.

A group holds when every event that its lines describe is recorded. It need not
be our line that does it, and our line does not help where one before it says never.

Instead of lines a group may say whose use by people it records: ``programs`` is
``privileged`` for every program that lends the rights of its owner or group, or
a list of programs of which those count that are there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import NOTICE, Change, DropIn, Observation, Observations, Plan
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.system import programs
from ansible_collections.hygeia.golden.plugins.module_utils.system.audit.auditctl import Rule, Rules, for_arm64, identity, read
from ansible_collections.hygeia.golden.plugins.module_utils.system.audit.load import DIRECTORY, MACHINES, Load, load, paths
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of, words_of

JOINED = "/etc/audit/audit.rules"

# Without it, auditctl stops at the first line that the kernel does not take and leaves out all that follow.
GO_ON = "-c"

# Options of the audit system itself, of which the last counts, by the name that auditctl -s has for them.
OPTIONS = {"-b": "backlog_limit", "-e": "enabled", "-f": "failure"}
LOGIN_UIDS = "--loginuid-immutable"
FLAGS = (GO_ON, LOGIN_UIDS)

PROGRAMS = "programs"
PRIVILEGED = "privileged"

ELF_MACHINE = slice(18, 20)
ELF_ARM64 = b"\xb7\x00"


class AuditOptions(DropIn):
    """The groups that only set such options, in a file after Debian's own."""

    path = f"{DIRECTORY}/zz-hygeia.rules"
    mode = 0o600

    @staticmethod
    def plain(value: Value) -> str:
        return "\n".join(_listed(value))

    def parse(self, text: str) -> dict[str, str]:
        return _groups(text)

    def render(self, settings: Mapping[str, str]) -> str:
        return NOTICE + _rendered(settings)


class AuditRule(DropIn):
    name = "audit_rule"
    path = f"{DIRECTORY}/50-hygeia.rules"
    mode = 0o600

    def absent(self) -> str:
        return "" if self.host.packages.installed("auditd") or self.host.which("auditctl") else "auditd is not installed"

    @staticmethod
    def plain(value: Value) -> str:
        return "\n".join(_listed(value))

    # -- our file ------------------------------------------------------------------

    def parse(self, text: str) -> dict[str, str]:
        return _groups(text)

    def render(self, settings: Mapping[str, str]) -> str:
        return f"{NOTICE}{GO_ON}\n" + _rendered(settings)

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        """Lines that mean nothing here stay out of our file, and so do those that another file has: twice is an error."""
        theirs = set(self._theirs())
        wanted = {name: self._lines_of(name, value) for name, value in wanted.items()}
        kept = {name: [line for line in self._fitting(lines) if identity(line) not in theirs] for name, lines in wanted.items()}
        options = {name: lines for name, lines in kept.items() if lines and all(words_of(line)[0] in OPTIONS for line in lines)}
        plan = super().plan({name: lines for name, lines in kept.items() if name not in options}, partial)
        plan.changes += AuditOptions(self.host).plan(options, partial).changes
        if wanted and not plan.changes and self.host.kernel:
            plan.changes += self._unloaded(wanted)
        return plan

    def _unloaded(self, wanted: Settings) -> list[Change]:
        """Groups that are written and that the running kernel has lost, unless only a boot brings them back."""
        if self._status().get("enabled") == "2":
            return []
        loaded = self._loaded()
        lines = {name: [line for line in self._fitting(wanted[name]) if not loaded.evaluate(line).holds] for name in wanted}
        return [Change("auditctl -l", "", "\n".join(lines[name]), frozenset([name]), self.by_reload) for name in wanted if lines[name]]

    def validate(self, content: str) -> str:
        """Every system call is looked up where auditctl will look it up."""
        known = {}
        for arch, machine in MACHINES[self._machine].items():
            ran = self.host.run(["ausyscall", machine, "--dump"])
            if not ran.ok:
                return ""  # the package comes later, or is too old to tell
            known[arch] = {words_of(line)[-1] for line in lines_of(ran.out) if re.match("[0-9]", line)}
        for line in lines_of(content):
            arch = "b32" if "-F arch=b32" in line else "b64"
            calls = {call for calls in re.findall(r"-S (\S+)", line, re.A) for call in calls.split(",")}
            for call in sorted(calls - known[arch] - {"all"}):
                return f"audit rule {line}: there is no system call {call}"
        return ""

    def reload(self, changes: list[Change]) -> None:
        """Load the rules; locked ones are only joined, and loaded by the next boot."""
        if self.host.container or not self.host.which("augenrules"):
            return
        locked = self._status().get("enabled") == "2"
        ran = self.host.run(["augenrules"] if locked else ["augenrules", "--load"])
        joined, ours = self.host.lines(JOINED), self.host.lines(self.path)
        refused = [joined[int(number) - 1] for number in re.findall(r"error in line (\d+) of", ran.err + ran.out, re.A)]
        bad = [line for line in refused if line in ours]
        # What the kernel refuses of other files was refused before, too.
        if bad or not (ran.ok or refused):
            raise RuntimeError(f"the kernel did not take the audit rule {bad[0]}" if bad else f"augenrules: {ran.error}")

    # -- what is in force ------------------------------------------------------------

    def observe(self, wanted: Settings) -> Observations:
        sources = [self._at_boot()]
        if self.host.kernel:
            sources.append(self._loaded())
        return {name: self._observation(self._lines_of(name, value), sources) for name, value in wanted.items()}

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        return super().satisfies(name, self._lines_of(name, wanted), value)

    def _observation(self, lines: list[str], sources: list[Rules]) -> Observation:
        """The lines that hold in the files, and then in the kernel; the first that does not is reported."""
        fitting = self._fitting(lines)
        if not fitting:
            return Observation(status=result.NOT_APPLICABLE, message="nothing that these rules watch is there")
        for source in sources:
            verdicts = {line: source.evaluate(line) for line in fitting}
            wrong = [line for line in fitting if not verdicts[line].holds]
            if wrong:
                first = verdicts[wrong[0]]
                holding = [line for line in fitting if line not in wrong]
                return Observation(holding, first.place or DIRECTORY, f"{wrong[0]}: {first.why}")
        places = ", ".join(dict.fromkeys(verdict.place for verdict in verdicts.values()))
        if self.host.container:
            message = "the audit rules in force belong to the machine under this container"
            return Observation(lines, places, message, result.NOT_CHECKED)
        return Observation(lines, places, "; ".join(dict.fromkeys(v.why for v in verdicts.values() if v.why)))

    @property
    def _machine(self) -> str:
        return "arm64" if self._arm64 else "x86"

    def _at_boot(self) -> Rules:
        """The rules that a boot loads; a line that is refused may keep it from loading those that follow."""
        loaded = self.loads()
        if loaded.stopped:
            place, line, why = loaded.stopped
            return Rules(loaded.lines, f"a boot stops loading at {place}, because {line or 'a line of blanks'} is refused: {why}", place)
        return Rules(loaded.lines, f"no file in {DIRECTORY} asks for it")

    def loads(self) -> Load:
        """What a boot loads of the files."""
        return load(self.host, self._machine)

    def _loaded(self) -> Rules:
        """The rules that the running kernel has."""
        ran, status = self.host.run(["auditctl", "-l"]), self._status()
        if not ran.ok or not status:
            raise RuntimeError(f"the kernel's audit rules cannot be read: {ran.error}")
        lines = [("auditctl -l", line) for line in lines_of(ran.out) if line.startswith("-")]
        lines += [("auditctl -s", f"{option} {status.get(name)}") for option, name in OPTIONS.items()]
        lines += [("auditctl -s", LOGIN_UIDS)] if status.get("loginuid_immutable") == "1" else []
        lines += [(JOINED, GO_ON)] if GO_ON in self.host.lines(JOINED) else []  # the kernel does not know of it
        locked = ", and its rules are locked until the next boot" if status.get("enabled") == "2" else ""
        return Rules(lines, f"the running kernel does not have it{locked}")

    def _status(self) -> dict[str, str]:
        lines = (words_of(line) for line in lines_of(self.host.run(["auditctl", "-s"]).out))
        return {words[0]: words[1] for words in lines if len(words) > 1}

    def _written(self) -> Iterator[tuple[str, str]]:
        """Every line of the files that may be a rule, as (path, line)."""
        for path in paths(self.host):
            yield from ((path, line.strip(BLANKS)) for line in self.host.lines(path) if line.lstrip(BLANKS).startswith("-"))

    def _theirs(self) -> Iterator[tuple[Rule | str, tuple[str, ...]]]:
        for path, line in self._written():
            try:
                if path != self.path and read(line)[1]:
                    yield identity(line)
            except BadSetting:
                continue

    # -- what means anything here ------------------------------------------------------

    def _lines_of(self, name: str, wanted: Value) -> list[str]:
        """The lines of a group; those of programs are made from what is there."""
        if not isinstance(wanted, dict):
            return _listed(wanted)
        found = wanted.get(PROGRAMS)
        if set(wanted) != {PROGRAMS} or not (found == PRIVILEGED or isinstance(found, list)):
            raise BadSetting(f"audit rules {name}: {PROGRAMS} must be {PRIVILEGED} or a list of programs")
        paths = self._privileged if found == PRIVILEGED else programs.present(self.host, found)
        return [f"-a always,exit -F path={path} -F perm=x -F auid>=1000 -F auid!=unset -F key={name}" for path in paths]

    @cached_property
    def _privileged(self) -> list[str]:
        return programs.privileged(self.host)

    def _fitting(self, lines: list[str]) -> list[str]:
        """The lines that this system's kernel can take; others would only make loading fail."""
        for line in _listed(lines):
            option, rule = read(line)
            if rule is None and option not in FLAGS and option.split(" ")[0] not in OPTIONS:
                raise BadSetting(f"audit rule {line}: neither a rule nor one of {', '.join([*OPTIONS, *FLAGS])}")
        adapted = (for_arm64(line) if self._arm64 else line for line in _listed(lines))
        return [line for line in adapted if line and self._watchable(line)]

    def _watchable(self, line: str) -> bool:
        """A watch needs the directory that it is in, and a watch of a whole directory needs that."""
        file = re.search(r"(?:-w |-F path=)(\S+)", line, re.A)
        directory = re.search(r"-F dir=(\S+)", line, re.A)
        needed = directory[1] if directory else os.path.dirname(file[1].rstrip("/")) if file else ""
        return not needed or self.host.exists(needed)

    @property
    def _arm64(self) -> bool:
        """Is the system one for 64-bit ARM? Its programs tell, also where they do not run."""
        for program in ("/sbin/auditctl", "/bin/sh"):
            head = self.host.head(program, ELF_MACHINE.stop)
            if head is not None:
                return head[ELF_MACHINE] == ELF_ARM64
        return False


def _groups(text: str) -> dict[str, str]:
    """The groups of a file of ours, as ``{name: lines}``."""
    groups: dict[str, list[str]] = {}
    for line in lines_of(text):
        if line.startswith("## "):
            lines = groups.setdefault(line[3:], [])
        elif groups and line:
            lines.append(line)
    return {name: "\n".join(lines) for name, lines in groups.items()}


def _rendered(groups: Mapping[str, str]) -> str:
    return "".join(f"\n## {name}\n{groups[name]}\n" for name in sorted(groups) if groups[name])


def _listed(lines: Iterable[str]) -> list[str]:
    return [" ".join(words_of(line)) for line in ([lines] if isinstance(lines, str) else lines)]
