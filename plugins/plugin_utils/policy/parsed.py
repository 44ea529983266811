# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The collection's own policy as an earlier task of the same run has parsed it.

Parsing a hundred YAML files takes longer than all that is then done with them.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.run_directory import run_directory

_NAME = "hygeia.golden.policy.jsonl"

# By path: time and size of the file, the lines of its items, its data; None before it was looked for.
_known: dict[str, list[Any]] | None = None
# What is to be kept, as texts: whoever gets the data may change it.
_new: dict[str, str] = {}


def recalled(path: str, time: int, size: int) -> tuple[Any, tuple[int, ...]] | None:
    """Data and lines of a file, unless it has changed."""
    global _known
    if _known is None:
        _known = _read()
    found = _known.pop(path, None)  # whoever gets the data may change it
    return (found[3], tuple(found[2])) if found and found[:2] == [time, size] else None


def remember(path: str, time: int, size: int, lines: tuple[int, ...], data: Any) -> None:
    _new[path] = json.dumps([path, [time, size, lines, data]])


def keep() -> None:
    """Write down what was parsed; of two tasks that do so at the same time one is enough."""
    place = _place()
    if not _new or not place:
        return
    with contextlib.suppress(OSError):
        handle, temporary = tempfile.mkstemp(dir=os.path.dirname(place), prefix=_NAME)
        with open(handle, "w", encoding="utf-8") as stream:
            others = [json.dumps(entry) for entry in _read().items() if entry[0] not in _new]
            stream.writelines(f"{text}\n" for text in [*others, *_new.values()])
        os.replace(temporary, place)
    _new.clear()


def _read() -> dict[str, list[Any]]:
    try:
        with open(_place(), encoding="utf-8") as stream:
            return dict(json.loads(line) for line in stream)
    except (OSError, ValueError, TypeError):
        return {}


def _place() -> str:
    directory = run_directory()
    return os.path.join(directory, _NAME) if directory else ""
