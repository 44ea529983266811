# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plain edits of a system's files from outside, never through a link that leads out of it."""

from __future__ import annotations

import os
import re


def place(root, path):
    """Where a path of the system lies below ``root``; links are followed as the system itself would."""
    done, parts = root, [part for part in path.split("/") if part]
    while parts:
        part = parts.pop(0)
        here = os.path.dirname(done) if part == ".." and done != root else os.path.join(done, part)
        if os.path.islink(here):
            target = os.readlink(here)
            done = root if target.startswith("/") else done
            parts = [piece for piece in target.split("/") if piece not in ("", ".")] + parts
        else:
            done = here
    return done


def read(root, path):
    """The text of a file, empty when there is none."""
    try:
        with open(place(root, path), encoding="utf-8", errors="surrogateescape", newline="") as stream:
            return stream.read()
    except FileNotFoundError:
        return ""


def write(root, path, text):
    """Write a file; one that is there keeps its owner and mode."""
    target = place(root, path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with open(target, "w", encoding="utf-8", errors="surrogateescape", newline="") as stream:
        stream.write(text)


def append(root, path, line):
    """Add a line to a file, which is made when there is none."""
    text = read(root, path)
    write(root, path, text + ("" if not text or text.endswith("\n") else "\n") + line + "\n")


def prepend(root, path, line):
    """Put a line before everything that a file says."""
    write(root, path, f"{line}\n{read(root, path)}")


def edit(root, path, pattern, new):
    """Replace every match of a pattern in a file; there must be one."""
    text, times = re.subn(pattern, new, read(root, path), flags=re.M)
    if not times:
        raise LookupError(f"{path} has nothing like {pattern}")
    write(root, path, text)


def remove(root, path):
    """Remove a file or a link itself."""
    parent, name = os.path.split(path)
    os.unlink(os.path.join(place(root, parent), name))
