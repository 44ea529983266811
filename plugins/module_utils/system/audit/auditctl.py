# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The language of auditctl(8): lines become rules that compare, whichever way they were written."""

from __future__ import annotations

import errno
import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.system.audit import grammar as audit_grammar
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting

# System calls that 64-bit ARM never had; the rules that name them name their successors too.
NOT_ON_ARM64 = frozenset(
    "chmod chown creat create_module link lchown mkdir mknod open query_module rename rmdir symlink time unlink utime utimes futimesat vfork".split()
)

_FIELD = re.compile(r"(?P<name>\w+)(?P<operator>!=|>=|<=|&=|=|>|<|&)(?P<value>.*)", re.A)
_ALIASES = {"loginuid": "auid", "dir": "path", "-w": "path", "-p": "perm"}
_UNSET = ("unset", "4294967295")


@dataclass(frozen=True)
class Rule:
    """On which ``list`` what is done about which system calls under which conditions; its keys do not matter."""

    list: str
    action: str
    calls: frozenset[str]
    fields: frozenset[tuple[str, str, str]]

    def covers(self, other: Rule, call: str) -> bool:
        """Does this rule match every event of ``other`` that is this system call?"""
        return self.list == other.list and bool({call, "all"} & self.calls) and self.fields <= other.fields

    def touches(self, other: Rule, call: str) -> bool:
        """Does it match some of them?"""
        if self.list != other.list or not (call == "all" or {call, "all"} & self.calls):
            return False
        equal = {name: value for name, operator, value in self.fields if operator == "="}
        return all(equal.get(name, value) == value for name, operator, value in other.fields if operator == "=")

    @property
    def silences(self) -> bool:
        """Does it turn auditing off for every process?"""
        return self.action == "never" and self.list == "task" and not self.fields


@dataclass(frozen=True)
class Verdict:
    holds: bool
    place: str
    why: str = ""


class Rules:
    """Lines as ``(place, line)`` in the order in which the kernel got them: of two rules for an event the first decides."""

    def __init__(self, lines: Iterable[tuple[str, str]], missing: str, place: str = "") -> None:
        self.missing, self.place = missing, place
        self.options: dict[str, tuple[str, str]] = {}
        self.rules: list[tuple[str, Rule]] = []
        for place, line in lines:
            try:
                option, rule = read(line)
            except BadSetting:
                continue  # auditctl will not take it either
            if rule is None:
                self.options[option.split(" ")[0]] = (place, option)
            else:
                self.rules.insert(0 if option == "-A" else len(self.rules), (place, rule))

    def evaluate(self, line: str) -> Verdict:
        """Do these rules record all that ``line`` asks for? Where they do, or what is in the way."""
        option, wanted = read(line)
        if wanted is None:
            place, found = self.options.get(option.split(" ")[0], ("", ""))
            why = "" if found == option else f"{place} says {found}" if found else self.missing
            return Verdict(found == option, place or self.place, why)
        verdicts = [self._follow(wanted, call) for call in sorted(wanted.calls)]
        telling = [verdict for verdict in verdicts if not verdict.holds] + [verdict for verdict in verdicts if verdict.why]
        return (telling + verdicts)[0]

    def _follow(self, wanted: Rule, call: str) -> Verdict:
        """What becomes of the events of one system call, rule by rule."""
        partly = ""
        for place, rule in self.rules:
            if rule.silences or (rule.action == "never" and rule.covers(wanted, call)):
                return Verdict(False, place, f"{place} says never and comes first")
            if rule.action == wanted.action and rule.covers(wanted, call):
                return Verdict(True, place, partly)
            if rule.action == "never" and rule.touches(wanted, call):
                partly = f"{place} leaves some of it out"
        return Verdict(False, self.place, self.missing)


@functools.lru_cache(maxsize=4096)
def read(line: str) -> tuple[str, Rule | None]:
    """A line as (option, rule): a rule with how it is added, or an option of the audit system and no rule."""
    words = audit_grammar.words(line)
    if not words or words[0] not in ("-a", "-A", "-w"):
        return " ".join(words), None
    if len(words) % 2:
        raise BadSetting(f"audit rule {line}: every option has one value")
    where, action = "exit", "always"
    calls: set[str] = set()
    fields: set[tuple[str, str, str]] = set()
    for option, value in zip(words[::2], words[1::2]):
        if option in ("-a", "-A"):
            where, action = _list(line, value)
        elif option == "-S":
            calls.update(value.split(","))
        elif option == "-F":
            fields.add(_field(line, value))
        elif option == "-C":
            one, operator, other = _field(line, value)
            fields.add((min(one, other), operator, max(one, other)))  # auditctl turns some of them round
        elif option == "-w" and not value.startswith("/"):
            raise BadSetting(f"audit rule {line}: {value} is not a path")
        elif option in ("-w", "-p"):
            fields.add(_field(line, f"{_ALIASES[option]}={value}"))
        elif option != "-k":
            raise BadSetting(f"audit rule {line}: {option} is not an option of a rule")
    if words[0] == "-w" and "-p" not in words:
        fields.add(("perm", "=", "arwx"))
    return words[0], Rule(where, action, frozenset(calls or {"all"}), frozenset(field for field in fields if field[0] != "key"))


def identity(line: str) -> tuple[Rule | str, tuple[str, ...]]:
    """What the kernel looks at when it refuses a rule that it has already."""
    option, rule = read(line)
    return rule or option, tuple(re.findall(r"(?:-k |-F key=)(\S+)", line, re.A))


def for_arm64(line: str) -> str:
    """The line without the system calls that 64-bit ARM lacks; nothing when none is left."""
    if "-F arch=b64" not in line:
        return line
    called = re.findall(r"-S (\S+)", line, re.A)
    there = [call for calls in called for call in calls.split(",") if call not in NOT_ON_ARM64]
    if called and not there:
        return ""
    rest = re.sub(r" -S \S+", "", line, flags=re.A)
    return rest.replace("-F arch=b64", f"-F arch=b64 -S {','.join(there)}", 1) if there else rest


def _list(line: str, text: str) -> tuple[str, str]:
    words = text.split(",")
    actions = [word for word in words if word in ("always", "never")]
    if len(words) != 2 or len(actions) != 1:
        raise BadSetting(f"audit rule {line}: {text} is not a list and an action")
    words.remove(actions[0])
    return words[0], actions[0]


def _field(line: str, text: str) -> tuple[str, str, str]:
    """A condition as (name, operator, value), with one spelling for what auditctl prints differently."""
    found = _FIELD.fullmatch(text)
    if not found:
        raise BadSetting(f"audit rule {line}: {text} is not a condition")
    name, operator, value = _ALIASES.get(found["name"], found["name"]), found["operator"], found["value"]
    if name == "path":
        value = value.rstrip("/")
    elif name == "perm":
        value = "".join(sorted(value))
    elif name == "exit" and value.startswith("-E"):
        value = f"-{getattr(errno, value[1:], value[1:])}"
    elif value in _UNSET:
        value = "-1"
    elif name.endswith("id") and value == "root":
        value = "0"
    elif re.fullmatch(r"a[0-3]", name) and re.fullmatch(r"0x[0-9A-Fa-f]+|\d+", value, re.A):
        value = str(int(value, 8 if re.fullmatch(r"0\d+", value, re.A) else 0))
    return name, operator, value
