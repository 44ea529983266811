# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The PAM modules whose settings are known: their options, defaults and files, and which value is stricter."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Callable

from ansible_collections.hygeia.golden.plugins.module_utils.system.pam import stack as pam_stack
from ansible_collections.hygeia.golden.plugins.module_utils.util import logical_lines
from ansible_collections.hygeia.golden.plugins.module_utils.util.comparators import at_least, at_most, no_fewer_bits
from ansible_collections.hygeia.golden.plugins.module_utils.util.pending_files import Files

# Of the modules' own files: blanks, an equals sign, or both; what follows a number sign is a comment.
SEPARATOR = r"(?:[ \t]*=[ \t]*|[ \t]+)"
COMMENT = "#"


def same(wanted: object, value: object) -> bool:
    return str(wanted) == str(value)


def never_or_at_least(wanted: object, value: object) -> bool:
    """A time to wait, of which nought (or never) means for good."""
    return str(value) in ("0", "never") or at_least(wanted, value)


def credit(wanted: object, value: object) -> bool:
    """Below nought it is how many such characters a password must have."""
    return at_most(wanted, value, lowest=-1000)


def _some_at_most(wanted: object, value: object) -> bool:
    """Nought switches the check off."""
    return at_most(wanted, value) if int(str(wanted)) else True


@dataclass(frozen=True)
class Option:
    """``default`` is in force where nothing is set; ``satisfies`` compares."""

    default: str | None = None
    satisfies: Callable[[object, object], bool] = same

    @property
    def flag(self) -> bool:
        return self.default == "no"

    def accepts(self, value: str) -> bool:
        """Can this be a wanted value of the option?"""
        if self.flag:
            return value in ("yes", "no")
        return bool(value) and ("\n" not in value if self.satisfies is same else bool(re.fullmatch("-*[0-9]+", value)))


FLAG = Option("no")
TEXT = Option("")


@dataclass(frozen=True)
class Module:
    """``files`` hold settings in the order in which they are read, so that the last one wins; arguments beat them.

    With ``first`` it is the first line of its file that counts, with ``last`` its last rule in a stack.

    ``services`` are those whose stacks it belongs to, where these are not all of its phase.
    """

    name: str
    phase: str
    options: Mapping[str, Option]
    files: tuple[str, ...] = ()
    package: str = "libpam-modules | pam"
    in_force: Callable[[list[pam_stack.Rule]], bool] = field(default=lambda unused_rules: True)
    idle: str = ""
    services: tuple[str, ...] = ()
    first: bool = False
    last: bool = False


# The services that must be right, where there are such.
SERVICES = {"auth": ("login", "sshd", "su", "sudo"), "password": ("passwd",), "session": ("cron", "login", "sshd", "su", "sudo")}
HASHES = ("yescrypt", "gost_yescrypt", "blowfish", "sha512", "sha256", "bigcrypt", "md5")

MODULES = {
    "faillock": Module(
        "pam_faillock.so",
        "auth",
        {
            "audit": FLAG,
            "deny": Option("3", at_most),
            "even_deny_root": FLAG,
            "fail_interval": Option("900", at_least),
            "local_users_only": FLAG,
            "no_log_info": FLAG,
            "nodelay": FLAG,
            "silent": FLAG,
            "root_unlock_time": Option("600", never_or_at_least),
            "unlock_time": Option("600", never_or_at_least),
        },
        files=("/etc/security/faillock.conf",),
        in_force=pam_stack.counts_failures,
        idle="does not count wrong passwords with pam_faillock",
    ),
    "pwhistory": Module(
        "pam_pwhistory.so",
        "password",
        {"enforce_for_root": FLAG, "remember": Option("10", at_least), "retry": Option("1", at_most), "use_authtok": FLAG},
        files=("/etc/security/pwhistory.conf",),
        first=True,
        in_force=lambda rules: pam_stack.insists(rules, "pam_pwhistory.so"),
        idle="accepts a password that was used before",
    ),
    "pwquality": Module(
        "pam_pwquality.so",
        "password",
        {
            "badwords": TEXT,
            "dcredit": Option("0", credit),
            "dictcheck": Option("1", at_least),
            "dictpath": TEXT,
            "difok": Option("1", at_least),
            "enforce_for_root": FLAG,
            "enforcing": Option("1", at_least),
            "gecoscheck": Option("0", at_least),
            "lcredit": Option("0", credit),
            "local_users_only": FLAG,
            "maxclassrepeat": Option("0", _some_at_most),
            "maxrepeat": Option("0", _some_at_most),
            "maxsequence": Option("0", _some_at_most),
            "minclass": Option("0", at_least),
            "minlen": Option("8", at_least),
            "ocredit": Option("0", credit),
            "retry": Option("1", at_most),
            "ucredit": Option("0", credit),
            "usercheck": Option("1", at_least),
            "usersubstr": Option("0", at_least),
        },
        # The main file is read after the directory, so it has the last word.
        files=("/etc/security/pwquality.conf.d/*.conf", "/etc/security/pwquality.conf"),
        package="libpam-pwquality | libpwquality",
        in_force=lambda rules: pam_stack.insists(rules, "pam_pwquality.so"),
        idle="accepts a password that pam_pwquality rejects",
    ),
    # Without an argument it takes what login.defs says for users with a group of their own more loosely.
    "umask": Module(
        "pam_umask.so",
        "session",
        {"umask": Option("022", no_fewer_bits)},
        in_force=lambda rules: any(rule.module == "pam_umask.so" for rule in rules),
        idle="leaves sessions the umask of the program that begins them",
        last=True,
    ),
    "unix": Module("pam_unix.so", "auth", {"nullok": FLAG}),
    "unix.hash": Module("pam_unix.so", "password", {"hash": Option()}),
    # The password that was judged before it, and not one that it asks for itself.
    "unix.use_authtok": Module(
        "pam_unix.so",
        "password",
        {"use_authtok": FLAG},
        in_force=lambda rules: pam_stack.judged_before(rules, "pam_unix.so"),
        idle="sets new passwords that nothing has judged",
    ),
    # What pam_unix remembers is kept as MD5; pam_pwhistory does it better.
    "unix.remember": Module("pam_unix.so", "password", {"remember": FLAG}),
    "wheel": Module(
        "pam_wheel.so",
        "auth",
        {"group": TEXT, "use_uid": FLAG},
        in_force=lambda rules: pam_stack.insists(rules, "pam_wheel.so", "pam_rootok.so"),
        idle="lets everybody try to become root who knows the password",
        services=("su", "su-l"),
    ),
}


def configured(seen: Files, module: Module, option: str, files: Sequence[str] = ()) -> tuple[str, str] | None:
    """What the files of a module say of an option, as ``(value, place)``, or None."""
    paths = [path for pattern in files or module.files for path in seen.files(pattern)]
    found = [(value or "yes", f"{path}:{number}") for path in paths for number, value in stated(seen.read(path) or "", option)]
    return found[0 if module.first else -1] if found else None


def stated(text: str, option: str) -> list[tuple[int, str]]:
    """The lines of a module's file that set an option, as ``(line number, value)``."""
    return logical_lines.active(text, option, SEPARATOR, COMMENT)
