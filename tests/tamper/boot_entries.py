# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An installer names the entries of the boot loader after the machine that it installs."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.tamper import file_edits

MACHINE = "0123456789abcdef0123456789abcdef"
ENTRY = "title Linux\nversion 6.12.0\nlinux /vmlinuz-6.12.0\ninitrd /initramfs-6.12.0.img\noptions root=/dev/mapper/rhel-root ro\n"


def tamper(root, unused_name, unused_wanted):
    file_edits.write(root, f"/boot/loader/entries/{MACHINE}-6.12.0.conf", ENTRY)
