# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Our profiles for pam-auth-update(8), and what it would make of them.

It runs on a copy of its files, so that its result can be judged, and shown in
check mode, before anything is installed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.scratch import Scratch
from ansible_collections.hygeia.golden.plugins.module_utils.util.pending_files import PendingFiles
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of

DIRECTORY = "/usr/share/pam-configs"
SAVED = "/var/lib/pam"
PHASES = ("auth", "account", "password", "session", "session-noninteractive")
COMMON = tuple(f"/etc/pam.d/common-{phase}" for phase in PHASES)

# Before every module that asks for a password, after all of them, and once one was right. A wrong
# password falls through the primary modules down to authfail; a right one jumps over it.
FAILLOCK = {
    "hygeia-faillock-preauth": """\
Name: Refuse a locked account (hygeia.golden)
Default: no
Priority: 1024
Auth-Type: Primary
Auth:
\trequisite\tpam_faillock.so preauth
Account-Type: Primary
Account:
\trequired\tpam_faillock.so
""",
    "hygeia-faillock-authfail": """\
Name: Count wrong passwords (hygeia.golden)
Default: no
Priority: 0
Auth-Type: Primary
Auth:
\t[default=die]\tpam_faillock.so authfail
""",
    "hygeia-faillock-authsucc": """\
Name: Forget wrong passwords after a right one (hygeia.golden)
Default: no
Priority: 1024
Auth-Type: Additional
Auth:
\trequired\tpam_faillock.so authsucc
""",
}
PWHISTORY = "hygeia-pwhistory"
_PWHISTORY = """\
Name: Refuse former passwords (hygeia.golden)
Default: no
Priority: 1000
Password-Type: Primary
Password:
\trequisite\tpam_pwhistory.so use_authtok {arguments}
Password-Initial:
\trequisite\tpam_pwhistory.so {arguments}
"""
# After all others, so that its umask is the last.
UMASK = "hygeia-umask"
_UMASK = """\
Name: Give every session a umask (hygeia.golden)
Default: no
Priority: 0
Session-Type: Additional
Session:
\toptional\tpam_umask.so umask={umask}
"""

_DEBCONF = """\
Config: configdb
Templates: templatedb

Name: configdb
Driver: File
Mode: 600
Filename: {directory}/config.dat

Name: templatedb
Driver: File
Mode: 600
Filename: {directory}/templates.dat
"""


class EditedByHand(Exception):
    """pam-auth-update leaves files alone that somebody has changed beyond the options of modules."""


def pwhistory(options: Mapping[str, str]) -> str:
    """The profile for these options of pam_pwhistory."""
    # Which password it takes depends on what comes before it, so that is settled in the profile.
    options = {name: value for name, value in options.items() if name != "use_authtok" and value != "no"}
    words = (name if value == "yes" else f"{name}={value}" for name, value in sorted(options.items()))
    return _PWHISTORY.format(arguments=" ".join(words))


def pwhistory_options(text: str) -> dict[str, str]:
    """The options in the text that ``pwhistory`` made."""
    found = re.search(r"^Password-Initial:\n\S+\s+\S+ (.*)$", text.replace("\n\t", "\n"), re.M | re.A)
    words = words_of(found[1]) if found else []
    return {name: value or "yes" for name, unused_sign, value in (word.partition("=") for word in words)}


def umask(options: Mapping[str, str]) -> str:
    """The profile that gives every session a umask."""
    return _UMASK.format(umask=options["umask"])


def path(profile: str) -> str:
    return f"{DIRECTORY}/{profile}"


def updated(seen: PendingFiles[Host], enable: list[str], remove: list[str]) -> dict[str, str]:
    """What the files would be after ``pam-auth-update --enable ... --remove ...``, as ``{path: text}``."""
    host = seen.host
    program = host.which("pam-auth-update")
    if not program or "--root" not in (host.read(program) or ""):
        raise RuntimeError("this system has no pam-auth-update that knows --root (Debian 12 or newer)")
    kept = [f"{SAVED}/{name}" for name in (*PHASES, "seen")]
    with Scratch(host) as scratch:
        for source in [*seen.files(f"{DIRECTORY}/*"), *kept, *COMMON]:
            if seen.is_file(source):
                scratch.write(f"root{source}", seen.read(source) or "")
        debconf = scratch.write("debconf.conf", _DEBCONF.format(directory=scratch.path))
        os.makedirs(host.path(f"{scratch.path}/root{SAVED}"), exist_ok=True)
        options = (["--enable", *enable] if enable else []) + (["--remove", *remove] if remove else [])
        argv = ["env", f"DEBCONF_SYSTEMRC={debconf}", program, "--root", f"{scratch.path}/root", "--package", *options]
        ran = host.run(argv)
        if "Local modifications" in ran.err:
            raise EditedByHand(
                "pam-auth-update leaves /etc/pam.d/common-* alone, because somebody has edited them by hand; "
                "where that may be lost, run pam-auth-update --force once"
            )
        if not ran.ok:
            raise RuntimeError(f"pam-auth-update failed: {ran.error}")
        texts = {target: host.read(f"{scratch.path}/root{target}") for target in (*COMMON, *kept)}
        return {target: text for target, text in texts.items() if text is not None}
