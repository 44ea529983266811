# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Defaults of sudo, as ``{use_pty: true, logfile: /var/log/sudo.log}`` (sudoers(5)).

What is in force is what sudo's own parser (cvtsudoers) says; where it was set
is found in the files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import (
    LOCKOUT,
    NOTICE,
    DropIn,
    Observation,
    Observations,
    Plan,
    Refusal,
)
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.system import sudoers
from ansible_collections.hygeia.golden.plugins.module_utils.system.administrators import Administrators
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult
from ansible_collections.hygeia.golden.plugins.module_utils.system.scratch import Scratch
from ansible_collections.hygeia.golden.plugins.module_utils.util.comparators import at_most
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.pending_files import PendingFiles
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of

LIMITS = {"passwd_timeout": at_most, "passwd_tries": at_most, "timestamp_timeout": lambda wanted, value: at_most(wanted, value, lowest=0)}

# Flags with which a login without a terminal, or with its own password alone, no longer becomes root.
HARMFUL = {
    "noexec": "no command could start another one",
    "passprompt_override": "Ansible would not recognize the prompt for the password",
    "requiretty": "sudo would refuse a login without a terminal",
    "rootpw": "sudo would ask for the password of root",
    "runaspw": "sudo would ask for the password of the target user",
    "targetpw": "sudo would ask for the password of the target user",
}

# Flags that change which password opens the way to root, what they make of it, and what to do.
_ASKING = {
    "authenticate": ({"sudo_asks": True}, "would need a password for sudo and has none: set one"),
    **dict.fromkeys(
        ("rootpw", "runaspw", "targetpw"), ({"roots_password": True}, "would need the password of root, who has none: set one")
    ),
}


class Sudo(DropIn):
    name = "sudo"
    # Files apply in the order of their names and the last one wins; a name with a dot is not read at all.
    path = "/etc/sudoers.d/zz-hygeia"
    mode = 0o440

    def absent(self) -> str:
        installed = self.host.which("visudo") or any(map(self.host.packages.installed, ("sudo", "sudo-ldap")))
        return "" if installed else "sudo is not installed"

    def parse(self, text: str) -> dict[str, str]:
        return {name: _unquoted(off, value) for off, name, value in re.findall(r"^Defaults (!?)(\w+)(?:=(.*))?$", text, re.M | re.A)}

    def render(self, settings: Mapping[str, str]) -> str:
        return NOTICE + "".join(_line(name, value) for name, value in sorted(settings.items()))

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        for name, value in wanted.items():
            if not re.fullmatch(r"[a-z_]+", name) or set(str(value)) & set('\n"\\'):
                raise BadSetting(f"sudo: {name} cannot be written as {value!r}")
        refusals = [Refusal(frozenset([name]), self._harm(name)) for name in sorted(wanted) if self._harms(name, wanted[name])]
        refused = {name for refusal in refusals for name in refusal.names}
        kept = self._stricter(wanted)
        plan = super().plan({name: value for name, value in wanted.items() if name not in refused | kept}, partial)
        return Plan(plan.changes, plan.refusals + refusals)

    def _stricter(self, wanted: Settings) -> set[str]:
        """What a site's own files limit more strictly for everybody stays so."""
        if not set(wanted) & set(LIMITS) or not self.host.which("cvtsudoers"):
            return set()
        try:
            found = _assignments(sudoers.parsed(self.host, without=self.path))
        except RuntimeError:  # reported when our file is checked
            return set()
        values = {name: value for scope, name, value in found if not scope and name in wanted and name in LIMITS}
        return {name for name, value in values.items() if value != self.plain(wanted[name]) and self.satisfies(name, wanted[name], value)}

    def _harms(self, name: str, value: Value) -> bool:
        return name in HARMFUL and self.plain(value) == "yes" and self.host.operator not in (None, "root")

    def _harm(self, name: str) -> str:
        return f"{name} would lock out {self.host.operator}, whose SSH login runs this: {HARMFUL[name]}"

    def refusals(self, due: Settings) -> Iterable[Refusal]:
        """The last administrator keeps his way to root."""
        administrators = Administrators(self.host)
        for name in (name for name in due if name in _ASKING and self.plain(due[name]) == "yes"):
            change, why = _ASKING[name]
            who = administrators.lost(**change)
            if who:
                yield Refusal(frozenset([name]), f"nobody could become root with {name}: {who} {why} first", LOCKOUT)

    def validate(self, content: str) -> str:
        """Our file must be right by itself, and still be when the whole configuration is read together."""
        if not self.host.which("visudo"):
            return ""  # check mode, before sudo is installed
        with Scratch(self.host) as scratch:
            ran = self.host.run(["visudo", "-c", "-f", scratch.write("candidate", content)])
            if not ran.ok:
                raise BadSetting(f"sudo: {_blamed(_first(ran), content)}")
            originals = sudoers.stage(PendingFiles(self.host, {self.path: content}), scratch)
            ran = self.host.run(["visudo", "-c", "-f", next(iter(originals))])
            return "" if ran.ok else f"sudo's configuration is already broken; fix it first: {_named(_first(ran), originals)}"

    def observe(self, wanted: Settings) -> Observations:
        insecure = self._insecure()
        if insecure:
            raise RuntimeError(insecure)
        seen = PendingFiles(self.host, {})
        assigned = list(_assignments(sudoers.parsed(self.host)))
        places = [default for default in sudoers.defaults(seen) if default.name in {name for unused_scope, name, unused_value in assigned}]
        return {
            name: self._observation(
                name,
                wanted[name],
                [(scope, value) for scope, other, value in assigned if other == name],
                [default.place for default in places if default.name == name],
            )
            for name in wanted
        }

    def _observation(self, name: str, wanted: Value, values: list[tuple[str, str]], places: list[str]) -> Observation:
        """The value for everybody, unless it is right and somebody has another one."""
        places = places if len(places) == len(values) else [sudoers.MAIN] * len(values)
        last = {scope: (value, place) for (scope, value), place in zip(values, places)}  # the last one of a scope wins
        if "" not in last:
            return Observation(None, sudoers.MAIN, f"no file that sudo reads sets {name} for everybody")
        value, place = last.pop("")
        if not self.satisfies(name, wanted, value):
            ours = place.startswith(self.path + ":")
            return Observation(value, place, "" if ours else f"{place} has the last word on {name}")
        for scope, (other, scoped) in last.items():
            if not self.satisfies(name, wanted, other):
                return Observation(other, scoped, f"{scoped} sets {name} otherwise for {scope}")
        return Observation(value, place)

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        if value is not None and name in LIMITS:
            return LIMITS[name](wanted, value)
        return value is not None and super().satisfies(name, wanted, value)

    def _insecure(self) -> str:
        """A file that sudo will not read, because others than root could have written it."""
        for path in sudoers.files(PendingFiles(self.host, {})):
            status = os.stat(self.host.path(path))
            if status.st_uid != 0 or status.st_mode & 0o022:
                return f"sudo does not read {path}, because others than root can write it"
        return ""


