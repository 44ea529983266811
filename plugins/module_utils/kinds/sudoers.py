# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where sudoers(5) sets which default: every Defaults line of the main file and of those it includes.

``seen`` is an Altered: the files as they are, or as they would be.
"""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass

MAIN = "/etc/sudoers"

_DEFAULTS = re.compile(r"\s*Defaults(?:([@:!>]\s*[^\s,]+(?:\s*,\s*[^\s,]+)*))?\s+(.*)", re.S)
_OPTION = re.compile(r'(!*)\s*(\w+)\s*(?:[+-]?=\s*(?:"(?:\\.|[^"\\])*"|(?:\\.|[^\\",])*))?\s*(?:,|#|$)')
_INCLUDE = re.compile(r"\s*[@#](include|includedir)\s+(\S.*)")


@dataclass(frozen=True)
class Default:
    """One setting of one default; ``scope`` is empty when it holds for everybody."""

    place: str
    scope: str
    name: str


def defaults(seen, path=MAIN, depth=0):
    """Every assignment, in the order in which sudo reads them."""
    for number, line in _logical_lines(seen.read(path) or ""):
        include = _INCLUDE.match(line)
        if include:
            for included in _included(seen, path, include) if depth < 128 else ():
                yield from defaults(seen, included, depth + 1)
            continue
        match = _DEFAULTS.match(line)
        for option in _OPTION.finditer(match[2]) if match else ():
            yield Default(f"{path}:{number}", " ".join((match[1] or "").split()), option[2])


def files(seen, path=MAIN, depth=0):
    """Every file that sudo reads."""
    yield path
    for unused_number, line in _logical_lines(seen.read(path) or ""):
        include = _INCLUDE.match(line)
        for included in _included(seen, path, include) if include and depth < 128 else ():
            yield from files(seen, included, depth + 1)


def stage(seen, scratch):
    """A copy of the whole configuration, as ``{path of the copy: path that it stands for}``.

    The main file's copy is the first; line numbers stay, so that a complaint about a copy can be read.
    """
    originals = {}
    folders = []

    def copy(path, name):
        originals[f"{scratch.path}/{name}"] = path
        text = seen.read(path) or ""
        scratch.write(name, "".join(edited(path, line) for line in text.splitlines(keepends=True)))
        return f"{scratch.path}/{name}"

    def edited(path, line):
        include = _INCLUDE.match(line)
        found = _included(seen, path, include) if include else []
        if not found or len(folders) > 128:
            return line
        folders.append(path)
        folder = f"{len(folders)}"
        copies = [copy(included, f"{folder}/{os.path.basename(included)}") for included in found]
        target = copies[0] if include[1] == "include" else f"{scratch.path}/{folder}"
        return f"@{include[1]} {target}\n"

    copy(MAIN, "sudoers")
    return originals


def _included(seen, path, include):
    words = shlex.split(include[2], comments=True)
    target = os.path.join(os.path.dirname(path), words[0] if words else "").rstrip("/")
    if include[1] == "include":
        return [target] if seen.is_file(target) else []
    names = [os.path.basename(found) for found in seen.glob(f"{target}/*")]
    chosen = [name for name in names if "." not in name and not name.endswith("~")]
    return [f"{target}/{name}" for name in chosen if seen.is_file(f"{target}/{name}")]


def _logical_lines(text):
    """Lines with their continuations joined, as ``(number of the first, text)``; comments are gone."""
    whole, first = "", 0
    for number, line in enumerate(text.splitlines(), 1):
        first = first if whole else number
        whole += line
        if whole.endswith("\\"):
            whole = whole[:-1]
            continue
        if not re.match(r"\s*#(?!include)", whole):
            yield first, whole
        whole = ""
    if whole:
        yield first, whole
