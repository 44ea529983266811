# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every kind of setting can do: plan its changes, and observe what is in force."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Callable

from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of

NOTICE = "# Written by hygeia.golden from the host's profile; edits here are replaced.\n"


# Where expected values stand: in a file of ours beside the program's own, or in the program's main file, which is all that
# some scanners read.
DROP_IN, MAIN_FILE = LAYOUTS = ("drop_in", "main_file")


class NotInForce(Exception):
    """What was written but could not be put into force, as ``{name: sentence}``."""

    def __init__(self, failures: Mapping[str, str]) -> None:
        super().__init__("; ".join(failures.values()))
        self.failures = failures


class RolledBack(Exception):
    """What was written could not be put into force, and the former state is back."""


@dataclass
class Change:
    """One thing to be written, known before anything is written.

    ``names`` are the settings it serves, ``before`` and ``after`` are texts for
    the diff, ``apply`` makes it so and returns nothing.
    """

    target: str
    before: str
    after: str
    names: frozenset[str]
    apply: Callable[[], object]


# What the operator may say yes to all the same, by naming the control.
IN_USE = "in_use"
LOCKOUT = "lockout"


@dataclass
class Refusal:
    """Settings that were left alone because writing them would do harm, and why.

    ``risk`` is IN_USE or LOCKOUT where the operator may accept it.
    """

    names: frozenset[str]
    why: str
    risk: str = ""


@dataclass
class Plan:
    """What a kind would change and what it will not; ``failures`` maps names to sentences, filled while applying."""

    changes: list[Change] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    absent: str = ""


@dataclass
class Observation:
    """The effective value of one setting.

    ``status`` is set only when there is no value to compare: not_applicable,
    not_checked or error, with the reason in ``message``.
    """

    value: Value = None
    read_from: str = ""
    message: str = ""
    status: str = ""


# What is in force, by the names of the settings.
Observations = dict[str, Observation]


class Kind:
    """Settings of one sort, named ``name``, on one host.

    ``wanted`` maps the names of settings to their values. Enforcing and
    observing share no answer: ``observe`` never looks at what ``plan`` wrote,
    it asks the software.
    """

    name = ""
    # Used by the kinds whose software has drop-ins and reads a main file too.
    layout = DROP_IN

    def __init__(self, host: Host) -> None:
        self.host = host

    def absent(self) -> str:
        """Why this kind means nothing on this host, in one sentence; else an empty string."""
        return ""

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        """The changes that would apply ``wanted``; validated, nothing written.

        With ``partial`` what the kind wrote for other settings stays.
        """
        raise NotImplementedError(self.name)

    def refusals(self, due: Settings) -> Iterable[Refusal]:
        """A Refusal for each harm that these settings, which a booted host does not have yet, would do to its users."""
        return []

    def reload(self, changes: list[Change]) -> None:
        """Put what was written into force on a booted host, without ending anybody's work."""

    @staticmethod
    def by_reload() -> None:
        """What a change applies when its files are right already and only ``reload`` is due."""

    def observe(self, wanted: Settings) -> Observations:
        """The effective value of each name in ``wanted``, as ``{name: Observation}``."""
        raise NotImplementedError(self.name)

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        """Does an observed value satisfy a wanted one?"""
        return self.plain(wanted) == self.plain(value)

    @staticmethod
    def plain(value: Value) -> str:
        """One spelling for values that a file and YAML write differently."""
        if isinstance(value, bool):
            return "yes" if value else "no"
        return " ".join(words_of(str(value)))

    # -- help for kinds that own files -----------------------------------------

    def install(self, path: str, content: str, names: Iterable[str], mode: int = 0o644) -> list[Change]:
        """A change that installs ``content`` at ``path``, or none when it is there already."""
        before = self.host.read(path)
        if before == content and os.stat(self.host.path(path)).st_mode & 0o7777 == mode:
            return []
        return [Change(path, before or "", content, frozenset(names), lambda: self.host.write(path, content, mode))]

    def edit(self, path: str, content: str, names: Iterable[str], mode: int = 0o644) -> list[Change]:
        """A change of the text alone of a file that is not ours; one that is not there yet is made with this mode."""
        before = self.host.read(path)
        if before == content:
            return []
        return [Change(path, before or "", content, frozenset(names), lambda: self.host.edit(path, content, mode))]

    def uninstall(self, path: str, names: Iterable[str]) -> list[Change]:
        """A change that removes ``path``, or none when there is no such file."""
        before = self.host.read(path)
        if before is None:
            return []
        return [Change(path, before, "", frozenset(names), lambda: self.host.remove(path))]


class DropIn(Kind):
    """A kind whose software reads drop-in files, one of which is ours alone.

    A subclass names the file and turns settings into its text and back.
    """

    path = ""
    mode = 0o644

    def parse(self, text: str) -> dict[str, str]:
        """Our own file's text as ``{name: value}``; ours alone, so the format is the one ``render`` writes."""
        raise NotImplementedError(self.name)

    def render(self, settings: Mapping[str, str]) -> str:
        """The whole text of our file for these settings."""
        raise NotImplementedError(self.name)

    def validate(self, content: str) -> str:
        """Why the software would not accept this text as our file, in one sentence; else an empty string."""
        return ""

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        before = self.host.read(self.path)
        old = self.parse(before) if before else {}
        settings = {name: self.plain(value) for name, value in wanted.items()}
        if partial:
            settings = {**old, **settings}
        if not settings:
            return Plan(self.uninstall(self.path, old))
        content = self.render(settings)
        names = [name for name in {**old, **settings} if old.get(name) != settings.get(name)] or list(wanted)
        changes = self.install(self.path, content, names, self.mode)
        problem = self.validate(content) if changes else ""
        if problem:
            return Plan([], [Refusal(frozenset(names), problem)])
        return Plan(changes)


class Observed(Kind):
    """A kind that is only looked at, since nothing can be written for it or its site alone decides.

    Where a list is wanted, it names what is tolerated. ``names`` are those of
    all settings, for a kind whose values need no look of their own.
    """

    names: Collection[str] = ()

    def check(self, wanted: Settings) -> None:
        """Raise BadSetting for what means nothing."""
        for name in wanted:
            if name not in self.names:
                raise BadSetting(f"{self.name}: there is no {name}; choose one of {', '.join(self.names)}")

    def inspect(self, wanted: Settings) -> Observations:
        """The effective values of settings whose names ``check`` has accepted."""
        raise NotImplementedError(self.name)

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        self.check(wanted)
        return Plan()

    def observe(self, wanted: Settings) -> Observations:
        self.check(wanted)
        return self.inspect(wanted)

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        return set(value) <= set(wanted) if isinstance(wanted, list) else super().satisfies(name, wanted, value)


def unobserved(names: Iterable[str], status: str, message: str) -> Observations:
    """The same reason for each of ``names``."""
    if status not in result.UNDECIDED:
        raise ValueError(status)
    return {name: Observation(status=status, message=message) for name in names}
