# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Assignments as a shell and systemd read them, such as those of /etc/default; options in a value are listed one by one."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.agents.entries import Assignment, NotUnderstood
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, words_of

# A word may be of several parts; what would run something or lead somewhere else is none of them.
_SKIPPED = re.compile(r"(?:[ \t]|\\\n)+|#[^\n]*")
_PART = re.compile(r"""'(?P<single>[^']*)'|"(?P<double>(?:\\.|[^"\\])*)"|\\(?P<escaped>.)|(?P<plain>[^\s'"\\;&|<>()]+)""", re.S | re.A)
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.S)


def environment(text: str) -> Iterator[Assignment]:
    for words, line in _commands(text):
        if words[0] == "export" and len(words) > 1:
            words = words[1:]
        for word in words:
            found = _ASSIGNMENT.fullmatch(word)
            if not found:
                raise NotUnderstood(line)
            yield found[1], found[2], line
            if found[2].lstrip(BLANKS).startswith("-"):
                yield from ((f"{found[1]}.option.{name}", value, line) for name, value in options(words_of(found[2])))


def _commands(text: str) -> Iterator[tuple[list[str], int]]:
    """The words of each line that says something, and its number."""
    at, line, began = 0, 1, 1
    words: list[str] = []
    while at < len(text):
        if text[at] == "\n":
            if words:
                yield words, began
            at, line, words = at + 1, line + 1, []
            continue
        skipped = _SKIPPED.match(text, at)
        if skipped:
            line += skipped[0].count("\n")
            at = skipped.end()
            continue
        began = began if words else line
        word, end = _word(text, at, line)
        words.append(word)
        line += text.count("\n", at, end)
        at = end
    if words:
        yield words, began


def _word(text: str, at: int, line: int) -> tuple[str, int]:
    """One word, and where it ends."""
    parts = []
    while at < len(text) and text[at] not in " \t\n":
        found = _PART.match(text, at)
        if not found or (found["plain"] and (re.search(r"(?:^|[=:])~", found["plain"]) or not found["plain"].isprintable())):
            raise NotUnderstood(line)
        if found["double"] is not None:
            parts.append(re.sub(r'\\([$`"\\\n])', lambda sign: "" if sign[1] == "\n" else sign[1], found["double"]))
        elif found["escaped"] == "\n":
            pass
        else:
            parts.append(next(part for part in (found["single"], found["escaped"], found["plain"]) if part is not None))
        at = found.end()
    return "".join(parts), at


def options(words: list[str]) -> Iterator[tuple[str, str]]:
    """The options of a command line as ``(name, value)``; an option without a value has an empty one."""
    for number, word in enumerate(words):
        if not word.startswith("-") or not word.strip("-"):
            continue
        name, assigned, value = word.lstrip("-").partition("=")
        following = words[number + 1] if number + 1 < len(words) else ""
        yield name, value if assigned else "" if following.startswith("-") else following
