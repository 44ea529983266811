# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import queue
import time

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.publishing.libvirt_host import LibvirtError
from ansible_collections.hygeia.golden.plugins.module_utils.publishing.libvirt_start import waited


def console(*pieces):
    written = queue.Queue()
    for piece in pieces:
        written.put(piece)
    return written


def wait(written, limit=5.0):
    waited(written, b"login:", time.monotonic() + limit, "it did not start")


def test_the_text_may_arrive_in_pieces_after_much_else():
    wait(console(b"x" * 100_000, b"web lo", b"gin: "))


@pytest.mark.parametrize("pieces", [(b"no such ", b"prompt", b""), (b"",), (b"log", b"in", b"")])
def test_a_console_that_closes_without_it_is_no_start(pieces):
    with pytest.raises(LibvirtError, match="it did not start"):
        wait(console(*pieces))


def test_a_guest_that_is_silent_is_not_waited_for_for_ever():
    begun = time.monotonic()
    with pytest.raises(LibvirtError, match="it did not start"):
        wait(console(b"booting"), 0.05)
    assert time.monotonic() - begun < 4
