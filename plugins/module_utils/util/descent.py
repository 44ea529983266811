# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Everything below a directory, however deep it is and whoever changes it meanwhile.

One directory is open at a time and names are looked up in it, so no path is too
long, no symbolic link is followed, and no stack runs out. A path is put together
only for who asks for it: those of a deep tree would fill the memory.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK


# PATH_MAX of Linux: a longer path no program can name, and it is shown as far as this.
LONGEST = 4096


@dataclass
class _Level:
    """A directory that the way leads through: the one above, its own name, which one it is, and the names in it still to come."""

    above: _Level | None
    name: str
    found: os.stat_result
    names: list[str]
    depth: int = 0
    known: str | None = None

    @property
    def way(self) -> Iterator[_Level]:
        """The levels from this one up to the top, which is none of them."""
        level = self
        while level.above:
            yield level
            level = level.above

    @property
    def path(self) -> str:
        """The path below the top, as far as anybody tells it."""
        if self.known is None:
            names, level = [], self
            while level.above and level.known is None:
                names.append(level.name)
                level = level.above
            whole = "/".join([level.known or "", *reversed(names)])
            self.known = whole if len(whole) <= LONGEST else f"{whole[:LONGEST]}/…"
        return self.known


@dataclass(frozen=True)
class Met:
    """An entry of ``directory``, a descriptor that is good until the next one; ``left`` says that all in it has been met."""

    directory: int
    level: _Level
    name: str
    found: os.stat_result
    left: bool = False

    @property
    def is_directory(self) -> bool:
        return stat.S_ISDIR(self.found.st_mode)

    @property
    def path(self) -> str:
        """The path below the top, as far as anybody tells it."""
        return f"{self.level.path}/{self.name}"

    @property
    def whole(self) -> str:
        """The path below the top, however long it is."""
        return "/".join(["", *reversed([level.name for level in self.level.way]), self.name])

    @property
    def depth(self) -> int:
        """How far below the top: an entry of the top has 1."""
        return self.level.depth + 1


def descend(
    top: int,
    enter: Callable[[Met], bool],
    unread: Callable[[str], object] | None = None,
    order: Callable[[str], Any] | None = None,
    untouched: Callable[[str], bool] | None = None,
) -> Iterator[Met]:
    """Yield a Met for each entry below the directory that ``top`` is a descriptor of, and one more for each directory left.

    ``enter(met)`` says which directories are looked into, ``unread(path)`` is called for those that cannot be, and ``order`` is a
    key by which the entries of the top are sorted. What ``untouched(path)`` says is not even looked at: a file server that does not
    answer holds up whoever asks for as much as the type of its mount point.
    """
    here = os.open(".", _DIRECTORY, dir_fd=top)
    levels = [_Level(None, "", os.fstat(here), sorted(os.listdir(here), key=order, reverse=True))]
    try:
        while levels:
            level = levels[-1]
            if level.names:
                met = _met(here, level, untouched)
                if met:
                    yield met
                if met and met.is_directory and enter(met):
                    here = _down(here, met, levels, unread)
                continue
            levels.pop()
            if levels:
                here, lost = _up(here, top, levels)
                if not lost:
                    yield Met(here, levels[-1], level.name, level.found, left=True)
    finally:
        os.close(here)


def _met(here: int, level: _Level, untouched: Callable[[str], bool] | None) -> Met | None:
    name = level.names.pop()
    if untouched and untouched(f"{level.path}/{name}"):
        return None
    try:
        found = os.stat(name, dir_fd=here, follow_symlinks=False)
    except OSError:
        return None  # it has just gone
    return Met(here, level, name, found)


def _down(here: int, met: Met, levels: list[_Level], unread: Callable[[str], object] | None) -> int:
    """The descriptor of an inner directory in place of the one that it lies in; of this one where there is no way in."""
    try:
        inner = os.open(met.name, _DIRECTORY, dir_fd=here)
    except FileNotFoundError:
        return here
    except OSError:
        if unread:
            unread(met.path)
        return here
    levels.append(_Level(met.level, met.name, os.fstat(inner), sorted(os.listdir(inner), reverse=True), met.depth))
    os.close(here)
    return inner


def _up(here: int, top: int, levels: list[_Level]) -> tuple[int, bool]:
    """The descriptor of the directory that the last level is, and whether the way had to be looked for."""
    try:
        outer = os.open("..", _DIRECTORY, dir_fd=here)
        if os.path.samestat(os.fstat(outer), levels[-1].found):
            os.close(here)
            return outer, False
        os.close(outer)
    except OSError:
        pass  # it has been removed
    os.close(here)
    return _again(top, levels), True


def _again(top: int, levels: list[_Level]) -> int:
    """Go down from the top as far as the directories are where they were; what has been moved away is given up."""
    here = os.open(".", _DIRECTORY, dir_fd=top)
    for number, level in enumerate(levels[1:], 1):
        try:
            inner = os.open(level.name, _DIRECTORY, dir_fd=here)
        except OSError:
            del levels[number:]
            break
        os.close(here)
        here = inner
        if not os.path.samestat(os.fstat(here), level.found):
            level.names.clear()  # another directory is there now; there is nothing more to be met in it
    return here
