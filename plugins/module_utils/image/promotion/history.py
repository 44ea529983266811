# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The moves of a pointer: to which image, when, by whom and why.

NAME.history.jsonl lies beside the images, a hash chain (util/chain.py) with a
move a line, and lines are only ever added. A move is noted in .NAME.move before
the pointer moves and is taken into the history afterwards. So one that was
killed in between either happened and is recorded, or did not happen and is not.
"""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import time
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.names import QCOW2, SUFFIXES
from ansible_collections.hygeia.golden.plugins.module_utils.util import atomic, chain

PROMOTED, ROLLED_BACK = "promoted", "rolled_back"
SUFFIX = SUFFIXES[QCOW2]

# One line of the history: what was moved, from where to where, when, by whom and why.
Move = dict[str, Any]


def account() -> str:
    """The user that this process runs as."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


class History:
    """The history behind one pointer, which is a symbolic link ``NAME.qcow2``."""

    def __init__(self, pointer: str) -> None:
        self.pointer = pointer
        directory, name = os.path.dirname(pointer), os.path.basename(pointer)[: -len(SUFFIX)]
        self.path = os.path.join(directory, f"{name}.history.jsonl")
        self.noted = os.path.join(directory, f".{name}.move")

    # -- what it says -------------------------------------------------------

    def moves(self) -> list[Move]:
        """Every move, the oldest first; one that a killed run made and did not record is the last."""
        recorded = [move for move in map(_parsed, self._lines()) if move]
        unrecorded = self._unrecorded()
        return recorded + [unrecorded] if unrecorded and unrecorded not in recorded[-1:] else recorded

    def damaged(self) -> list[int]:
        """The numbers of the lines that cannot be read."""
        return [number for number, line in enumerate(self._lines(), 1) if not _parsed(line)]

    def head(self) -> dict[str, Any] | None:
        """The number of lines and the digest of the last one, by which anybody can tell later whether the history was changed."""
        last = chain.head(self.path)
        return {"path": self.path, "entries": last.entries, "sha256": last.sha256} if last else None

    def digest(self, image: str) -> str | None:
        """The SHA-256 that an image had when it was promoted, or None when that was never recorded."""
        known = {move["image"]: move["sha256"] for move in self.moves() if move["action"] == PROMOTED}
        return known.get(image)

    def digests(self, image: str) -> dict[str, str]:
        """The SHA-256 that each other file of an image had, by its key (names.py)."""
        known = {move["image"]: move.get("files") for move in self.moves() if move["action"] == PROMOTED}
        files = known.get(image)
        return files if isinstance(files, dict) else {}

    def gone_back_to(self) -> set[str]:
        """The images that somebody went back to."""
        return {move["image"] for move in self.moves() if move["action"] == ROLLED_BACK}

    # -- a move, in three steps ---------------------------------------------

    def note(self, **move: str | None) -> Move:
        """Say what is about to happen; returns the move."""
        move = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **move}
        atomic.write(self.noted, json.dumps(move, ensure_ascii=False) + "\n", 0o644)
        return move

    def settle(self) -> None:
        """Tell what was noted, if it happened."""
        move = self._unrecorded()
        if move and move not in map(_parsed, self._lines()[-1:]):
            self._add(move)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.noted)

    def _add(self, move: Move) -> None:
        chain.append(self.path, move)

    def _unrecorded(self) -> Move | None:
        """What was noted, if the pointer did move so."""
        with contextlib.suppress(OSError):
            with open(self.noted, encoding="utf-8") as stream:
                move = _parsed(stream.read())
            if move and os.readlink(self.pointer) == move["image"]:
                return move
        return None

    def _lines(self) -> list[str]:
        try:
            with open(self.path, encoding="utf-8", errors="replace") as stream:
                return [line for line in stream.read().split("\n") if line]
        except FileNotFoundError:
            return []


def _parsed(line: str) -> Move | None:
    """The move that a line tells, or None."""
    move = chain.entry(line)
    return move if move is not None and {"time", "action", "image", "sha256"} <= set(move) else None
