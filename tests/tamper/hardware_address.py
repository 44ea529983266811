# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An installer ties its profile to the network card that it found."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.tamper import file_edits

PROFILE = "[connection]\nid=ens3\ntype=ethernet\n\n[ethernet]\nmac-address=52:54:00:12:34:56\n\n[ipv4]\nmethod=auto\n"


def tamper(root, unused_name, unused_wanted):
    file_edits.write(root, "/etc/NetworkManager/system-connections/ens3.nmconnection", PROFILE)
