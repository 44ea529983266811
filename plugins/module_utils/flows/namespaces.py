# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Network namespaces without a name: one lasts while this process has it open, so none outlives a kill."""

from __future__ import annotations

import contextlib
import ctypes
import os
from collections.abc import Iterator

CLONE_NEWNET = 0x40000000
OWN = "/proc/self/ns/net"

_libc = ctypes.CDLL(None, use_errno=True)


class Namespace:
    """A network namespace, held by an open file."""

    def __init__(self, handle: int) -> None:
        self.handle = handle

    @classmethod
    def own(cls) -> Namespace:
        return cls(os.open(OWN, os.O_RDONLY | os.O_CLOEXEC))

    @classmethod
    @contextlib.contextmanager
    def fresh(cls) -> Iterator[Namespace]:
        """A new namespace with nothing in it; the process stays where it was."""
        here = cls.own()
        try:
            _checked(_libc.unshare(CLONE_NEWNET))
            try:
                made = cls.own()
            finally:
                here.join()
        finally:
            here.close()
        try:
            yield made
        finally:
            made.close()

    @property
    def path(self) -> str:
        """A name of it for a child that the handle is passed to."""
        return f"/proc/self/fd/{self.handle}"

    def join(self) -> None:
        _checked(_libc.setns(self.handle, CLONE_NEWNET))

    def close(self) -> None:
        os.close(self.handle)

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """What is opened and started meanwhile belongs to this namespace, and stays so afterwards."""
        before = Namespace.own()
        try:
            self.join()
            try:
                yield
            finally:
                before.join()
        finally:
            before.close()


def _checked(code: int) -> None:
    if code != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"a network namespace cannot be made or entered: {os.strerror(number)}")
