# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Nobody is left to ask for the time, or chrony runs as root."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.tamper import file_edits

CONFIGURATION = "/etc/chrony/chrony.conf"


def tamper(root, name, unused_wanted):
    if name == "user":
        file_edits.append(root, CONFIGURATION, "user root")
    else:
        file_edits.edit(root, CONFIGURATION, r"^(server|pool|peer|refclock|sourcedir)\b", r"#\1")
