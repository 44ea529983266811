# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A vendor's file that modprobe reads first has the module loaded after all."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.tamper import file_edits

FIRST = "/etc/modprobe.d/0-vendor.conf"


def tamper(root, name, unused_wanted):
    file_edits.append(root, FIRST, f"install {name} /sbin/modprobe --ignore-install {name}")
