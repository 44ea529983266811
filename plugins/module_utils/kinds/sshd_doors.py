# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Does an SSH server answer where it should?"""

from __future__ import annotations

import socket
import time

_LOOPBACK = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def doors(addresses):
    """Where to knock, from the listenaddress values of ``sshd -T``, as ``[(address, port)]``."""
    pairs = (text.rpartition(":") for text in addresses.split())
    bare = ((address.strip("[]"), int(port)) for address, unused_colon, port in pairs)
    return [(_LOOPBACK.get(address, address), port) for address, port in bare]


def any_answers(found, patience=0.0):
    """Does one of the doors send an SSH banner, within so many seconds?"""
    end = time.monotonic() + patience
    while True:
        if any(_answers(door) for door in found):
            return True
        if time.monotonic() >= end:
            return False
        time.sleep(0.1)


def _answers(door):
    try:
        with socket.create_connection(door, timeout=2) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False
