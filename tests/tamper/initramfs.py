# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Somebody builds an initramfs with the drivers of one machine only."""

from __future__ import annotations

import glob

# An archive in the format newc with nothing but its last entry.
EMPTY = b"070701" + b"%08x" % 0 * 11 + b"%08x" % 11 + b"%08x" % 0 + b"TRAILER!!!\0" + bytes(3)


def tamper(root, unused_name, unused_wanted):
    for path in glob.glob(f"{root}/boot/initrd.img-*"):
        with open(path, "wb") as stream:
            stream.write(EMPTY)
