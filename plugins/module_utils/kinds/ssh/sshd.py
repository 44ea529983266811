# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Settings of the SSH server, as ``{PermitRootLogin: "no"}`` (sshd_config(5)).

The truth is what ``sshd -T`` says. A wanted value is spelled by sshd as well, so
that both are compared in its own words.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from ansible_collections.hygeia.golden.plugins.module_utils.kinds import main_file
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import (
    LOCKOUT,
    MAIN_FILE,
    NOTICE,
    Change,
    DropIn,
    Observation,
    Observations,
    Plan,
    Refusal,
    RolledBack,
)
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.system.administrators import Administrators
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.ssh import algorithms as ssh_algorithms
from ansible_collections.hygeia.golden.plugins.module_utils.system.ssh import listeners, server_files
from ansible_collections.hygeia.golden.plugins.module_utils.system.ssh.algorithms import CHOICES
from ansible_collections.hygeia.golden.plugins.module_utils.system.ssh.login import Login
from ansible_collections.hygeia.golden.plugins.module_utils.system.ssh.probe import OPTIONS, Probe, Rejected, service_options
from ansible_collections.hygeia.golden.plugins.module_utils.system.ssh.server_files import Assignment
from ansible_collections.hygeia.golden.plugins.module_utils.util.comparators import at_most
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.pending_files import Files, PendingFiles
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of

LIMITS = {"clientalivecountmax", "clientaliveinterval", "logingracetime", "maxauthtries", "maxsessions"}
# Keywords whose values add up, and those of them that take one value per line.
ONE_A_LINE = {"hostcertificate", "hostkey", "listenaddress", "port"}
ADDING = {*ONE_A_LINE, "acceptenv", "allowgroups", "allowusers", "denygroups", "denyusers"}

# Where no file includes the directory of our own, and the layout wants it read.
INCLUDED = "# hygeia.golden: the first value of a keyword wins.\nInclude {path}\n\n"

UNITS = ("ssh.service", "sshd.service")
# Where an administrator who is not logged in comes from: no rule for some addresses is known to fit.
ANYWHERE = "0.0.0.0 0 0.0.0.0"
PATIENCE = 10  # seconds for a reloaded sshd to answer


