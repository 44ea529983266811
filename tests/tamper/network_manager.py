# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A package brings a network of systemd-networkd's along, which knows no better or passes packets on."""

from __future__ import annotations

import os

from ansible_collections.hygeia.golden.tests.tamper import file_edits

LINES = {"router_advertisements": "DHCP=yes", "forwarding": "IPv6AcceptRA=no\nIPForward=yes"}
WANTS = "/etc/systemd/system/multi-user.target.wants"
UNIT = "/lib/systemd/system/systemd-networkd.service"


def tamper(root, name, unused_wanted):
    file_edits.write(root, f"/etc/systemd/network/90-{name}.network", f"[Match]\nName=vendor*\n\n[Network]\n{LINES[name]}\n")
    link = f"{file_edits.place(root, WANTS)}/{os.path.basename(UNIT)}"
    if not os.path.lexists(link):
        os.makedirs(os.path.dirname(link), exist_ok=True)
        os.symlink(UNIT, link)
