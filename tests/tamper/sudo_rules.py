# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Somebody adds a rule of a kind that nobody should have."""

from __future__ import annotations

import os

from ansible_collections.hygeia.golden.tests.tamper import file_edits

LAST = "/etc/sudoers.d/zzz-rules"
ELSEWHERE = "/opt/vendor/sudo.d/rules"
RULES = {
    "without_password": "vendor ALL=(root) NOPASSWD: /usr/bin/true",
    "unrestricted": "vendor ALL=(ALL) ALL",
    "everybody": "ALL ALL=(root) /usr/bin/true",
    "exclusions": "root ALL=(ALL) ALL, !/usr/bin/su",
}


def tamper(root, name, unused_wanted):
    if name == "directories":
        file_edits.write(root, ELSEWHERE, "# rules of a vendor\n")
        os.chmod(file_edits.place(root, ELSEWHERE), 0o440)
        file_edits.append(root, "/etc/sudoers", f"@includedir {os.path.dirname(ELSEWHERE)}")
    else:
        file_edits.append(root, LAST, RULES[name])
        os.chmod(file_edits.place(root, LAST), 0o440)
