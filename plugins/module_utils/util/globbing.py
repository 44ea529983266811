# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Patterns of the shell, matched inside of a system (glob(7)): a leading dot is matched by a dot only."""

from __future__ import annotations

import fnmatch
import os
from typing import Protocol


class Rooted(Protocol):
    """What knows where the paths of a system lie."""

    def path(self, path: str) -> str:
        """Where a path lies, links followed."""

    def entry(self, path: str) -> str:
        """Where a path lies, its last component as it is."""


def is_pattern(name: str) -> bool:
    """Does a name stand for several?"""
    return any(sign in name for sign in "*?[")


def matching(host: Rooted, pattern: str) -> list[str]:
    """The paths that match; a directory that is a link is entered where it leads inside of the system."""
    found = [""]
    parts = [part for part in pattern.split("/") if part]
    for number, part in enumerate(parts):
        if is_pattern(part):
            found = [f"{directory}/{name}" for directory in found for name in _names(host, directory or "/") if _matches(name, part)]
        elif number == len(parts) - 1:
            found = [f"{directory}/{part}" for directory in found if os.path.lexists(_place(host, directory, part))]
        else:
            found = [f"{directory}/{part}" for directory in found]
    return found


def _names(host: Rooted, directory: str) -> list[str]:
    try:
        return os.listdir(host.path(directory))
    except OSError:
        return []  # no directory, or a link without an end


def _place(host: Rooted, directory: str, name: str) -> str:
    try:
        return host.entry(f"{directory}/{name}")
    except OSError:
        return ""


def _matches(name: str, pattern: str) -> bool:
    return fnmatch.fnmatchcase(name, pattern) and (pattern.startswith(".") or not name.startswith("."))
