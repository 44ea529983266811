# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may work: one opener a source, one action a session, one reaper a build host, one mover a folder of images.

What must end with the process that holds it is an flock(2), which the kernel
lets go of. A claim on a source outlives processes, since a session does; it
counts for as long as the session's folder is there.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os

from ansible_collections.hygeia.golden.plugins.module_utils.image import journal
from ansible_collections.hygeia.golden.plugins.module_utils.image.processes import wait_until
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError

RUN = "/run/hygeia"


@contextlib.contextmanager
def mutex(limit=120):
    """Only one process of the build host at a time claims and reaps."""
    os.makedirs(RUN, mode=0o700, exist_ok=True)
    with _locked(os.path.join(RUN, "mutex"), limit) as got:
        if not got:
            raise ImageError(f"another process has been opening templates on this build host for {limit} s; try again later")
        yield


@contextlib.contextmanager
def action(folder, limit=0):
    """Only one process at a time acts on a session; yields whether this one may."""
    with _locked(os.path.join(folder, "lock"), limit) as got:
        yield got


@contextlib.contextmanager
def shelf(folder, limit=120):
    """Only one process of the build host at a time moves pointers in a folder of images, or removes images there."""
    os.makedirs(os.path.join(RUN, "shelves"), mode=0o700, exist_ok=True)
    stat = os.stat(folder)
    with _locked(os.path.join(RUN, "shelves", f"{stat.st_dev:x}-{stat.st_ino:x}"), limit) as got:
        if not got:
            raise ImageError(f"another process has been moving a pointer in {folder} for {limit} s; try again later")
        yield


@contextlib.contextmanager
def _locked(path, limit):
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield wait_until(lambda: _try(handle), limit)
    finally:
        os.close(handle)


def _try(handle):
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def holder(source):
    """The folder of the session that has claimed a source, or None."""
    try:
        with open(_claim(source), encoding="utf-8") as stream:
            claimed = json.load(stream)
    except (FileNotFoundError, ValueError):
        return None
    known = journal.load(claimed["folder"]) or {}
    return claimed["folder"] if known.get("source", {}).get("path") == claimed["source"] else None


def claim(source, folder):
    """Note that the session in ``folder`` works on ``source``; call it within ``mutex``."""
    os.makedirs(os.path.join(RUN, "sources"), mode=0o700, exist_ok=True)
    journal.replace(_claim(source), json.dumps({"folder": folder, "source": source}) + "\n")


def release(source, folder):
    """Let go of a claim, if it is this session's."""
    try:
        path = _claim(source)
        with open(path, encoding="utf-8") as stream:
            if json.load(stream)["folder"] == folder:
                os.unlink(path)
    except (FileNotFoundError, ValueError):
        pass


def _claim(source):
    """A file named after the disk and inode, so that another name of the same file is the same source."""
    stat = os.stat(source)
    return os.path.join(RUN, "sources", f"{stat.st_dev:x}-{stat.st_ino:x}.json")
