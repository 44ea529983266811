# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The volume key of a LUKS container, which cryptsetup derives from the key of the site.

Neither of them is ever on a command line, in the environment or in a file: the one reaches cryptsetup as its standard input, the other
comes back on a pipe. The kernel then gets it from here (see mapper.py), so that no program of the build host looks for what is in it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError, run

# Deriving a key is made slow on purpose, and it is slower on a machine that emulates another.
LIMIT = 300
# What cryptsetup(8) ends with where no key slot opens.
_NO_KEY = 2
_DUMPED = re.compile(r"^(?:MK dump|Volume key(?: dump)?):\s*((?:[0-9a-f]{2}\s+)+)", re.M)
LONGEST = 8 << 20


def given(text: str | None, path: str | None) -> bytes | None:
    """The key of the site, from a variable or from a file of the build host; the end of a variable's line is none of it."""
    if text:
        return text.rstrip("\n").encode("utf-8", "surrogateescape")
    if not path:
        return None
    try:
        with open(path, "rb") as stream:
            found = stream.read(LONGEST + 1)
    except OSError as problem:
        raise ImageError(f"the key file {path} cannot be read on the build host: {problem.strerror}") from problem
    if not 0 < len(found) <= LONGEST:
        raise ImageError(f"the key file {path} is empty or longer than 8 MiB: name that of the template")
    return found


def volume_key(device: str, key: bytes, name: str) -> bytes:
    """The volume key of the container on a device, which is called ``name`` in sentences."""
    with _readable(key) as stdin:
        ran = run(["cryptsetup", "luksDump", "--batch-mode", "--dump-master-key", "--key-file", "-", device], limit=LIMIT, stdin=stdin)
    if ran.code == _NO_KEY:
        raise ImageError(f"{name} is encrypted with LUKS, and the key that was given opens none of its key slots: give the template's own")
    if ran.code == 127:
        raise ImageError(
            "the build host lacks cryptsetup, which opens what is encrypted with LUKS: install the Debian package cryptsetup-bin"
        )
    dumped = _DUMPED.search(ran.out)
    if not ran.ok or not dumped:
        raise ImageError(f"{name} is encrypted with LUKS and cannot be opened: {ran.error or 'cryptsetup printed no volume key'}")
    return bytes.fromhex(dumped[1])


@contextmanager
def _readable(content: bytes) -> Iterator[int]:
    """A descriptor that is read from its start; what it holds is in memory only."""
    handle = os.memfd_create("key")
    try:
        os.write(handle, content)
        os.lseek(handle, 0, os.SEEK_SET)
        yield handle
    finally:
        os.close(handle)
