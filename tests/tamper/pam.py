# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Arguments and configuration files are edited as an administrator would who wants his peace."""

from __future__ import annotations

import glob
import re

from ansible_collections.hygeia.golden.tests.tamper import file_edits

AUTH = "/etc/pam.d/common-auth"
PASSWORD = "/etc/pam.d/common-password"
SESSIONS = ("/etc/pam.d/common-session", "/etc/pam.d/common-session-noninteractive")
SU = "/etc/pam.d/su"
FILES = {
    "faillock": "/etc/security/faillock.conf",
    "pwquality": "/etc/security/pwquality.conf",
    "pwhistory": "/etc/security/pwhistory.conf",
}
# Options of which more is looser; of all others nothing is.
MORE = ("deny", "retry")


def tamper(root, name, wanted):
    module, unused_dot, option = name.partition(".")
    if name == "unix.nullok":
        file_edits.edit(root, AUTH, r"(pam_unix\.so.*)$", r"\1 nullok")
    elif name == "unix.hash":
        file_edits.edit(root, PASSWORD, rf"(pam_unix\.so.*)\b{wanted}\b", r"\1md5")
    elif name == "pwquality.retry":
        file_edits.edit(root, PASSWORD, r"(pam_pwquality\.so.*)\bretry=\S+", r"\g<1>retry=100")
    elif name == "unix.remember":
        file_edits.edit(root, PASSWORD, r"(pam_unix\.so.*)$", r"\1 remember=5")
    elif name == "unix.use_authtok":
        file_edits.edit(root, PASSWORD, r"(pam_unix\.so.*?) use_authtok", r"\1")
    elif module == "wheel":
        file_edits.edit(root, SU, rf"(pam_wheel\.so.*?) {option}\S*", r"\1")
    elif name == "umask.umask":
        for path in SESSIONS:
            file_edits.append(root, path, "session optional pam_umask.so umask=022")
    elif wanted is True:
        _switch_off(root, module, option)
        if option == "even_deny_root":  # which the other implies
            _switch_off(root, module, "root_unlock_time")
    elif module == "pwhistory":
        file_edits.edit(root, PASSWORD, rf"(pam_pwhistory\.so.*)\b{option}=\S+", rf"\g<1>{option}=1")
    else:
        file_edits.append(root, FILES[module], f"{option} = {_loose(option, wanted)}")


def _loose(option, wanted):
    if option in MORE:
        return 100
    return 1 if option.endswith(("time", "interval")) else 0 if str(wanted) != "0" else 1


def _switch_off(root, module, option):
    """A flag has no opposite: it must go wherever it stands."""
    stacks = [path[len(root) :] for path in glob.glob(f"{root}/etc/pam.d/common-*")]
    for path in [path for path in stacks if f"pam_{module}.so" in file_edits.read(root, path)]:
        text = file_edits.read(root, path)
        file_edits.write(root, path, re.sub(rf"(pam_{module}\.so.*?) {option}(?=\s|$)", r"\1", text))
    for path in [FILES[module], *(found[len(root) :] for found in glob.glob(f"{root}{FILES[module]}.d/*.conf"))]:
        text = file_edits.read(root, path)
        if text:
            file_edits.write(root, path, re.sub(rf"^[ \t]*{option}\b.*$", f"# {option}", text, flags=re.M))
