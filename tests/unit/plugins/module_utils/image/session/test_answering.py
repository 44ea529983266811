# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

import threading
from concurrent import futures

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.answering import Hangs, answered


def test_what_work_returns_or_raises_is_passed_on():
    assert answered(lambda: 7, 60) == 7
    with pytest.raises(OSError, match="gone"):
        answered(lambda: (_ for _ in ()).throw(OSError("gone")), 60)
    with pytest.raises(futures.TimeoutError):
        answered(lambda: (_ for _ in ()).throw(futures.TimeoutError()), 60)


def test_nobody_waits_longer_than_said():
    released = threading.Event()
    with pytest.raises(Hangs):
        answered(lambda: released.wait(60), 0.1)
    released.set()
