# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Somebody takes every word of a name out of the menu, or puts in what a platform does not want."""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.tests.tamper import file_edits

MENU = "/boot/grub/grub.cfg"
LAST = "/etc/default/grub.d/zzz-vendor.cfg"
KERNEL = r"^\s*linux\s.*"


def tamper(root, name, wanted):
    if wanted is False:
        file_edits.append(root, LAST, f'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX {name}"')
    else:
        file_edits.edit(root, MENU, KERNEL, lambda line: re.sub(rf" {re.escape(name)}=\S+", "", line[0]))
