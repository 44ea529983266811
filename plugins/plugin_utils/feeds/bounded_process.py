# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Work with bounds of time and memory, in a process of its own: whatever a feed does to it, the run goes on."""

from __future__ import annotations

import os
import resource
import signal
import warnings
from collections.abc import Callable
from typing import NoReturn

from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import FeedError

# The largest real feed takes a minute and 2 GiB.
SECONDS, MEMORY = 900, 4 * 2**30
_FETCH = "download it again"


def run(work: Callable[[], object], seconds: int | None = None, memory: int | None = None) -> None:
    """Do ``work`` with this much time and this much memory above what the process has; its FeedError is raised here."""
    seconds, memory = seconds or SECONDS, memory or MEMORY
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the child does nothing that another thread could hold up
        child = os.fork()
    if not child:
        _child(work, writer, seconds, memory)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as stream:
        said = stream.read()
    unused_pid, status = os.waitpid(child, 0)
    if said:
        raise FeedError(said)
    if os.WIFSIGNALED(status):
        slow = os.WTERMSIG(status) == signal.SIGALRM
        what = f"is not read within {seconds} seconds" if slow else f"ended its reader ({signal.Signals(os.WTERMSIG(status)).name})"
        raise FeedError(f"{what}, which no such feed does: {_FETCH}")


def _child(work: Callable[[], object], writer: int, seconds: int, memory: int) -> NoReturn:
    """Never returns; nothing of the parent is cleaned up here."""
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGALRM])
        signal.alarm(seconds)
        most = _size() + memory
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
        said = _said(work, memory)
        os.write(writer, said.encode("utf-8", "backslashreplace"))
    finally:
        os._exit(0)


def _said(work: Callable[[], object], memory: int) -> str:
    """What went wrong, or nothing."""
    try:
        work()
        return ""
    except FeedError as problem:
        return str(problem)
    except MemoryError:
        return f"needs more than {memory >> 20} MiB of memory, which no such feed does: {_FETCH}"
    except OSError as problem:
        return f"cannot be read or indexed ({problem.strerror or problem}): see that it is readable and that the cache has room"
    except Exception as problem:  # a fault in a parser is a fault of one feed
        return f"has something that its reader does not take ({type(problem).__name__}): {_FETCH}, or correct its kind"


def _size() -> int:
    """The bytes of addresses that this process has."""
    with open("/proc/self/statm", encoding="ascii") as stream:
        return int(stream.read().split()[0]) * resource.getpagesize()