class Sshd(DropIn):
    name = "sshd"
    # The first value of a keyword wins, and Debian includes this directory at the top.
    path = "/etc/ssh/sshd_config.d/00-hygeia.conf"
    mode = 0o600

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._spelled: dict[str, Value] = {}  # wanted values in sshd's own words
        self._listeners: list[tuple[str, int]] = []  # where a running sshd must answer after the changes, if it answered before

    def absent(self) -> str:
        installed = self.host.which("sshd") or self.host.packages.installed("openssh-server")
        return "" if installed else "openssh-server is not installed"

    # -- our file -----------------------------------------------------------------

    def parse(self, text: str) -> dict[str, str]:
        settings: dict[str, str] = {}
        for name, value in re.findall(r"^(\w+) (.*)$", text, re.M | re.A):
            settings[name] = f"{settings[name]} {value}" if name in settings else value
        return settings

    def render(self, settings: Mapping[str, str]) -> str:
        return NOTICE + self._rendered(settings)

    @staticmethod
    def _rendered(settings: Settings) -> str:
        return "".join(f"{line}\n" for name in sorted(settings) for line in _lines(name, settings[name]))

    def _old(self) -> dict[str, str]:
        """What was written for earlier settings, whichever layout it was for."""
        return {**self.parse(self.host.read(self.path) or ""), **self.parse(main_file.block(self.host.read(server_files.MAIN) or ""))}

    def _own(self) -> str:
        """The main file as others have written it."""
        return main_file.theirs(self.host.read(server_files.MAIN)).replace(INCLUDED.format(path=self.path), "", 1)

    def _theirs(self) -> PendingFiles[Host]:
        """The files without anything of ours."""
        return PendingFiles(self.host, {self.path: None, server_files.MAIN: self._own()})

    def _written(self, name: str, value: Value) -> str:
        """A wanted value as the file holds it."""
        text = (_glue(name)).join(map(self.plain, value)) if isinstance(value, list) else self.plain(value)
        if not re.fullmatch(r"[A-Za-z]\w+", name, re.A) or name.lower() in ("match", "include") or not text:
            raise BadSetting(f"sshd: {name} cannot be written as {value!r}")
        return ssh_algorithms.known(self.host, server_files.keyword(name), text)

    # -- enforcing ------------------------------------------------------------------

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        old = self._old()
        settings = {name: self._written(name, value) for name, value in wanted.items()}
        if partial:
            known = {server_files.keyword(name) for name in settings}
            settings.update((name, value) for name, value in old.items() if server_files.keyword(name) not in known)
        if not self.host.which("sshd") or not (old or settings):
            return Plan(self._changes(old, settings))  # nothing to judge it with, in check mode; or nothing to judge
        with Probe(self.host) as probe:
            self._spell(probe, settings)
            try:
                strict = self._stricter(probe, settings)
                settings = {name: value for name, value in settings.items() if name not in strict}
                refusals = self._lockouts(probe, old, settings)
                kept = {name: settings[name] for name in settings if not any(name in refusal.names for refusal in refusals)}
                changes = self._changes(old, kept) if kept or not refusals else []
                after = self._candidate(probe, changes) if changes else {}
                if changes and self.host.booted and listeners.any_answers(_listeners(probe.effective())):
                    self._listeners = _listeners(after)
                return Plan(changes, refusals)
            except Rejected as problem:
                return Plan([], [Refusal(frozenset(settings), f"sshd would not accept its configuration then: {problem}")])

    def _changes(self, old: Mapping[str, str], settings: Settings) -> list[Change]:
        names = [name for name in {**old, **settings} if old.get(name) != settings.get(name)] or list(settings)
        own = self._own()
        if self.layout == MAIN_FILE:
            # In front of everything, includes too: the first value of a keyword wins.
            main = main_file.combined(own, self._rendered(settings), self._contradictions(settings))
            return self._edited_main(main, names) + self.uninstall(self.path, names)
        if not settings:
            return self.uninstall(self.path, names) + self._edited_main(own, names)
        if own and not server_files.includes(self.host, self.path, own):
            # Our file alone: others in its directory have not been in force, and nobody asked for them.
            own = INCLUDED.format(path=self.path) + own
        return self.install(self.path, self.render(settings), names, self.mode) + self._edited_main(own, names)

    def _edited_main(self, text: str, names: list[str]) -> list[Change]:
        before = self.host.read(server_files.MAIN)
        return self.edit(server_files.MAIN, text, names, self.mode) if text != (before or "") else []

    def _contradictions(self, settings: Settings) -> Iterator[int]:
        """The numbers of the main file's own lines that set, for everybody, what our block sets."""
        keywords = {server_files.keyword(name) for name in settings} - ADDING
        for each in server_files.assignments(self._theirs()):
            path, unused_colon, number = each.place.rpartition(":")
            if path == server_files.MAIN and not each.block and each.keyword in keywords:
                yield int(number)

    def _spell(self, probe: Probe, settings: Settings) -> None:
        """Have sshd read the wanted settings alone: it names a bad one, and spells the others."""
        lines = [(name, line) for name in sorted(settings) for line in _lines(name, settings[name])]
        path = probe.scratch.write("wanted.conf", "".join(f"{line}\n" for unused_name, line in lines))
        try:
            values = probe.effective(path, service=False)
        except Rejected as problem:
            number = re.search(r"line (\d+): (.*)", str(problem), re.A)
            blamed = f"{lines[int(number[1]) - 1][1]}: {number[2]}" if number else str(problem)
            raise BadSetting(f"sshd: {blamed}") from problem
        for name in settings:
            if server_files.keyword(name) not in values:
                raise BadSetting(f"sshd: this sshd does not support {name}")
            self._spelled[name] = values[server_files.keyword(name)]

    def _candidate(self, probe: Probe, changes: list[Change], login: str = "") -> dict[str, str]:
        """The effective values after the changes."""
        return self._effective(probe, PendingFiles(self.host, {change.target: change.after for change in changes}), login)

    @staticmethod
    def _effective(probe: Probe, seen: Files, login: str = "") -> dict[str, str]:
        """The effective values of files as they would be; the one that sshd does not accept is named."""
        originals = server_files.stage(seen, probe.scratch)
        try:
            return probe.effective(next(iter(originals)), login)
        except Rejected as problem:
            sentence = str(problem)
            for copy, original in originals.items():
                sentence = sentence.replace(copy, original)
            raise Rejected(sentence) from problem

    def _stricter(self, probe: Probe, settings: Settings) -> set[str]:
        """What a site's own files limit more strictly for everybody stays so."""
        seen = self._theirs()
        theirs = {each.keyword for each in server_files.assignments(seen) if not each.block and each.keyword in {*LIMITS, *CHOICES}}
        names = [name for name in settings if server_files.keyword(name) in theirs]
        if not names:
            return set()
        values = self._effective(probe, seen)
        found = ((name, values.get(server_files.keyword(name))) for name in names)
        return {name for name, value in found if value != self._spelled[name] and self.satisfies(name, settings[name], value)}

    def _lockouts(self, probe: Probe, old: Mapping[str, str], settings: Settings) -> list[Refusal]:
        """The settings with which the operator could not log in again, one by one."""
        if not self.host.operator:
            return []
        login = Login.of_operator(self.host)
        now = probe.effective(login=login.question)

        def barred(chosen: Mapping[str, str]) -> str:
            return login.barred(self._candidate(probe, self._changes(old, chosen), login.question), now)

        return [
            Refusal(frozenset([name]), f"{name} {settings[name]} would lock out {login.name}, whose SSH login runs this: {why}")
            for name, why in _culprits({}, settings, barred)
        ]

    def refusals(self, due: Settings) -> Iterable[Refusal]:
        """When nobody's SSH login runs this, the last administrator who comes in over SSH keeps his way."""
        if self.host.operator or not self.host.which("sshd"):
            return
        old = self._old()
        settings = {name: self._written(name, value) for name, value in due.items()}
        kept = {name: value for name, value in old.items() if name not in settings}
        with Probe(self.host) as probe:
            port = words_of(probe.effective().get("port", "22"))[0]
            logins = [Login(self.host, name, f"{ANYWHERE} {port}") for name in ("root", *Administrators(self.host).people())]
            now = {login: probe.effective(login=login.question) for login in logins}
            logins = [login for login in logins if login.enters(now[login])]

            def barred(chosen: Mapping[str, str]) -> str:
                changes = self._changes(old, chosen)
                whys = [login.barred(self._candidate(probe, changes, login.question), now[login]) for login in logins]
                return whys[-1] if whys and all(whys) else ""

            for name, why in _culprits(kept, settings, barred):
                who = " and ".join(login.name for login in logins)
                sentence = f"{name} {settings[name]} would lock out {who}, and nobody else who becomes root comes in over SSH: {why}"
                yield Refusal(frozenset([name]), sentence, LOCKOUT)

    # -- on a running host ------------------------------------------------------------

    def reload(self, changes: list[Change]) -> None:
        unit = next((unit for unit in UNITS if self.host.run(["systemctl", "is-active", "--quiet", unit]).ok), None)
        problem = self._reloaded(unit)
        if not problem:
            return
        for change in reversed(changes):
            self._restore(change)
        if unit:
            self.host.run(["systemctl", "restart", unit])  # it may have ended; sessions are not part of it
        raise RolledBack(f"{problem}; the former configuration is back")

    def _reloaded(self, unit: str | None) -> str:
        """Why sshd does not serve after a reload, in one sentence; else an empty string."""
        ran = self.host.run(["systemctl", "reload", unit]) if unit else None
        if ran and not ran.ok:
            return f"{unit} could not be reloaded: {ran.error}"
        silent = self._listeners and not listeners.any_answers(self._listeners, PATIENCE)
        return "sshd did not answer after the reload" if silent else ""

    def _restore(self, change: Change) -> None:
        if change.target != self.path:
            self.host.edit(change.target, change.before)
        elif change.before:
            self.host.write(change.target, change.before, self.mode)
        else:
            self.host.remove(change.target)

    # -- observing --------------------------------------------------------------------

    def observe(self, wanted: Settings) -> Observations:
        with Probe(self.host) as probe:
            self._spell(probe, {name: self._written(name, value) for name, value in wanted.items()})
            values = probe.effective()
            places = _service_settings(self.host) + list(server_files.assignments(PendingFiles(self.host, {})))
            unread = self._unread(values)
            return {name: self._observation(probe, name, wanted[name], values, places, unread) for name in wanted}

    def _observation(
        self, probe: Probe, name: str, wanted: Value, values: Mapping[str, str], places: list[Assignment], unread: str
    ) -> Observation:
        """The value for everybody; or if that is right, the looser one of a Match block."""
        keyword = server_files.keyword(name)
        value = values.get(keyword)
        set_here = [place for place in places if place.keyword == keyword]
        for place in set_here:
            other = self._block_value(probe, place)
            if place.block and not self.satisfies(name, wanted, other):
                return Observation(other, place.place, f"{place.place} sets {name} to {other} for Match {place.block}")
        everybody = [place.place for place in set_here if not place.block]
        if not self.satisfies(name, wanted, value):
            others = [place for place in everybody if not place.startswith(self.path + ":")]
            message = f"no file sets {name}, so sshd's own default applies" if not everybody else ""
            if others and (keyword in ADDING or others[0] == everybody[0]):
                message = f"{others[0]} sets {name}, and {_rule(keyword)}"
            return Observation(value, (others or everybody or ["sshd -T"])[0], message)
        if unread:
            return Observation(value, everybody[0] if everybody else "sshd -T", unread, result.NOT_CHECKED)
        return Observation(value, everybody[0] if everybody else "sshd -T")

    def _block_value(self, probe: Probe, place: Assignment) -> str | None:
        """A value under a Match line, in sshd's own words."""
        if not place.block:
            return None
        path = probe.scratch.write("block.conf", f"{place.keyword} {place.value}\n")
        return probe.effective(path, service=False).get(place.keyword)

    def _unread(self, values: Mapping[str, str]) -> str:
        """What the running sshd has not read yet: it writes its pid file whenever it reads its configuration."""
        pid_file = values.get("pidfile", "none")
        if not self.host.booted or not self.host.exists(pid_file):
            return ""
        read = os.stat(self.host.path(pid_file)).st_mtime
        files = [path for path, unused_block in server_files.files(PendingFiles(self.host, {}))]
        for path in (*files, os.path.dirname(self.path), *OPTIONS):
            if self.host.exists(path) and os.stat(self.host.path(path)).st_ctime > read:
                return f"the running sshd has not read {path} since it changed; restart it"
        return ""

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        keyword, goal = server_files.keyword(name), self._spelled.get(name, self.plain(wanted))
        if value is None:
            return False
        if keyword in CHOICES:
            return set(value.split(",")) <= set(goal.split(","))
        return at_most(goal, value) if keyword in LIMITS else value == goal


