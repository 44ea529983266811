# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may work: one opener a source, one action a session, one reaper a build host, one mover a directory of images.

What must end with the process that holds it is a lock of a file, which the kernel
lets go of. A claim on a source outlives processes, since a session does; it
counts for as long as the session's directory is there.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.session import journal, shared_lock
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.util import atomic, file_lock

RUN = "/run/hygeia"


@contextlib.contextmanager
def mutex(limit: float = 120) -> Iterator[None]:
    """Only one process of the build host at a time claims and reaps."""
    os.makedirs(RUN, mode=0o700, exist_ok=True)
    with _locked(os.path.join(RUN, "mutex"), limit) as got:
        if not got:
            raise ImageError(f"another process has been opening templates on this build host for {limit} s; try again later")
        yield


@contextlib.contextmanager
def action(directory: str, limit: float = 0) -> Iterator[bool]:
    """Only one process at a time acts on a session; yields whether this one may."""
    with _locked(os.path.join(directory, "lock"), limit) as got:
        yield got


@contextlib.contextmanager
def image_store(directory: str, limit: float = 120) -> Iterator[None]:
    """Only one process at a time moves pointers in a directory of images or removes images there, on all build hosts that share it."""
    os.makedirs(os.path.join(RUN, "image-stores"), mode=0o700, exist_ok=True)
    stat = os.stat(directory)
    with _locked(os.path.join(RUN, "image-stores", f"{stat.st_dev:x}-{stat.st_ino:x}"), limit) as first:
        with shared_lock.held(directory, limit) if first else contextlib.nullcontext(False) as got:
            if not got:
                raise ImageError(f"another process has been moving a pointer in {directory} for {limit} s; try again later")
            yield


@contextlib.contextmanager
def _locked(path: str, limit: float) -> Iterator[bool]:
    with contextlib.ExitStack() as held:
        got = True
        try:
            held.enter_context(file_lock.held(path, limit))
        except TimeoutError:
            got = False
        except OSError as problem:
            raise ImageError(
                f"{path} cannot be opened ({problem.strerror}), and without it the users of the directory cannot be determined"
            ) from problem
        yield got


def holder(source: str) -> str | None:
    """The directory of the session that has claimed a source, or None; one whose journal is damaged may still work on it."""
    claimed = _claimed(source)
    if claimed is None:
        return None
    try:
        known = journal.load(claimed["directory"]) or {}
    except journal.Damaged:
        return claimed["directory"]
    return claimed["directory"] if claimed["source"] in files(known) else None


def files(known: Mapping[str, Any]) -> list[str]:
    """All files of the source that a journal tells of."""
    source = known.get("source")
    disks = [source, *source.get("disks", [])] if source else []
    return list(dict.fromkeys(path for disk in disks for path in (disk["path"], *disk.get("parts", []))))


def claim(source: str, directory: str) -> None:
    """Note that the session in ``directory`` works on ``source``; call it within ``mutex``."""
    os.makedirs(os.path.join(RUN, "sources"), mode=0o700, exist_ok=True)
    atomic.write(_claim(source), json.dumps({"directory": directory, "source": source}) + "\n")


def release(source: str, directory: str) -> None:
    """Let go of a claim, if it is this session's."""
    if (_claimed(source) or {}).get("directory") == directory:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(_claim(source))


def _claimed(source: str) -> dict[str, str] | None:
    """What a claim says, or None when there is none, or none that anybody could have made."""
    try:
        with open(_claim(source), encoding="utf-8") as stream:
            claimed = json.load(stream)
    except (OSError, ValueError):
        return None
    texts = isinstance(claimed, dict) and all(isinstance(claimed.get(name), str) for name in ("directory", "source"))
    return claimed if texts else None


def _claim(source: str) -> str:
    """A file named after the disk and inode, so that another name of the same file is the same source."""
    stat = os.stat(source)
    return os.path.join(RUN, "sources", f"{stat.st_dev:x}-{stat.st_ino:x}.json")
