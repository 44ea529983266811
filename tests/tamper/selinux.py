# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One more line, the last, says otherwise."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.tamper import file_edits

LINES = {"state": "SELINUX=disabled", "policy": "SELINUXTYPE=minimum"}


def tamper(root, name, unused_wanted):
    file_edits.append(root, "/etc/selinux/config", LINES[name])
