# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The menu asks for no password any more."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.spoil import hand


def spoil(root, unused_name, unused_wanted):
    hand.edit(root, "/boot/grub/grub.cfg", r"^\s*set superusers=.*$", "")