def _culprits(kept: Mapping[str, str], settings: Settings, barred: Callable[[Mapping[str, str]], str]) -> Iterator[tuple[str, str]]:
    """The settings that bar somebody, beside those that are kept, one by one, each with why."""
    if not barred({**kept, **settings}):
        return
    for name in sorted(settings):
        why = barred({**kept, name: settings[name]})
        if why:
            yield name, why
        else:
            kept = {**kept, name: settings[name]}


def _lines(name: str, value: str) -> list[str]:
    several = words_of(value) if server_files.keyword(name) in ONE_A_LINE else [value]
    return [f"{name} {one}" for one in several]


def _glue(name: str) -> str:
    return "," if server_files.keyword(name) in CHOICES else " "


def _rule(keyword: str) -> str:
    return "values add up" if keyword in ADDING else "the first value wins"


def _listeners(values: Mapping[str, str]) -> list[tuple[str, int]]:
    return listeners.addresses(values.get("listenaddress", ""))


def _service_settings(host: Host) -> list[Assignment]:
    """What the service's own options set, which come before every file."""
    options = iter(service_options(host))
    place = next((path for path in OPTIONS if host.exists(path)), "")
    found = []
    for option in options:
        setting = next(options, "") if option in ("-o", "-p") else option[2:]
        said = re.match(r"(\w*)[\s=]*(.*)", setting, re.A)
        name, value = said.groups() if said and not option.startswith("-p") else ("port", setting)
        found.append(server_files.Assignment(place, server_files.keyword(name), value, ""))
    return found
