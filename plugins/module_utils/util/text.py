# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lines and the words of a text, as the programs count them that read it."""

from __future__ import annotations

import re

# What C's isspace(3) takes for blanks, by which programs part words. Python on its own takes those of every script for one,
# such as the no-break space of a web page, and ends a line where it finds a form feed or a sign that once parted records.
BLANKS = " \t\n\r\v\f"
# systemd takes fewer of them for one, and ends a line with a carriage return as well.
BLANKS_OF_SYSTEMD = " \t\n\r"
_END_OF_SYSTEMD = re.compile("\r\n?|\n\r?")
_WORD = re.compile(f"[^{BLANKS}]+")
_GAP = re.compile(f"[{BLANKS}]+")


def lines_of(text: str) -> list[str]:
    """The lines of a text as programs count them: only a line feed ends one, and a carriage return is a blank."""
    lines = text.split("\n")
    return lines if lines[-1] else lines[:-1]


def lines_of_systemd(text: str) -> list[str]:
    """The lines of a text as systemd's programs count them."""
    lines = _END_OF_SYSTEMD.split(text)
    return lines if lines[-1] else lines[:-1]


def words_of(text: str, cuts: int = 0) -> list[str]:
    """The words of a text as programs in C part them; with ``cuts`` the last one is all that follows that many."""
    return [word for word in _GAP.split(text.lstrip(BLANKS), maxsplit=cuts) if word] if cuts else _WORD.findall(text)
