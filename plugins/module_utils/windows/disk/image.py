# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A disk image as Bytes: the storage daemon of QEMU reads its format and shows it on a socket, as long as this process lives.

Nothing is mounted, root is not needed, and the image is opened read-only. The protocol is that of the Network Block Device.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.inspection import Disk
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import PACKAGES, which
from ansible_collections.hygeia.golden.plugins.module_utils.windows.errors import Unreadable
from ansible_collections.hygeia.golden.plugins.module_utils.windows.reading import RawFile, require_inside

_DAEMON, _EXPORT = "qemu-storage-daemon", "disk"
_PR_SET_PDEATHSIG = 1
# How long the daemon may take to begin, and to answer, in seconds.
_BEGIN, _ANSWER = 30, 120
_NEGOTIATION, _OPTION, _REQUEST, _REPLY = b"NBDMAGIC", b"IHAVEOPT", 0x25609513, 0x67446698
_FIXED, _NO_ZEROES, _NAME = 1, 2, 1
_READ, _END = 0, 2
# How much one request may ask for.
_LARGEST = 4 << 20


@contextlib.contextmanager
def opened(disk: Disk) -> Iterator[RawFile | Remote]:
    """A disk that was inspected, for as long as the caller needs it."""
    if disk.packed:
        raise Unreadable(f"{disk.path} is compressed as a whole ({disk.packed}), and is read where it lies: unpack it first")
    if disk.node == {"driver": "raw", "file": {"driver": "file", "filename": disk.path}}:
        raw = RawFile(disk.path)
        try:
            yield raw
        finally:
            raw.close()
        return
    with _daemon(disk) as path:
        remote = Remote(path, disk.path)
        try:
            yield remote
        finally:
            remote.close()


@contextlib.contextmanager
def _daemon(disk: Disk) -> Iterator[str]:
    program = which(_DAEMON)
    if program is None:
        raise Unreadable(f"the build host lacks {_DAEMON}: install the Debian package {PACKAGES[_DAEMON]}")
    with tempfile.TemporaryDirectory(prefix="hygeia-") as directory:
        path = os.path.join(directory, "socket")
        log = os.path.join(directory, "log")
        with open(log, "wb") as errors:
            running = subprocess.Popen(
                [program, *_arguments(disk.node, path)], stdin=subprocess.DEVNULL, stdout=errors, stderr=errors, preexec_fn=_end_with_parent
            )
        try:
            _await(running, path, log, disk.path)
            yield path
        finally:
            running.kill()
            running.wait()


def _arguments(node: dict[str, Any], path: str) -> list[str]:
    layers = {**node, "node-name": "image", "read-only": True, "file": {**node["file"], "read-only": True}}
    return [
        "--blockdev",
        json.dumps(layers),
        "--nbd-server",
        f"addr.type=unix,addr.path={path}",
        "--export",
        f"type=nbd,id={_EXPORT},node-name=image,name={_EXPORT},writable=off",
    ]


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _await(running: subprocess.Popen[bytes], path: str, log: str, name: str) -> None:
    """Wait until the daemon listens."""
    end = time.monotonic() + _BEGIN
    while not os.path.exists(path):
        if running.poll() is not None or time.monotonic() > end:
            with open(log, encoding="utf-8", errors="replace") as stream:
                said = stream.read(4096).strip().splitlines()
            raise Unreadable(f"{name} cannot be shown by {_DAEMON}: {said[-1] if said else 'it did not begin'}")
        time.sleep(0.005)


class Remote:
    """What the daemon shows."""

    def __init__(self, path: str, name: str) -> None:
        self.name = name
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_ANSWER)
        self._socket.connect(path)
        self._number = 0
        self.size = self._begin()

    def _begin(self) -> int:
        """The handshake; the size of the disk."""
        magic, option, flags = struct.unpack(">8s8sH", self._received(18))
        if (magic, option) != (_NEGOTIATION, _OPTION) or not flags & _FIXED:
            raise self._broken()
        self._socket.sendall(struct.pack(">I", flags & (_FIXED | _NO_ZEROES)))
        name = _EXPORT.encode()
        self._socket.sendall(struct.pack(">8sII", _OPTION, _NAME, len(name)) + name)
        (size,) = struct.unpack(">Q", self._received(8))
        self._received(2 if flags & _NO_ZEROES else 126)
        return int(size)

    def read(self, at: int, count: int) -> bytes:
        require_inside(self, at, count)
        return b"".join(self._piece(at + done, min(_LARGEST, count - done)) for done in range(0, count, _LARGEST))

    def _piece(self, at: int, count: int) -> bytes:
        self._number += 1
        try:
            self._socket.sendall(struct.pack(">IHHQQI", _REQUEST, 0, _READ, self._number, at, count))
            magic, error, number = struct.unpack(">IIQ", self._received(16))
            if magic != _REPLY or number != self._number:
                raise self._broken()
            if error:
                raise Unreadable(f"{self.name} cannot be read at {at}: {os.strerror(error)}")
            return self._received(count)
        except OSError as problem:
            raise self._broken() from problem

    def _received(self, count: int) -> bytes:
        found = bytearray()
        while len(found) < count:
            more = self._socket.recv(count - len(found))
            if not more:
                raise self._broken()
            found += more
        return bytes(found)

    def _broken(self) -> Unreadable:
        return Unreadable(f"{self.name} cannot be read any further, {_DAEMON} gives no answer: try again, and check its file with qemu-img")

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.sendall(struct.pack(">IHHQQI", _REQUEST, 0, _END, 0, 0, 0))
        self._socket.close()
