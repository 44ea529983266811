# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Somebody installed a desktop, which is now what the machine starts."""

from __future__ import annotations

import os

from ansible_collections.hygeia.golden.tests.tamper import file_edits

OURS = "/etc/systemd/system/default.target"


def tamper(root, unused_name, unused_wanted):
    if os.path.lexists(f"{root}{OURS}"):
        file_edits.remove(root, OURS)
    os.symlink("/usr/lib/systemd/system/graphical.target", f"{root}{OURS}")
