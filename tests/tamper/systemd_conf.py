# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A drop-in that is read after all others says otherwise."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.tamper import file_edits

SECTIONS = {
    "coredump": "Coredump",
    "journal-upload": "Upload",
    "journald": "Journal",
    "logind": "Login",
    "resolved": "Resolve",
    "system": "Manager",
    "timesyncd": "Time",
    "user": "Manager",
}
OTHERS = {"yes": "no", "no": "yes", "true": "no", "false": "yes", "persistent": "volatile", "none": "external", "0": "1"}


def tamper(root, name, wanted):
    program, unused_dot, option = name.partition(".")
    value = OTHERS.get(str(wanted).lower(), "0")
    file_edits.append(root, f"/etc/systemd/{program}.conf.d/zzz-vendor.conf", f"[{SECTIONS[program]}]\n{option}={value}")
