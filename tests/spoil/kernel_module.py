# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A vendor's file that modprobe reads first has the module loaded after all."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.spoil import hand

FIRST = "/etc/modprobe.d/0-vendor.conf"


def spoil(root, name, unused_wanted):
    hand.append(root, FIRST, f"install {name} /sbin/modprobe --ignore-install {name}")
