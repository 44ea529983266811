# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A file that is included defines the group once more, or has a rule for the file, with a weak sum."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.tamper import file_edits


def tamper(root, name, unused_wanted):
    file_edits.append(root, "/etc/aide/aide.conf.d/99_site", f"{name} md5" if name.startswith("/") else f"{name} = md5")
