# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Work that serves several changes and is done with the first of them."""

from __future__ import annotations

from collections.abc import Callable


class Once:
    """Calls ``work`` the first time only; each call returns the problem that it met, or None."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work: Callable[[], object] | None = work
        self._problem: Exception | None = None

    def __call__(self) -> Exception | None:
        if self._work:
            work, self._work = self._work, None
            try:
                work()
            except Exception as problem:  # each change decides whether it is concerned
                self._problem = problem
        return self._problem
