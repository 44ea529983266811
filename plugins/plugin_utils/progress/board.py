# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lines at the bottom of a terminal that are drawn again in place, while other output passes above them."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

# Seconds between two drawings.
PERIOD = 0.5


class Board:
    """Draws what ``lines(width, height)`` returns, twice a second."""

    def __init__(self, stream: TextIO, lines: Callable[[int, int], list[str]]) -> None:
        self._stream = stream
        self._lines = lines
        self._lock = threading.RLock()
        self._drawn = 0
        self._ended = threading.Event()
        self._process = os.getpid()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None:
            self._ended.clear()
            self._thread = threading.Thread(target=self._draw_until_ended, daemon=True, name="progress")
            self._thread.start()

    def stop(self) -> None:
        """Take the lines away, and draw no more."""
        if self._thread is not None:
            self._ended.set()
            self._thread.join()
            self._thread = None
        with self._lock:
            self._erase()

    @contextmanager
    def hidden(self) -> Iterator[None]:
        """Something else is printed where the lines are.

        Ansible forks a process per task. There, the lock may be held by a thread that was not forked, and nothing was drawn.
        """
        if os.getpid() != self._process:
            yield
            return
        with self._lock:
            self._erase()
            yield
            if self._thread is not None:
                self._draw()

    def wrapped(self, display: Callable[..., Any]) -> Callable[..., Any]:
        """A function of Ansible that prints, above the lines."""

        def above(*arguments: Any, **options: Any) -> Any:
            with self.hidden():
                return display(*arguments, **options)

        return above

    def _draw_until_ended(self) -> None:
        while not self._ended.wait(PERIOD):
            with self._lock:
                self._erase()
                self._draw()

    def _erase(self) -> None:
        if self._drawn:
            self._write(f"\x1b[{self._drawn}A\x1b[J")
            self._drawn = 0

    def _draw(self) -> None:
        width, height = shutil.get_terminal_size()
        lines = self._lines(width, height - 2)
        self._write("".join(line + "\n" for line in lines))
        self._drawn = len(lines)

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except OSError:
            # The terminal is gone; the run goes on.
            self._ended.set()
