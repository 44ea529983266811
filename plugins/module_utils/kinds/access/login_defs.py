# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Defaults for accounts, as ``{PASS_MAX_DAYS: 365}``: login.defs(5), and INACTIVE of useradd(8).

Neither file has drop-ins, so their lines are edited in place; what a site has
set more strictly than wanted stays.
"""

from __future__ import annotations

import re
from functools import cached_property

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Change, Kind, Observation, Observations, Plan
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.util import logical_lines
from ansible_collections.hygeia.golden.plugins.module_utils.util.comparators import at_least, at_most, no_fewer_bits, no_more_bits
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS

LOGIN_DEFS = "/etc/login.defs"
USERADD = "/etc/default/useradd"
# What people read in the place of a carriage return that is a part of a value.
CARRIAGE = "\N{SYMBOL FOR CARRIAGE RETURN}"

_NUMBER = re.compile(r"[+-]?(?:(?P<octal>0[0-7]+)|0[xX][0-9a-fA-F]+|0|[1-9]\d*)", re.A)

MODES = {"HOME_MODE": no_more_bits, "UMASK": no_fewer_bits}
LIMITS = {
    "FAIL_DELAY": at_least,
    "INACTIVE": lambda wanted, value: at_most(wanted, value, lowest=0),
    "LOGIN_RETRIES": at_most,
    "LOGIN_TIMEOUT": at_most,
    "PASS_MAX_DAYS": lambda wanted, value: at_most(wanted, value, lowest=0),
    "PASS_MIN_DAYS": at_least,
    "PASS_WARN_AGE": at_least,
    "SHA_CRYPT_MAX_ROUNDS": at_least,
    "SHA_CRYPT_MIN_ROUNDS": at_least,
    "YESCRYPT_COST_FACTOR": at_least,
}

# Shadow takes the last line that sets a name; modules of PAM read these names too, and take the first.
READ_BY_PAM = frozenset("ENCRYPT_METHOD FAIL_DELAY HOME_MODE SHA_CRYPT_MAX_ROUNDS UMASK YESCRYPT_COST_FACTOR".split())

# Names that shadow accepts and leaves to PAM, so that their values do nothing.
LEFT_TO_PAM = frozenset(
    "CHFN_AUTH CHSH_AUTH CRACKLIB_DICTPATH ENVIRON_FILE ENV_HZ ENV_TZ FAILLOG_ENAB ISSUE_FILE LASTLOG_ENAB LOGIN_STRING"
    " MAIL_CHECK_ENAB MOTD_FILE NOLOGINS_FILE OBSCURE_CHECKS_ENAB PASS_ALWAYS_WARN PASS_CHANGE_TRIES PASS_MAX_LEN"
    " PASS_MIN_LEN PORTTIME_CHECKS_ENAB QUOTAS_ENAB SU_WHEEL_ONLY ULIMIT".split()
)


class LoginDefs(Kind):
    name = "login_defs"

    def absent(self) -> str:
        return "" if self.host.exists(LOGIN_DEFS) else f"there is no {LOGIN_DEFS}"

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        changes = []
        for path in (LOGIN_DEFS, USERADD):
            content = self._text(path)
            edited = []
            for name in sorted(name for name in wanted if _file(name) == path):
                _express(name, wanted[name])
                before, content = content, self._edited(path, content, name, wanted[name])
                edited += [name] if content != before else []
            if edited and CARRIAGE in self._text(path):
                changes.append(self._plain(path, content, edited))
            elif edited:
                changes += self.edit(path, content, edited)
        return Plan(changes)

    def _plain(self, path: str, content: str, names: list[str]) -> Change:
        """A change in which the new lines have no carriage return, and the others keep theirs."""
        content = content.replace(CARRIAGE, "\r")
        return Change(
            path, self._text(path).replace(CARRIAGE, "\r"), content, frozenset(names), lambda: self.host.edit(path, content, ended=True)
        )

    def _text(self, path: str) -> str:
        """The text of a file; with signs for carriage returns where they belong to the words, which they do since shadow 4.17."""
        text = self.host.read(path) or ""
        if path != LOGIN_DEFS or self._shadow < (4, 17):
            return text
        return (self.host.read_bytes(path) or b"").decode("utf-8", "surrogateescape").replace("\r", CARRIAGE)

    @cached_property
    def _shadow(self) -> tuple[int, int]:
        """The version of shadow, which Debian packs under two names."""
        versions = self.host.packages.versions
        found = re.match(r"(?:\d+:)?(\d+)\.(\d+)", versions.get("shadow-utils") or versions.get("passwd", ""), re.A)
        return (int(found[1]), int(found[2])) if found else (0, 0)

    def _edited(self, path: str, text: str, name: str, wanted: Value) -> str:
        """The text with a name as wanted, or as the line has it that is stricter and in force."""
        found = _values(path, text, name)
        in_force = _in_force(name, found)
        strict = [number for number, value in in_force if self.satisfies(name, wanted, value)]
        if found and len(strict) == len(in_force):
            return text
        if strict:
            return logical_lines.only(text, strict[-1], [number for number, unused_value in found])
        return logical_lines.put(text, name, _line(path, name, self.plain(wanted)), _separator(path))

    def observe(self, wanted: Settings) -> Observations:
        texts = {path: self._text(path) for path in (LOGIN_DEFS, USERADD)}
        return {name: self._observation(name, value, texts[_file(name)]) for name, value in wanted.items()}

    def _observation(self, name: str, wanted: Value, text: str) -> Observation:
        """Every line that some program goes by must be right."""
        _express(name, wanted)
        path = _file(name)
        found = _in_force(name, _values(path, text, name))
        if not found:
            return Observation(None, path, f"no line of {path} sets {name}")
        wrong = [(number, value) for number, value in found if not self.satisfies(name, wanted, value)]
        number, value = (wrong or found)[-1]
        more = len(found) > 1 and wrong
        return Observation(value, f"{path}:{number}", f"{path}:{number} sets {name} to {value} once more" if more else "")

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        stricter = LIMITS.get(name) or MODES.get(name)
        if value is None or not stricter:
            return value is not None and super().satisfies(name, wanted, value)
        return stricter(wanted, value)


def _file(name: str) -> str:
    return USERADD if name == "INACTIVE" else LOGIN_DEFS


def _separator(path: str) -> str:
    return "=" if path == USERADD else r"[ \t]+"


def _line(path: str, name: str, value: str) -> str:
    return f"{name}={value}" if path == USERADD else f"{name}\t{value}"


def _values(path: str, text: str, name: str) -> list[tuple[int, str]]:
    """Each line that sets a name, as ``(number, value)``; useradd knows no quotes, and what follows a value belongs to it."""
    found = logical_lines.active(text, name, _separator(path))
    if path == LOGIN_DEFS:
        found = [(number, value.lstrip('" \t').partition('"')[0]) for number, value in found]
    return [(number, _decimal(value) if name in LIMITS else value) for number, value in found]


def _decimal(value: str) -> str:
    """A number as shadow reads it, with a nought in front in octal; else the text in quotes, which shadow ignores."""
    found = _NUMBER.fullmatch(value)
    return str(int(value, 8 if found["octal"] else 0)) if found else f'"{value}"'


def _in_force(name: str, found: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """The lines that programs go by."""
    return list(dict.fromkeys([found[0], found[-1]] if name in READ_BY_PAM else found[-1:])) if found else []


def _express(name: str, value: Value) -> None:
    """Raise BadSetting for what the files cannot say or the programs would not heed."""
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
        raise BadSetting(f"login_defs: {name} is not a name of login.defs(5)")
    if name in LEFT_TO_PAM:
        raise BadSetting(f"login_defs: {name} does nothing on a system with PAM; set it with the kind pam")
    if name in LIMITS and not re.fullmatch(r"-?\d+", str(value), re.A):
        raise BadSetting(f"login_defs: {name} is a number, not {value}")
    if name in MODES and not (isinstance(value, str) and re.fullmatch(r"0?[0-7]{3}", value)):
        raise BadSetting(f'login_defs: {name} is an octal mode in quotes such as "027", not {value}')
    if not str(value).strip(BLANKS) or set(str(value)) & set('"\n'):
        raise BadSetting(f"login_defs: {name} cannot be written as {value!r}")
