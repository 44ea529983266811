# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The files by which libvirt's daemons are configured, such as qemu.conf: names with numbers, texts and lists of texts.

Passwords of consoles stand there too, and are not kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Union

Value = Union[int, str, list[str]]

_TOKEN = re.compile(
    r"(?P<gap>[ \t\r]+|#[^\n]*)|(?P<end>\n|;)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)|(?P<number>-?[0-9]+)"
    r'|"""(?P<long>.*?)"""|"(?P<double>[^"\n]*)"|\'(?P<single>[^\'\n]*)\'|(?P<sign>[=,\[\]])',
    re.S,
)
# Sorts of tokens that are texts.
_TEXTS = ("long", "double", "single")


class BadSettings(Exception):
    """Why a file is not read, as the end of a sentence that begins with its name."""


def settings(text: str) -> dict[str, Value]:
    """The settings of a file; of one that is there twice the last, as libvirt has it."""
    tokens = _Tokens(text)
    found: dict[str, Value] = {}
    while tokens.here != "":
        if tokens.here == "end":
            tokens.take("end")
            continue
        name = tokens.take("name")
        tokens.take("sign", "=")
        found[name] = _value(tokens)
    return {name: value for name, value in found.items() if "password" not in name}


class _Tokens:
    """Words of the file, one after another; ``here`` is the sort of the next one, and nothing at the end."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._next()

    def _next(self) -> None:
        self.here, self.value, self.line = next(self._tokens, ("", "", 0))

    def take(self, sort: str, value: str | None = None) -> str:
        if self.here != sort or value not in (None, self.value):
            raise BadSettings(f"has a line {self.line or 'at its end'} that libvirt does not read; correct it")
        taken = self.value
        self._next()
        return taken

    def skip_ends(self) -> None:
        while self.here == "end":
            self._next()


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    position, line = 0, 1
    while position < len(text):
        found = _TOKEN.match(text, position)
        if not found or found.lastgroup is None:
            raise BadSettings(f"has a line {line} that libvirt does not read; correct it")
        if found.lastgroup != "gap":
            yield "text" if found.lastgroup in _TEXTS else found.lastgroup, found[found.lastgroup], line
        line += found[0].count("\n")
        position = found.end()


def _value(tokens: _Tokens) -> Value:
    if tokens.here == "number":
        return int(tokens.take("number")[:20])
    if tokens.here == "text":
        return tokens.take("text")
    tokens.take("sign", "[")
    values: list[str] = []
    tokens.skip_ends()
    while (tokens.here, tokens.value) != ("sign", "]"):
        values.append(tokens.take("text"))
        tokens.skip_ends()
        if (tokens.here, tokens.value) != ("sign", "]"):
            tokens.take("sign", ",")
            tokens.skip_ends()
    tokens.take("sign", "]")
    return values
