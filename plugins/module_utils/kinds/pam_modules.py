# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The PAM modules whose settings are known: their options, defaults and files, and which value is stricter."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Callable

from ansible_collections.hygeia.golden.plugins.module_utils.kinds import lines, pam_stack
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.limits import at_least, at_most

SEPARATOR = r"[ \t]*=[ \t]*"


def same(wanted, value):
    return str(wanted) == str(value)


def never_or_at_least(wanted, value):
    """A time to wait, of which nought (or never) means for good."""
    return str(value) in ("0", "never") or at_least(wanted, value)


def credit(wanted, value):
    """Below nought it is how many such characters a password must have."""
    return at_most(wanted, value, lowest=-1000)


def _some_at_most(wanted, value):
    """Nought switches the check off."""
    return at_most(wanted, value) if int(wanted) else True


@dataclass(frozen=True)
class Option:
    """``default`` is in force where nothing is set; ``meets`` compares."""

    default: Any = None
    meets: Callable = same

    @property
    def flag(self):
        return self.default == "no"

    def accepts(self, value):
        """Can this be a wanted value of the option?"""
        if self.flag:
            return value in ("yes", "no")
        return bool(value) and ("\n" not in value if self.meets is same else value.lstrip("-").isdigit())


FLAG = Option("no")
TEXT = Option("")


@dataclass(frozen=True)
class Module:
    """``files`` hold settings in the order in which they are read, so that the last one wins; arguments beat them.

    ``services`` are those whose stacks it belongs to, where these are not all of its phase.
    """

    name: str
    phase: str
    options: dict
    files: tuple = ()
    package: str = "libpam-modules | pam"
    in_force: Callable = field(default=lambda unused_rules: True)
    idle: str = ""
    services: tuple = ()


# The services that must be right, where there are such.
SERVICES = {"auth": ("login", "sshd", "su", "sudo"), "password": ("passwd",)}
HASHES = ("yescrypt", "gost_yescrypt", "blowfish", "sha512", "sha256", "bigcrypt", "md5")

MODULES = {
    "faillock": Module(
        "pam_faillock.so", "auth",
        {
            "audit": FLAG, "deny": Option("3", at_most), "even_deny_root": FLAG, "fail_interval": Option("900", at_least),
            "local_users_only": FLAG, "no_log_info": FLAG, "nodelay": FLAG, "silent": FLAG,
            "root_unlock_time": Option("600", never_or_at_least), "unlock_time": Option("600", never_or_at_least),
        },
        files=("/etc/security/faillock.conf",),
        in_force=pam_stack.counts_failures,
        idle="does not count wrong passwords with pam_faillock",
    ),
    "pwhistory": Module(
        "pam_pwhistory.so", "password",
        {"enforce_for_root": FLAG, "remember": Option("10", at_least), "retry": Option("1", at_most), "use_authtok": FLAG},
        files=("/etc/security/pwhistory.conf",),
        in_force=lambda rules: pam_stack.insists(rules, "pam_pwhistory.so"),
        idle="accepts a password that was used before",
    ),
    "pwquality": Module(
        "pam_pwquality.so", "password",
        {
            "badwords": TEXT, "dcredit": Option("0", credit), "dictcheck": Option("1", at_least), "dictpath": TEXT,
            "difok": Option("1", at_least), "enforce_for_root": FLAG, "enforcing": Option("1", at_least),
            "gecoscheck": Option("0", at_least), "lcredit": Option("0", credit), "local_users_only": FLAG,
            "maxclassrepeat": Option("0", _some_at_most), "maxrepeat": Option("0", _some_at_most),
            "maxsequence": Option("0", _some_at_most), "minclass": Option("0", at_least), "minlen": Option("8", at_least),
            "ocredit": Option("0", credit), "retry": Option("1", at_most), "ucredit": Option("0", credit),
            "usercheck": Option("1", at_least), "usersubstr": Option("0", at_least),
        },
        # The main file is read after the folder, so it has the last word.
        files=("/etc/security/pwquality.conf.d/*.conf", "/etc/security/pwquality.conf"),
        package="libpam-pwquality | libpwquality",
        in_force=lambda rules: pam_stack.insists(rules, "pam_pwquality.so"),
        idle="accepts a password that pam_pwquality rejects",
    ),
    "unix": Module("pam_unix.so", "auth", {"nullok": FLAG}),
    "unix.hash": Module("pam_unix.so", "password", {"hash": Option()}),
    # The password that was judged before it, and not one that it asks for itself.
    "unix.use_authtok": Module(
        "pam_unix.so", "password", {"use_authtok": FLAG},
        in_force=lambda rules: pam_stack.judged_before(rules, "pam_unix.so"),
        idle="sets new passwords that nothing has judged",
    ),
    # What pam_unix remembers is kept as MD5; pam_pwhistory does it better.
    "unix.remember": Module("pam_unix.so", "password", {"remember": FLAG}),
    "wheel": Module(
        "pam_wheel.so", "auth", {"group": TEXT, "use_uid": FLAG},
        in_force=lambda rules: pam_stack.insists(rules, "pam_wheel.so", "pam_rootok.so"),
        idle="lets everybody try to become root who knows the password",
        services=("su", "su-l"),
    ),
}


def configured(seen, files, option):
    """What files say of an option, as ``(value, place)``, or None."""
    found = None
    for path in (path for pattern in files for path in seen.glob(pattern)):
        for number, value in lines.active(seen.read(path) or "", option, SEPARATOR):
            found = (value.partition("#")[0].strip() or "yes", f"{path}:{number}")
    return found
