# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Does an SSH server answer where it should?"""

from __future__ import annotations

import socket
import time

from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of

_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def addresses(listen: str) -> list[tuple[str, int]]:
    """Where to knock, from the listenaddress values of ``sshd -T``, as ``[(address, port)]``."""
    pairs = (text.rpartition(":") for text in words_of(listen))
    bare = ((address.strip("[]"), int(port)) for address, unused_colon, port in pairs)
    return [(_LOOPBACK.get(address, address), port) for address, port in bare]


def any_answers(found: list[tuple[str, int]], patience: float = 0.0) -> bool:
    """Does one of the addresses send an SSH banner, within so many seconds?"""
    end = time.monotonic() + patience
    while True:
        if any(_answers(address) for address in found):
            return True
        if time.monotonic() >= end:
            return False
        time.sleep(0.1)


def _answers(address: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(address, timeout=2) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False
