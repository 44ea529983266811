# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Nested blocks in braces, as Bacula, Bareos and syslog-ng write them; the numbers of a key tell blocks of one name apart."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.agents.entries import Assignment, NotUnderstood
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS

_DEEPEST = 40
_BACULA = re.compile(
    r"""(?P<skip>[ \t\r]+|\#[^\n]*)|(?P<string>"(?:\\.|[^"\\])*")|(?P<sign>[{}=;\n])|(?P<word>[^\s{}=;"#][^{}=;"\n#]*)""", re.A
)
_SYSLOG = re.compile(r"""(?P<skip>\s+|\#[^\n]*)|(?P<string>"(?:\\.|[^"\\])*"|'[^']*')|(?P<sign>[{}();,])|(?P<word>[^\s{}();,"'#]+)""", re.A)


def _tokens(pattern: re.Pattern[str], text: str) -> Iterator[Assignment]:
    """Each token as ``(sort, text, line)``."""
    at, line = 0, 1
    while at < len(text):
        found = pattern.match(text, at)
        if not found:
            raise NotUnderstood(line)
        if found.lastgroup != "skip":
            yield found.lastgroup or "", found[0].strip(" \t\r"), line
        line += found[0].count("\n")
        at = found.end()


def bacula(text: str) -> Iterator[Assignment]:
    """``Director { Name = x; TLS Enable = yes }``: a key has no blanks and no case, and ``@file`` includes."""
    tokens = list(_tokens(_BACULA, text))
    open_blocks: list[str] = []
    counted: dict[str, int] = {}
    at = 0
    while at < len(tokens):
        sort, word, line = tokens[at]
        at += 1
        if sort == "sign" and word in ("", "\n", ";"):
            continue
        if sort == "sign" and word == "}" and open_blocks:
            open_blocks.pop()
            continue
        if sort != "word":
            raise NotUnderstood(line)
        if word.startswith("@"):
            yield "@include", word[1:].strip(BLANKS).strip('"'), line
            continue
        name = word.replace(" ", "").lower()
        while at < len(tokens) and tokens[at][1] in ("", "\n"):
            at += 1
        sign = tokens[at][1] if at < len(tokens) else ""
        if sign == "{":
            number = counted.setdefault(name, 0)
            counted[name] += 1
            open_blocks.append(f"{name}.{number}.")
            if len(open_blocks) > _DEEPEST:
                raise NotUnderstood(line)
            at += 1
        elif sign == "=":
            parts, end = [], at + 1
            while end < len(tokens) and tokens[end][1] not in ("", "\n", ";", "}"):
                parts.append(tokens[end][1].strip('"'))
                end += 1
            at = end
            yield f"{''.join(open_blocks)}{name}", " ".join(parts), line
        else:
            raise NotUnderstood(line)
    if open_blocks:
        raise NotUnderstood(tokens[-1][2])


def syslog_ng(text: str) -> Iterator[Assignment]:
    """``destination d { network("host" port(6514) transport("tls")); };``: words before a bracket are its key."""
    text = re.sub(r"^@(?!include)[^\n]*", "", text, flags=re.M)
    open_blocks: list[str] = []
    words: list[str] = []
    counted: dict[tuple[str, str], int] = {}
    line = 0
    for sort, word, line in _tokens(_SYSLOG, text):
        if sort != "sign":
            words.append(word.strip("\"'") if sort == "string" else word)
            if words[0] == "@include" and len(words) == 2:
                yield "@include", words.pop(), line
                words = []
        elif word in "({":
            here = "".join(open_blocks)
            outer, own = words[:-1], words[-1:] or ["block"]
            # What stands before the last word in a bracket is a value of what is around it.
            if word == "(" and outer:
                yield f"{here}value", " ".join(outer), line
            name = own[0] if word == "(" else ".".join(words[:1] or own)
            number = counted.setdefault((here, name), 0)
            counted[here, name] += 1
            open_blocks.append(f"{name}.{number}.".lower())
            if len(open_blocks) > _DEEPEST:
                raise NotUnderstood(line)
            words = []
        elif word in ")}":
            if not open_blocks:
                raise NotUnderstood(line)
            if words:
                yield f"{''.join(open_blocks)}value", " ".join(words), line
            open_blocks.pop()
            words = []
        else:
            if words and open_blocks:
                yield f"{''.join(open_blocks)}value", " ".join(words), line
            words = []
    if open_blocks:
        raise NotUnderstood(line)
