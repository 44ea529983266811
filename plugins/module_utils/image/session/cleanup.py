# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The end of one session: its processes, devices, files and claim are put away, as its journal tells of them."""

from __future__ import annotations

import contextlib
import glob
import os
import signal
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import fuse_export
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion import image_store
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import mapper
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import control_groups, journal, locks
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.directory import erase
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import Process
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.settings import JOURNAL, PIDFILE
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError, run

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.image.session.state import SessionState


def clean_up(session: SessionState) -> None:
    """Put away what the journal says may exist. Every step has a time limit; nothing here needs the last to have worked."""
    limit = session.limits.teardown
    known = dict(session.journal)
    if known and session.state != "promoted":
        with contextlib.suppress(OSError):  # a full disk, which this is going to relieve
            session.journal.record(state="discarding")
    if session.supervisor:
        session.supervisor.stop(3 * limit)
    for process in map(Process.load, (known.get("guest"), known.get("sandbox"))):
        if process:
            process.signal(signal.SIGKILL)
            process.ended(limit)
    daemon = Process.load(known.get("daemon")) or fuse_export.found(session.path(PIDFILE))
    with contextlib.suppress(OSError):  # one in use goes when its mount goes
        mapper.remove_all(mapper.prefix_of(session.directory))
    _free_loops(session)
    fuse_export.stop(daemon, session.disks, limit)
    control_groups.remove(known.get("groups", []))
    stuck = _remove_unpromoted(session, known)
    for path in locks.files(known):
        locks.release(path, session.directory)
    try:
        if stuck:
            _set_aside(session, stuck)
        else:
            erase(session.directory)
    except OSError as problem:
        raise ImageError(f"the directory of the session {session.name} cannot be removed: {problem}") from problem
    session.journal = journal.Journal(session.directory)


def cut_off(session: SessionState) -> None:
    """Nobody wants what is in it any more: whoever waits for its disk gets an error now, and its processes need no time."""
    for disk in session.disks:
        fuse_export.abort(disk)
    for process in map(Process.load, map(session.journal.get, ("supervisor", "guest", "sandbox", "daemon"))):
        if process:
            process.signal(signal.SIGKILL)


def _free_loops(session: SessionState) -> None:
    """Detach the loop devices on our disks; in use, they go when their mount goes.

    Which they are is read from sysfs: to ask a loop device itself is to wait for the disk behind it, whosever that is.
    """
    for path in glob.glob("/sys/block/loop*/loop/backing_file"):
        with contextlib.suppress(OSError), open(path, encoding="utf-8", errors="surrogateescape") as stream:
            if stream.read().rstrip("\n").replace(" (deleted)", "") in session.disks:
                run(["losetup", "--detach", f"/dev/{path.split('/')[3]}"], session.limits.teardown)


def _remove_unpromoted(session: SessionState, known: Mapping[str, Any]) -> list[str]:
    """Remove what a promotion left beside the images, and complete the history; returns what could not be removed."""
    pointer, leftovers = known.get("pointer"), known.get("leftovers", [])
    if not pointer or not os.path.isdir(os.path.dirname(pointer)):
        return []
    try:
        image_store.tidy(pointer, leftovers, session.limits.teardown)
    except (ImageError, OSError) as problem:
        stuck = [leftover for leftover in leftovers if os.path.lexists(leftover)]
        session.warnings += [
            f"{leftover} cannot be removed ({getattr(problem, 'strerror', None) or problem}): a later run that opens a template tries again"
            for leftover in stuck
        ]
        return stuck
    return []


def _set_aside(session: SessionState, stuck: list[str]) -> None:
    """Only the word of what could not be removed stays, for a later run; the session's name is free again."""
    erase(session.directory, JOURNAL)
    left = journal.Journal(
        session.directory,
        state="discarding",
        step="left",
        since=time.time(),
        overlays=[],
        pointer=session.journal["pointer"],
        leftovers=stuck,
    )
    left.record()
    if not session.directory.endswith(".left"):
        os.rename(session.directory, session.beside("left"))
