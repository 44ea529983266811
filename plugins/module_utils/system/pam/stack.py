# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Stacks of pam.conf(5): which lines a service has, and which of them a login would meet.

``seen`` is a PendingFiles: the files as they are, or as they would be.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.util import logical_lines
from ansible_collections.hygeia.golden.plugins.module_utils.util.logical_lines import Line
from ansible_collections.hygeia.golden.plugins.module_utils.util.pending_files import Files
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of, words_of

DIRECTORY = "/etc/pam.d"

# What separates words is a blank or a tab: a carriage return belongs to the word before it, which nothing knows then.
_LINE = re.compile(
    r"(?P<head>[ \t]*-?(?P<phase>auth|account|password|session)[ \t]+(?P<control>\[(?:\\.|[^\]])*\]|[^ \t]+)[ \t]+)(?P<module>[^ \t]+)(?P<arguments>.*)",
    re.I | re.S,
)
_INCLUDE = re.compile(r"[ \t]*@include[ \t]+([^ \t]+)")
_WORD = re.compile(r"\[(?:\\.|[^\]])*\]|[^ \t]+")

_CONTROLS = {
    "required": {"success": "ok", "default": "bad"},
    "requisite": {"success": "ok", "default": "die"},
    "sufficient": {"success": "done", "default": "ignore"},
    "optional": {"success": "ok", "default": "ignore"},
}

# Modules that ask for a proof of who somebody is; a wrong password is wrong for all of them.
PROVERS = frozenset(f"pam_{name}.so" for name in "unix sss ldap krb5 winbind systemd_home rootok".split())


@dataclass(frozen=True)
class Rule:
    """One line of a stack."""

    place: str
    control: str
    module: str
    arguments: tuple[str, ...]
    head: str = ""  # the line up to the arguments

    def argument(self, name: str) -> str | None:
        """The value of an argument, ``yes`` for one without, None where it is missing; the last one counts."""
        found = None
        for word in self.arguments:
            key, sign, value = word.partition("=")
            if key == name:
                found = value if sign else "yes"
        return found


def stack(seen: Files, service: str, phase: str, depth: int = 0) -> list[Rule]:
    """The lines of a service for one phase, includes followed; a service without a file has those of ``other``."""
    path = f"{DIRECTORY}/{service}"
    if not seen.is_file(path):
        return stack(seen, "other", phase, depth + 1) if depth == 0 and service != "other" else []
    rules = []
    for line in logical(seen.read(path) or "", ends_at_gaps(seen)):
        include, rule = _INCLUDE.match(line.text), _rule(path, line, phase)
        if include and depth < 16:
            rules += stack(seen, include[1], phase, depth + 1)
        if rule and rule.control.lower() in ("include", "substack"):
            rules += stack(seen, rule.module, phase, depth + 1) if depth < 16 else []
        elif rule:
            rules.append(rule)
    return rules


def walk(rules: list[Rule], fails: Callable[[Rule], bool]) -> tuple[bool, list[Rule]]:
    """Whom a stack lets through when ``fails(rule)`` tells which modules fail: ``(let through, rules met)``."""
    met, verdict, skip = [], None, 0
    for rule in rules:
        if skip:
            skip -= 1
            continue
        met.append(rule)
        failed = rule.module == "pam_deny.so" or "authfail" in rule.arguments or fails(rule)
        action = _action(rule.control, "auth_err" if failed else "success")
        if re.fullmatch("[0-9]+", action):
            skip = int(action)
        elif action in ("ok", "done"):
            verdict = True if verdict is None else verdict
            if action == "done" and verdict:
                break
        elif action in ("bad", "die"):
            verdict = False
            if action == "die":
                break
        elif action == "reset":
            verdict = None
    return bool(verdict), met


def lets_in(rules: list[Rule]) -> bool:
    """Does a right password open the stack?"""
    return walk(rules, lambda rule: rule.module == "pam_rootok.so")[0]


def counts_failures(rules: list[Rule]) -> bool:
    """Does a wrong password reach pam_faillock, and does a locked account stay shut with the right one?"""
    opened, met = walk(rules, lambda rule: rule.module in PROVERS)
    counted = any(rule.module == "pam_faillock.so" and "authfail" in rule.arguments for rule in met)
    locked = not walk(rules, lambda rule: rule.module in ("pam_faillock.so", "pam_rootok.so"))[0]
    return counted and locked and not opened


