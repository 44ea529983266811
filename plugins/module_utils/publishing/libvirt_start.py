# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Starting a guest, and waiting until it writes a text to its serial console, such as the prompt for a login."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.publishing.libvirt_host import LibvirtError, found_or_none, libvirt

# What is looked at of a console at once; a guest may write without end.
_TAIL = 4096
# The seconds that closing a console may take.
_LEAVING = 10


def started(connection: Any, name: str, text: str, limit: float) -> float:
    """The seconds from the start to the text. Nothing that the guest wrote is returned."""
    domain = found_or_none(connection.lookupByName, name)
    if domain is None:
        raise LibvirtError(f"there is no domain {name} at {connection.getURI()}")
    if domain.isActive():
        raise LibvirtError(f"the domain {name} is running already")
    begun = time.monotonic()
    # A console that nobody has open keeps nothing, so it is open before the guest runs.
    domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    stream = connection.newStream(0)
    domain.openConsole(None, stream, 0)
    written: queue.Queue[bytes] = queue.Queue(maxsize=16)
    reader = threading.Thread(target=_read, args=(stream, written), daemon=True)
    reader.start()
    try:
        domain.resume()
        waited(
            written, text.encode(), begun + limit, f"the domain {name} did not write {text!r} to its serial console in {limit:g} seconds"
        )
        return time.monotonic() - begun
    finally:
        _leave(stream, reader, written)


def _leave(stream: Any, reader: threading.Thread, written: queue.Queue[bytes]) -> None:
    """Close the console, and see that nobody reads it any more: a connection that is still in use may not be closed."""
    with contextlib.suppress(libvirt.libvirtError):
        stream.abort()
    end = time.monotonic() + _LEAVING
    while reader.is_alive() and time.monotonic() < end:
        # The reader may wait for room to put what it has read.
        with contextlib.suppress(queue.Empty):
            written.get_nowait()
        reader.join(0.1)


def _read(stream: Any, written: queue.Queue[bytes]) -> None:
    """Pass on what arrives until the console closes, which is an empty piece."""
    piece = b" "
    while piece:
        try:
            piece = stream.recv(_TAIL)
        except libvirt.libvirtError:
            piece = b""
        written.put(piece)


def waited(written: queue.Queue[bytes], text: bytes, end: float, sentence: str) -> None:
    """Return when the text has arrived; fail with the sentence when the console closes or time is up."""
    tail = b""
    while text not in tail:
        try:
            piece = written.get(timeout=max(end - time.monotonic(), 0.001))
        except queue.Empty:
            piece = b""
        if not piece or time.monotonic() > end:
            raise LibvirtError(sentence)
        tail = (tail + piece)[-(_TAIL + len(text)) :]
