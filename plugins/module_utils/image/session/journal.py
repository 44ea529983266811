# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A session's journal: what may exist because of it, written down before it exists."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Callable
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.names import is_key
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.settings import JOURNAL
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.util import atomic

# No journal is nearly as long.
SIZE = 1 << 20


class Damaged(ImageError):
    """A journal that is there and cannot be understood, so that nobody knows what may be about."""

    def __init__(self, path: str, why: str) -> None:
        super().__init__(f"{path} {why}, so that nothing is known of this session: end what still runs of it, and remove its directory")


def load(directory: str) -> dict[str, Any] | None:
    """What the journal in ``directory`` says, or None when there is none."""
    path = os.path.join(directory, JOURNAL)
    try:
        entries = json.loads(_read(path))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as problem:
        raise Damaged(path, f"cannot be read ({problem.strerror})") from problem
    except (ValueError, RecursionError) as problem:
        raise Damaged(path, "is damaged") from problem
    if not _shaped(entries):
        raise Damaged(path, "is no journal")
    return entries


def _read(path: str) -> bytes:
    """The bytes of a small regular file; whatever else lies there neither blocks nor fills the memory."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(handle, "rb") as stream:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, "not a file")
        text = stream.read(SIZE + 1)
    if len(text) > SIZE:
        raise ValueError("too long")
    return text


def _shaped(entries: Any) -> bool:
    """Is this what a journal looks like, as far as anybody acts on it?"""
    return (
        isinstance(entries, dict)
        and isinstance(entries.get("state"), str)
        and all(known(entries[name]) for name, known in _SHAPES.items() if name in entries)
    )


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_process(value: Any) -> bool:
    return value is None or (
        isinstance(value, dict)
        and set(value) == {"pid", "start", "boot"}
        and isinstance(value["pid"], int)
        and _is_text(value["start"])
        and _is_text(value["boot"])
    )


def _is_source(value: Any) -> bool:
    """A disk of the template by its files; the first one has the further ones."""
    return (
        isinstance(value, dict)
        and _is_text(value.get("path"))
        and _are_texts(value.get("parts", []))
        and isinstance(value.get("disks", []), list)
        and all(_is_source(disk) and "disks" not in disk for disk in value.get("disks", []))
    )


def _are_nodes(value: Any) -> bool:
    return isinstance(value, list) and all(node == {} or _is_node(node) for node in value)


def _is_node(value: Any) -> bool:
    """How qemu opens a disk: a driver over another, or over a file."""
    return isinstance(value, dict) and _is_text(value.get("driver")) and ("file" not in value or _is_node(value["file"]))


def _is_staged(value: Any) -> bool:
    if not (isinstance(value, dict) and _is_text(value.get("partial")) and _is_file(value)):
        return False
    files = value.get("files", {})
    return isinstance(files, dict) and all(map(_is_file, files.values())) and all(map(is_key, files))


def _is_file(value: Any) -> bool:
    """A file that was written, by its digest and identity."""
    return (
        isinstance(value, dict)
        and _is_text(value.get("sha256"))
        and isinstance(value.get("identity"), list)
        and len(value["identity"]) == 4
        and all(map(_is_number, value["identity"]))
    )


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, value))


def _are_canaries(value: Any) -> bool:
    return isinstance(value, dict) and _is_text(value.get("seed")) and _are_texts(value.get("planted")) and _are_texts(value.get("missing"))


_SHAPES: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("step", "version", "pointer"), _is_text),
    **dict.fromkeys(("since", "lease"), _is_number),
    **dict.fromkeys(("owner", "opener", "supervisor", "sandbox", "daemon", "guest"), _is_process),
    "source": _is_source,
    "nodes": _are_nodes,
    "staged": _is_staged,
    "canaries": _are_canaries,
    **dict.fromkeys(("leftovers", "groups", "overlays"), _are_texts),
}


class Journal(dict[str, Any]):
    """The journal of one session, on disk whenever it has changed."""

    def __init__(self, directory: str, **entries: Any) -> None:
        super().__init__(**entries)
        self.directory = directory

    def record(self, **entries: Any) -> None:
        """Add or replace entries, and return when that would survive a power cut."""
        self.update(entries)
        atomic.write(os.path.join(self.directory, JOURNAL), json.dumps(self, indent=2) + "\n")
