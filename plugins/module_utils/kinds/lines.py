# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Editing a file of one setting a line that has no drop-ins: as little as possible, comments stay."""

from __future__ import annotations

import re


def active(text, key, separator):
    """Every line that sets ``key``, as ``(line number, value)``."""
    pattern = re.compile(rf"[ \t]*{re.escape(key)}(?:{separator}(.*))?$")
    matches = ((number, pattern.match(line)) for number, line in enumerate(text.splitlines(), 1))
    return [(number, (match[1] or "").strip()) for number, match in matches if match]


def put(text, key, line, separator):
    """The text in which ``line`` alone sets ``key``: in place of its first line, of its commented example, or at the end."""
    lines = text.splitlines()
    numbers = [number - 1 for number, unused_value in active(text, key, separator)]
    if numbers:
        lines[numbers[0]] = line
        for number in reversed(numbers[1:]):
            del lines[number]
        return "\n".join(lines) + "\n"
    example = re.compile(rf"#[ \t]?{re.escape(key)}(?:{separator}\S+)?[ \t]*$")
    place = next((number for number, old in enumerate(lines) if example.match(old)), None)
    if place is None:
        lines.append(line)
    else:
        lines[place] = line
    return "\n".join(lines) + "\n"


def drop(text, key, separator):
    """The text in which every line that sets ``key`` is a comment."""
    numbers = {number for number, unused_value in active(text, key, separator)}
    return "".join(
        f"# {line}\n" if number in numbers else f"{line}\n" for number, line in enumerate(text.splitlines(), 1)
    )
