# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Somebody lets everything in again, at the end of the file."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.tamper import file_edits


def tamper(root, unused_name, unused_wanted):
    file_edits.append(root, "/etc/nftables.conf", "flush ruleset")
