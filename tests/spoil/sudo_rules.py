# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Somebody adds a rule of a kind that nobody should have."""

from __future__ import annotations

import os

from ansible_collections.hygeia.golden.tests.spoil import hand

LAST = "/etc/sudoers.d/zzz-rules"
ELSEWHERE = "/opt/vendor/sudo.d/rules"
RULES = {
    "without_password": "vendor ALL=(root) NOPASSWD: /usr/bin/true",
    "unrestricted": "vendor ALL=(ALL) ALL",
    "everybody": "ALL ALL=(root) /usr/bin/true",
    "exclusions": "root ALL=(ALL) ALL, !/usr/bin/su",
}


def spoil(root, name, unused_wanted):
    if name == "folders":
        hand.write(root, ELSEWHERE, "# rules of a vendor\n")
        os.chmod(hand.place(root, ELSEWHERE), 0o440)
        hand.append(root, "/etc/sudoers", f"@includedir {os.path.dirname(ELSEWHERE)}")
    else:
        hand.append(root, LAST, RULES[name])
        os.chmod(hand.place(root, LAST), 0o440)
