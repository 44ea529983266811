# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A file that systemd-sysctl reads after all others sets another value."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.tamper import file_edits

LAST = "/etc/sysctl.d/zzz-vendor.conf"


def tamper(root, name, wanted):
    file_edits.append(root, LAST, f"{name} = {1 if str(wanted) == '0' else 0}")
