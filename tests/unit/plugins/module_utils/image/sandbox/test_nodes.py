# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The words of mknod(2), as the kernel has them."""

from __future__ import annotations

import os
import struct
from types import SimpleNamespace

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import nodes, syscalls
from hypothesis import given, settings
from hypothesis import strategies as st

ADDRESS = 0x7F0000001000


def _asked(number, *arguments):
    return nodes._arguments(SimpleNamespace(number=number, arguments=[*arguments, 0, 0, 0][:6]))


@settings(derandomize=True, max_examples=300)
@given(st.integers(-4096, 4096), st.integers(0, 0xFFFF), st.integers(0, 0xFFF), st.integers(0, 0xFFFFF), st.integers(0, 0xFFFF))
def test_arguments(directory, mode, major, minor, rubbish):
    """A device's number is as in the kernel's kdev_t.h; the halves of the registers that it does not look at may hold anything."""
    number = (minor & 0xFF) | (major << 8) | ((minor & ~0xFF) << 12) | rubbish << 32
    register = struct.unpack("<I", struct.pack("<i", directory))[0] | rubbish << 32
    wanted = (ADDRESS, mode, os.makedev(major, minor))
    assert _asked(syscalls.MKNODAT[0], register, ADDRESS, mode | rubbish << 16, number) == (directory, *wanted)
    assert _asked(syscalls.MKNOD[0], ADDRESS, mode | rubbish << 16, number) == (-100, *wanted)
