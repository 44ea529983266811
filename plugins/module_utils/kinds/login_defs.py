# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Defaults for accounts, as ``{PASS_MAX_DAYS: 365}``: login.defs(5), and INACTIVE of useradd(8).

Neither file has drop-ins, so their lines are edited in place; what a site has
set more strictly than wanted stays.
"""

from __future__ import annotations

import os
import re

from ansible_collections.hygeia.golden.plugins.module_utils.kinds import lines
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import BadSetting, Kind, Observation, Plan
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.limits import at_least, at_most, no_fewer_bits, no_more_bits

LOGIN_DEFS = "/etc/login.defs"
USERADD = "/etc/default/useradd"

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

# Names that shadow accepts and leaves to PAM, so that their values do nothing.
LEFT_TO_PAM = frozenset(
    "CHFN_AUTH CHSH_AUTH CRACKLIB_DICTPATH ENVIRON_FILE ENV_HZ ENV_TZ FAILLOG_ENAB ISSUE_FILE LASTLOG_ENAB LOGIN_STRING"
    " MAIL_CHECK_ENAB MOTD_FILE NOLOGINS_FILE OBSCURE_CHECKS_ENAB PASS_ALWAYS_WARN PASS_CHANGE_TRIES PASS_MAX_LEN"
    " PASS_MIN_LEN PORTTIME_CHECKS_ENAB QUOTAS_ENAB SU_WHEEL_ONLY ULIMIT".split()
)


class LoginDefs(Kind):
    name = "login_defs"

    def absent(self):
        return "" if self.host.exists(LOGIN_DEFS) else f"there is no {LOGIN_DEFS}"

    def plan(self, wanted, partial=False):
        changes = []
        for path in (LOGIN_DEFS, USERADD):
            content = before = self.host.read(path) or ""
            edited = []
            for name in sorted(name for name in wanted if _file(name) == path):
                _express(name, wanted[name])
                found = [value for unused_number, value in _values(path, before, name)]
                if not found or not all(self.meets(name, wanted[name], value) for value in found):
                    content = lines.put(content, name, _line(path, name, self.plain(wanted[name])), _separator(path))
                    edited.append(name)
            if edited:
                changes += self.install(path, content, edited, self._mode(path))
        return Plan(changes)

    def observe(self, wanted):
        texts = {path: self.host.read(path) or "" for path in (LOGIN_DEFS, USERADD)}
        return {name: self._observation(name, value, texts[_file(name)]) for name, value in wanted.items()}

    def _observation(self, name, wanted, text):
        """Shadow takes the last line and PAM's modules the first, so each must be right."""
        _express(name, wanted)
        path = _file(name)
        found = _values(path, text, name)
        if not found:
            return Observation(None, path, f"no line of {path} sets {name}")
        wrong = [(number, value) for number, value in found if not self.meets(name, wanted, value)]
        number, value = (wrong or found)[-1]
        more = len(found) > 1 and wrong
        return Observation(value, f"{path}:{number}", f"{path}:{number} sets {name} to {value} once more" if more else "")

    def meets(self, name, wanted, value):
        stricter = LIMITS.get(name) or MODES.get(name)
        if value is None or not stricter:
            return value is not None and super().meets(name, wanted, value)
        return stricter(wanted, value)

    def _mode(self, path):
        return os.stat(self.host.path(path)).st_mode & 0o7777 if self.host.exists(path) else 0o644


def _file(name):
    return USERADD if name == "INACTIVE" else LOGIN_DEFS


def _separator(path):
    return "=" if path == USERADD else r"[ \t]+"


def _line(path, name, value):
    return f"{name}={value}" if path == USERADD else f"{name}\t{value}"


def _values(path, text, name):
    """Each line that sets a name, as ``(number, value)``; what follows a value on its line belongs to it."""
    return [(number, value.lstrip('"').partition('"')[0]) for number, value in lines.active(text, name, _separator(path))]


def _express(name, value):
    """Raise BadSetting for what the files cannot say or the programs would not heed."""
    if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name):
        raise BadSetting(f"login_defs: {name} is no name of login.defs(5)")
    if name in LEFT_TO_PAM:
        raise BadSetting(f"login_defs: {name} does nothing on a system with PAM; set it with the kind pam")
    if name in LIMITS and not re.fullmatch(r"-?\d+", str(value)):
        raise BadSetting(f"login_defs: {name} is a number, not {value}")
    if name in MODES and not (isinstance(value, str) and re.fullmatch(r"0?[0-7]{3}", value)):
        raise BadSetting(f'login_defs: {name} is an octal mode in quotes such as "027", not {value}')
    if not str(value).strip() or set(str(value)) & set('"\n'):
        raise BadSetting(f"login_defs: {name} cannot be written as {value!r}")
