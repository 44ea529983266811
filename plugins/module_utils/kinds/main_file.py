# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Settings of ours in the main file of a program, as a block of lines, and lines of others that say otherwise set aside.

What others have written can be had back word for word: ``theirs`` undoes ``combined``. So a run knows what a site wants,
whatever an earlier run has put in front of it, and a control that leaves takes nothing with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

BEGIN = "# BEGIN hygeia.golden: from the host's profile; edits from here to the end of the block are replaced."
END = "# END hygeia.golden"
# Before a line that says otherwise than ours; without this it is what it was.
ASIDE = "#hygeia.golden# "

_ASIDE = re.compile(f"^{re.escape(ASIDE)}", re.M)
# The second where the block ends a file whose last line has no end.
_BLOCK = re.compile(
    rf"^{re.escape(BEGIN)}\n(?P<lines>.*?)^{re.escape(END)}\n"
    rf"|\n{re.escape(BEGIN)}\n(?P<last>(?:(?!{re.escape(END)})[^\n]*\n)*){re.escape(END)}\Z",
    re.M | re.S,
)


def block(text: str) -> str:
    """Our lines in a main file; an empty text where there are none."""
    found = _BLOCK.search(text or "")
    return (found["lines"] or found["last"] or "") if found else ""


def theirs(text: str | None) -> str:
    """What others have written of a main file: without our block, and with what was set aside as it was."""
    return _ASIDE.sub("", _BLOCK.sub("", text or ""))


def combined(text: str, ours: str, aside: Iterable[int] = (), after: int = 0) -> str:
    """What others have written, with our lines as a block after one of theirs, and without those with the numbers ``aside``."""
    if not ours:
        return text
    lines = text.split("\n")
    for number in set(aside):
        lines[number - 1] = ASIDE + lines[number - 1]
    lines[after:after] = [BEGIN, *ours.rstrip("\n").split("\n"), END]
    return "\n".join(lines)
