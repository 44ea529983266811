# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The key of an encrypted template, typed on the serial console of its guest whenever that asks for it."""

from __future__ import annotations

import re
import socket

from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import console as boot_console
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError

# As cryptsetup-initramfs, systemd-ask-password(1) and GRUB ask: they show nothing of what is typed.
_ASKED = re.compile(r"(?:^|\W)(?:unlock disk|passphrase for) .*:", re.I)
# Whoever asks more often does not take the key.
_MOST = 8


class Typist:
    """Looks at the console's log and types into ``keyboard``, a socket of qemu's."""

    def __init__(self, key: bytes, log: str, keyboard: str) -> None:
        self._key, self._log, self._keyboard = _typeable(key), log, keyboard
        self._answered = 0

    def look(self) -> None:
        """Answer what was asked since the last time."""
        asked = sum(1 for line in boot_console.lines(self._log) if _ASKED.search(line))
        if self._answered < asked <= _MOST:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(10)
                connection.connect(self._keyboard)
                connection.sendall(self._key + b"\n")
            self._answered = asked


def _typeable(key: bytes) -> bytes:
    if not re.fullmatch(rb"[\x20-\x7e]+", key):
        raise ImageError(
            "the LUKS key is not one line of printable characters, so that nobody can type it at a boot: add a passphrase to the template with "
            "'cryptsetup luksAddKey' and give that"
        )
    return key