def _assignments(parsed: Mapping[str, list[dict[str, Any]]]) -> Iterator[tuple[str, str, str]]:
    """Every assignment that sudo's parser saw, in its order, as ``(for whom, name, value)``; the first is empty for everybody."""
    for entry in parsed.get("Defaults", []):
        scope = ", ".join(map(sudoers.member, entry.get("Binding", [])))
        for option in entry["Options"]:
            for name, value in option.items():
                if name != "operation":
                    yield scope, name, " ".join(value) if isinstance(value, list) else Sudo.plain(value)


def _line(name: str, value: str) -> str:
    if value in ("yes", "no"):
        return f"Defaults {'!' if value == 'no' else ''}{name}\n"
    if re.fullmatch(r"-?[\d.]+", value, re.A):
        return f"Defaults {name}={value}\n"
    return f'Defaults {name}="{value}"\n'


def _unquoted(off: str, value: str) -> str:
    """What ``_line`` wrote, read back."""
    return value.strip('"') if value else ("no" if off else "yes")


def _first(ran: CommandResult) -> str:
    """The parser's first sentence."""
    return lines_of(ran.err.strip(BLANKS) or ran.out.strip(BLANKS) or ran.error)[0]


def _blamed(error: str, content: str) -> str:
    """An error message with the line of our text that it is about, in place of the copy's name."""
    number = re.match(r"\S+?:(\d+):", error, re.A)
    return f"{lines_of(content)[int(number[1]) - 1]}: {error.split(': ', 1)[-1]}" if number else error


def _named(error: str, originals: Mapping[str, str]) -> str:
    """An error message with the file itself in place of its copy."""
    copy = next((copy for copy in originals if error.startswith(copy + ":")), "")
    return originals[copy] + error[len(copy) :] if copy else error
