# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files with one setting per line: ``key = value``, ``key value``, and both in sections."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.agents.entries import Assignment, NotUnderstood
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of, words_of

_SECTION = re.compile(r"\[(.*)\]")


def pairs(text: str) -> Iterator[Assignment]:
    """``key = value``, as in zabbix_agent2.conf."""
    for number, line in _lines(text):
        yield (*_pair(line, "=", number), number)


def words(text: str) -> Iterator[Assignment]:
    """``key value``, as in the registry of Commvault."""
    for number, line in _lines(text):
        key, unused_blank, value = line.partition(" ")
        yield key, value.strip(BLANKS), number


def ini(text: str) -> Iterator[Assignment]:
    """``key = value`` below ``[section]``, as in Splunk's outputs.conf."""
    section = ""
    for number, line in _lines(text):
        found = _SECTION.fullmatch(line)
        if found:
            section = f"{found[1]}."
        else:
            key, value = _pair(line, "=", number)
            yield f"{section}{key}", value, number


def sections(text: str) -> Iterator[Assignment]:
    """``key value`` below ``[SECTION]``, each section numbered by its name, as in fluent-bit.conf."""
    section = ""
    counted: dict[str, int] = {}
    for number, line in _lines(text):
        found = _SECTION.fullmatch(line)
        if found:
            name = found[1].strip(BLANKS).lower()
            section = f"{name}.{counted.setdefault(name, 0)}."
            counted[name] += 1
        else:
            key, value = _split(line)
            yield key if key.startswith("@") else f"{section}{key}", value, number


def _lines(text: str) -> Iterator[tuple[int, str]]:
    """Each line that says something, with those that a backslash goes on with."""
    begun = ""
    for number, line in enumerate(lines_of(text), 1):
        whole = (begun + line).strip(BLANKS)
        if whole.endswith("\\"):
            begun = whole[:-1] + " "
            continue
        begun = ""
        if whole and not whole.startswith(("#", ";")):
            yield number, whole


def _pair(line: str, separator: str, number: int) -> tuple[str, str]:
    key, found, value = line.partition(separator)
    if not found or not key.strip(BLANKS):
        raise NotUnderstood(number)
    return key.strip(BLANKS), value.strip(BLANKS).strip("\"'")


def _split(line: str) -> tuple[str, str]:
    found = words_of(line, 1)
    return found[0], found[1].strip(BLANKS) if len(found) > 1 else ""
