# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The main file, which apt reads after all others, says otherwise."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.tamper import file_edits

MAIN = "/etc/apt/apt.conf"
NO = ("false", "no", "0", "off")


def tamper(root, name, wanted):
    value = "false" if str(wanted).lower() not in NO else "true"
    file_edits.append(root, MAIN, f'{name} "{value}";')
