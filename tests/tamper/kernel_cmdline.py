# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Somebody takes the word out of the menu at its source, or lets another one follow it."""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.tests.tamper import file_edits

MENU = "/boot/grub/grub.cfg"
LAST = "/etc/default/grub.d/zzz-vendor.cfg"


def tamper(root, name, wanted):
    if wanted is False:
        file_edits.append(root, LAST, f'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX {name}"')
    elif isinstance(wanted, dict):
        file_edits.append(root, LAST, f'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX {name}={wanted["never"][0]}"')
    elif wanted is True:
        file_edits.edit(root, MENU, rf"^(\s*linux\s.*) {re.escape(name)}(?=\s|$)", r"\1")
    else:
        other = 0 if str(wanted) != "0" else 1
        file_edits.append(root, LAST, f'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX {name}={other}"')
