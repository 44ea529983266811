# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A file of /etc/profile.d has the first word where that is final, and the last word elsewhere."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.tamper import file_edits

FIRST = "/etc/profile.d/00-site.sh"
LAST = "/etc/profile.d/zzz-site.sh"


def tamper(root, name, unused_wanted):
    if name == "umask":
        file_edits.append(root, LAST, "umask 000")
    else:
        file_edits.append(root, FIRST, f"{name}=36000; readonly {name}")
