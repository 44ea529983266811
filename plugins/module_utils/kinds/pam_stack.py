# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Stacks of pam.conf(5): which lines a service has, and which of them a login would meet.

``seen`` is an Altered: the files as they are, or as they would be.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FOLDER = "/etc/pam.d"

_LINE = re.compile(r"-?(auth|account|password|session)\s+(\[[^\]]*\]|\S+)\s+(\S+)\s*(.*)", re.I)
_INCLUDE = re.compile(r"@include\s+(\S+)")
_WORD = re.compile(r"\[[^\]]*\]|\S+")

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
    arguments: tuple

    def argument(self, name):
        """The value of an argument, ``yes`` for one without, None where it is missing; the last one counts."""
        found = None
        for word in self.arguments:
            key, sign, value = word.partition("=")
            if key == name:
                found = value if sign else "yes"
        return found


def stack(seen, service, phase, depth=0):
    """The lines of a service for one phase, includes followed; a service without a file has those of ``other``."""
    path = f"{FOLDER}/{service}"
    if not seen.is_file(path):
        return stack(seen, "other", phase, depth + 1) if depth == 0 and service != "other" else []
    rules = []
    for number, line in _logical_lines(seen.lines(path)):
        include = _INCLUDE.match(line)
        if include and depth < 16:
            rules += stack(seen, include[1], phase, depth + 1)
        match = _LINE.match(line)
        if not match or match[1].lower() != phase:
            continue
        if match[2].lower() in ("include", "substack"):
            rules += stack(seen, match[3], phase, depth + 1) if depth < 16 else []
        else:
            rules.append(Rule(f"{path}:{number}", match[2], match[3].rpartition("/")[2], tuple(_WORD.findall(match[4]))))
    return rules


def walk(rules, fails):
    """Whom a stack lets through when ``fails(rule)`` tells which modules fail: ``(let through, rules met)``."""
    met, verdict, skip = [], None, 0
    for rule in rules:
        if skip:
            skip -= 1
            continue
        met.append(rule)
        failed = rule.module == "pam_deny.so" or "authfail" in rule.arguments or fails(rule)
        action = _action(rule.control, "auth_err" if failed else "success")
        if action.isdigit():
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


def lets_in(rules):
    """Does a right password open the stack?"""
    return walk(rules, lambda rule: rule.module == "pam_rootok.so")[0]


def counts_failures(rules):
    """Does a wrong password reach pam_faillock, and does a locked account stay shut with the right one?"""
    opened, met = walk(rules, lambda rule: rule.module in PROVERS)
    counted = any(rule.module == "pam_faillock.so" and "authfail" in rule.arguments for rule in met)
    locked = not walk(rules, lambda rule: rule.module in ("pam_faillock.so", "pam_rootok.so"))[0]
    return counted and locked and not opened


def insists(rules, module, *others):
    """Is everybody refused whom this module refuses, and whom no other of these lets in?"""
    return any(rule.module == module for rule in rules) and not walk(rules, lambda rule: rule.module in (module, *others))[0]


def judged_before(rules, module):
    """Does a module that judges new passwords come before this one?"""
    names = [rule.module for rule in rules]
    before = names[:names.index(module)] if module in names else []
    return any(name in ("pam_pwquality.so", "pam_passwdqc.so", "pam_pwhistory.so") for name in before)


def _action(control, outcome):
    if not control.startswith("["):
        return _CONTROLS.get(control.lower(), _CONTROLS["required"])["success" if outcome == "success" else "default"]
    pairs = dict(pair.split("=", 1) for pair in control.strip("[]").split() if "=" in pair)
    return pairs.get(outcome, pairs.get("default", "bad"))


def _logical_lines(lines):
    """Lines with their continuations joined and without comments, as ``(number of the first, text)``."""
    whole, first = "", 0
    for number, line in enumerate(lines, 1):
        first = first if whole else number
        whole += line.partition("#")[0].strip()
        if whole.endswith("\\"):
            whole = whole[:-1] + " "
            continue
        if whole.strip():
            yield first, whole.strip()
        whole = ""
