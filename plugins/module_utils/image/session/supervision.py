# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the two programs share that end with all they have started: the supervisor of a session, and the guard of a booted guest."""

from __future__ import annotations

import ctypes
import json
import os
import signal
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.util import atomic

PR_SET_PDEATHSIG = 1
REQUESTED = "asked to end"


def wake_on_sigterm() -> int:
    """A descriptor that becomes readable when the signal comes."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing)
    signal.signal(signal.SIGTERM, lambda unused_number, unused_frame: None)
    return reading


def opened(process: dict[str, Any]) -> int:
    """A descriptor for a process that becomes readable when it ends; one that ended already is readable now."""
    try:
        return os.pidfd_open(process["pid"])
    except ProcessLookupError:
        return os.open("/dev/null", os.O_RDONLY)


def die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def note(directory: str, ending: dict[str, Any]) -> None:
    """Leave word in a directory for whoever asks how it ended."""
    atomic.write(os.path.join(directory, "ended.json"), json.dumps(ending))
