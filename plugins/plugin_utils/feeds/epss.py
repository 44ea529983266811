# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The scores of EPSS as CSV: for each CVE the probability that it is exploited within 30 days."""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds import files
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import Facts, FeedError, MalformedEntry, Parsed, day, shown, word

_FIRST = re.compile(r"^#model_version:\S+?,score_date:(\d{4}-\d\d-\d\d)")
_COLUMNS = "cve,epss,percentile"


def parse(path: str) -> Parsed:
    """The feed of a file, whose first line has its day and whose second the names of the columns."""
    try:
        text = files.content(path).decode("ascii")
    except UnicodeDecodeError as problem:
        raise files.unlike("text that is not ASCII") from problem
    first, *lines = text.split("\n")
    lines = [line.rstrip("\r") for line in lines]
    dated = _FIRST.match(first)
    if not dated or not day(dated[1]) or not lines or lines[0] != _COLUMNS:
        raise files.unlike(f"other first lines than a score_date and {_COLUMNS}")
    if lines.pop():
        raise FeedError("is cut off in its last line: download it again")
    facts = dict(_fact(line, number) for number, line in enumerate(lines[1:], 3))
    if not facts:
        raise files.nothing("scores")
    return Parsed(len(facts), facts=facts, date=dated[1])


def _fact(line: str, number: int) -> tuple[str, Facts]:
    try:
        cve, score, unused_percentile = line.split(",")
        epss = float(score)
        if not 0 <= epss <= 1:
            raise MalformedEntry(f"{shown(score)} is not a probability")
        return word(cve), {"epss": epss}
    except ValueError as problem:
        raise files.odd(f"a line {number}", problem) from problem
