# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A file that systemd-sysctl reads after all others sets another value."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.spoil import hand

LAST = "/etc/sysctl.d/zzz-vendor.conf"


def spoil(root, name, wanted):
    value = int(wanted) + 1 if str(wanted).isdigit() else "spoiled"
    hand.append(root, LAST, f"{name} = {value}")
