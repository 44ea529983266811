# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One more line, the last, is looser."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.tamper import file_edits

LOOSE = {
    "ENCRYPT_METHOD": "MD5",
    "HOME_MODE": "0777",
    "INACTIVE": -1,
    "LOGIN_RETRIES": 100,
    "LOGIN_TIMEOUT": 6000,
    "PASS_MAX_DAYS": 99999,
    "UMASK": "000",
}


def tamper(root, name, wanted):
    value = LOOSE.get(name, {"yes": "no", "no": "yes"}.get(str(wanted).lower(), 0))
    if name == "INACTIVE":
        file_edits.append(root, "/etc/default/useradd", f"{name}={value}")
    else:
        file_edits.append(root, "/etc/login.defs", f"{name}\t{value}")