def insists(rules: list[Rule], module: str, *others: str) -> bool:
    """Is everybody refused whom this module refuses, and whom no other of these lets in?"""
    return any(rule.module == module for rule in rules) and not walk(rules, lambda rule: rule.module in (module, *others))[0]


def asks_for_a_group(rule: Rule) -> bool:
    """Is this a pam_wheel that lets some people in, and not one that keeps some out or asks them for nothing?"""
    return rule.module == "pam_wheel.so" and rule.control in ("required", "requisite") and not {"deny", "trust"} & set(rule.arguments)


def judged_before(rules: list[Rule], module: str) -> bool:
    """Does a module that judges new passwords come before this one?"""
    names = [rule.module for rule in rules]
    before = names[: names.index(module)] if module in names else []
    return any(name in ("pam_pwquality.so", "pam_passwdqc.so", "pam_pwhistory.so") for name in before)


def _action(control: str, outcome: str) -> str:
    if not control.startswith("["):
        return _CONTROLS.get(control.lower(), _CONTROLS["required"])["success" if outcome == "success" else "default"]
    pairs = dict(pair.split("=", 1) for pair in words_of(control.strip("[]")) if "=" in pair)
    return pairs.get(outcome, pairs.get("default", "bad"))


def ends_at_gaps(seen: Files) -> bool:
    """Does an empty line or a comment end a rule that goes on? It does since libpam 1.6."""
    host: Any = getattr(seen, "host", seen)
    versions = host.packages.versions
    found = re.match(r"(?:\d+:)?(\d+)\.(\d+)", versions.get("libpam0g") or versions.get("pam-libs") or versions.get("pam", ""), re.A)
    return bool(found and (int(found[1]), int(found[2])) >= (1, 6))


def entries(text: str, phase: str, gaps: bool = False) -> list[tuple[Line, Rule]]:
    """Each line of a file for one phase with what it says, as ``(Line, Rule)``; includes are not followed."""
    found = ((line, _rule("", line, phase)) for line in logical(text, gaps))
    return [(line, rule) for line, rule in found if rule]


def includes(text: str, service: str, phase: str, gaps: bool = False) -> bool:
    """Does a file take in the lines of another service for a phase?"""
    named = [include[1] for include in (_INCLUDE.match(line.text) for line in logical(text, gaps)) if include]
    return service in named + [rule.module for unused_line, rule in entries(text, phase, gaps) if rule.control.lower() == "include"]


def _rule(path: str, line: Line, phase: str) -> Rule | None:
    match = _LINE.match(line.text)
    if not match or match["phase"].lower() != phase:
        return None
    words = tuple(_WORD.findall(match["arguments"]))
    return Rule(f"{path}:{line.first}", match["control"], match["module"].rpartition("/")[2], words, match["head"] + match["module"])


def logical(text: str, gaps: bool = False) -> list[Line]:
    """The lines as libpam puts them together: Lines without comments and empty ones.

    A backslash before the end, blanks after it or not, goes on with the next line that is neither empty nor a comment;
    or with the very next one where ``gaps`` end a line.
    A comment ends the line that it stands in, whatever it ends in itself.
    """
    found, whole, first = [], "", 0
    for number, line in enumerate(lines_of(text), 1):
        code, comment, unused_rest = line.lstrip(" \t").partition("#")
        if not code and not (gaps and whole):
            continue
        first = first if whole else number
        bare = code.rstrip(" \t")
        if not comment and bare.endswith("\\"):
            whole += f"{bare[:-1]} "
            continue
        if (whole + code).strip(" \t"):
            found.append(logical_lines.Line(first, number, whole + code))
        whole = ""
    return found


def reworded(text: str, module: str, phase: str, edit: Callable[[list[str]], list[str]], gaps: bool = False) -> str:
    """A file in which the arguments of one module are edited in one phase; a line that is changed becomes one physical line."""
    for line, rule in reversed(entries(text, phase, gaps)):
        # A backslash with nothing behind it would go on with the next line.
        words = [word if word.endswith("\\\r") else word.rstrip("\r") for word in rule.arguments if word.rstrip("\r")]
        if rule.module == module and edit(words) != list(rule.arguments):
            unused_text, sign, comment = lines_of(text)[line.last - 1].partition("#")
            note = f"  {sign}{comment}".rstrip("\r") if sign else ""
            text = logical_lines.replaced(text, line, f"{' '.join([rule.head, *edit(words)])}{note}", carriage=False)
    return text
