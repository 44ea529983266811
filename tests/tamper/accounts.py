# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An account or a group is added, a password set or a home opened, as somebody in a hurry does it by file_edits."""

from __future__ import annotations

import os

from ansible_collections.hygeia.golden.tests.tamper import file_edits

PASSWD, SHADOW, GROUP, GSHADOW, SHELLS = "/etc/passwd", "/etc/shadow", "/etc/group", "/etc/gshadow", "/etc/shells"
HASH = "$y$j9T$0123456789abcdefghijk0$0123456789abcdefghijklmnopqrstuvwxyz0123456"
# A person with a home who breaks one rule, by what is odd about his password: hash, last change, least, most, warning, inactive.
AGED = {
    "password_max_days": (HASH, 19000, 1, 99999, 7, 30),
    "password_min_days": (HASH, 19000, 0, 365, 7, 30),
    "password_warn_days": (HASH, 19000, 1, 365, 0, 30),
    "password_inactive_days": (HASH, 19000, 1, 365, 7, ""),
    "password_hashes": ("$1$abcdefgh$0123456789abcdefghijkl", 19000, 1, 365, 7, 30),
    "empty_passwords": ("", 19000, 1, 365, 7, 30),
    "future_passwords": ("!", 99999, 1, 365, 7, 30),
    "unlocked_without_shell": (HASH, 19000, 1, 365, 7, 30),
}
DOT_FILES = {"open_dot_files": (".vendorrc", 0o660), "readable_secrets": (".netrc", 0o644), "forwarding_dot_files": (".forward", 0o600)}


def alone(name, unused_wanted):
    """Does it break other rules about accounts too?"""
    return name in ("duplicate_user_names", "superusers", "root_groups", "malformed_lines", "foreign_homes", "root_login")


def tamper(root, name, wanted):
    if name in AGED:
        _person(root, name, AGED[name], shell="/usr/sbin/nologin" if name == "unlocked_without_shell" else "/bin/bash")
    elif name == "endless_accounts":
        file_edits.append(root, SHADOW, f"{wanted[0].replace('*', 'scanner')}:!:19000:1:365:7:30::")
    elif name in DOT_FILES:
        path, mode = DOT_FILES[name]
        file_edits.write(root, f"/root/{path}", "left behind\n")
        os.chmod(file_edits.place(root, f"/root/{path}"), mode)
    elif name == "foreign_dot_files":
        file_edits.write(root, "/root/.agentrc", "left behind\n")
        os.chown(file_edits.place(root, "/root/.agentrc"), 65534, 65534)
    elif name.startswith("members."):
        group = name.partition(".")[2]
        file_edits.edit(root, GROUP, rf"^({group}:.*)$", r"\1nobody")
    else:
        TAMPERING[name](root, wanted)


def _person(root, name, password, number=None, home="", shell="/bin/bash"):
    """An account with everything in order but what its rule is about."""
    number = number if number is not None else 2000 + len(file_edits.read(root, PASSWD).splitlines())
    login = name.replace("_", "-")[:31]
    home = home or f"/home/{login}"
    os.makedirs(file_edits.place(root, home), mode=0o750, exist_ok=True)
    os.chown(file_edits.place(root, home), number, 100)
    file_edits.append(root, PASSWD, f"{login}:x:{number}:100::{home}:{shell}")
    file_edits.append(root, SHADOW, ":".join([login, *map(str, password), "", ""]))


def _account(number=4999, group=65534, home="/nonexistent", shell="/usr/sbin/nologin", password="x"):
    """A line of passwd, with one of shadow beside it where its password should be."""

    def add(root, unused_wanted):
        login = f"vendor{len(file_edits.read(root, PASSWD).splitlines())}"
        file_edits.append(root, PASSWD, f"{login}:{password}:{number}:{group}::{home}:{shell}")
        file_edits.append(root, SHADOW, f"{login}:!:19000:0:99999:7:::")

    return add


def _line(path, line):
    return lambda root, unused_wanted: file_edits.append(root, path, line)


def _with_home(number, home, mode):
    def add(root, unused_wanted):
        _person(root, f"agent{number}", ("!", 19000, 1, 365, 7, 30), number, home=home)
        os.chmod(file_edits.place(root, home), mode)

    return add


def _root_password(root, wanted):
    file_edits.edit(root, SHADOW, r"^root:[^:]*:", "root::" if "password" in wanted else f"root:{HASH}:")


TAMPERING = {
    "duplicate_user_names": _line(PASSWD, "daemon:x:4990:65534::/nonexistent:/usr/sbin/nologin"),
    "duplicate_user_ids": _account(number=1),
    "duplicate_group_names": _line(GROUP, "daemon:x:4991:"),
    "duplicate_group_ids": _line(GROUP, "clone:x:1:"),
    "superusers": _account(number=0),
    "root_group_accounts": _account(number=4992, group=0),
    "root_groups": _line(GROUP, "wheel0:x:0:"),
    "unknown_groups": _account(number=4993, group=4711),
    "malformed_lines": _line(PASSWD, "+::::::"),
    "system_accounts_with_shell": _with_home(number=399, home="/var/lib/vendor", mode=0o750),
    "unlisted_shells": _account(number=4995, shell="/opt/vendor/shell"),
    "nologin_shells": _line(SHELLS, "/usr/sbin/nologin"),
    "unshadowed": _account(number=4996, password="*"),
    "group_passwords": lambda root, wanted: file_edits.edit(root, GSHADOW, r"^daemon:[^:]*:", f"daemon:{HASH}:"),
    "missing_homes": _account(number=4997, home="/home/nowhere", shell="/bin/bash"),
    "foreign_homes": _account(number=4998, home="/root", shell="/bin/bash"),
    "home_mode": _with_home(number=4989, home="/srv/vendor", mode=0o755),
    "root_path": _line("/root/.profile", "PATH=$PATH:/opt/vendor/bin"),
    "root_umask": _line("/root/.profile", "umask 022"),
    "root_login": _root_password,
}
