# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A later drop-in allows everybody more."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.tamper import file_edits


def tamper(root, name, unused_wanted):
    file_edits.append(root, "/etc/security/limits.d/zzz-vendor.conf", f"* {name} 4711")
