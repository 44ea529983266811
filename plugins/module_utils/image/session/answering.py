# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Work in a template's filesystems that ends in time, whatever their disk does: whoever waits for one that hangs cannot be ended.

Such a worker is left behind in the kernel, until the disk is cut off.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent import futures
from typing import TypeVar

T = TypeVar("T")


class Hangs(Exception):
    """The work did not end in time."""


def answered(work: Callable[[], T], seconds: float) -> T:
    """What ``work`` returns or raises."""
    answer: futures.Future[T] = futures.Future()
    threading.Thread(target=_work, args=(work, answer), daemon=True).start()
    try:
        return answer.result(seconds)
    except futures.TimeoutError:
        if answer.done():  # just so, or it raised the like itself
            return answer.result()
        raise Hangs from None


def _work(work: Callable[[], T], answer: futures.Future[T]) -> None:
    try:
        answer.set_result(work())
    except BaseException as problem:
        answer.set_exception(problem)
