# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The scores of EPSS as CSV: for each CVE the probability that it is exploited within 30 days."""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds import files
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import FeedError, Parsed

_FIRST = re.compile(r"^#model_version:\S+?,score_date:(\d{4}-\d\d-\d\d)")
_COLUMNS = "cve,epss,percentile"


def parse(path):
    """The feed of a file, whose first line has its day and whose second the names of the columns."""
    try:
        text = files.content(path).decode("ascii")
    except UnicodeDecodeError as problem:
        raise files.unlike("text that is not ASCII") from problem
    first, *lines = text.splitlines()
    dated = _FIRST.match(first)
    if not dated or not lines or lines[0] != _COLUMNS:
        raise files.unlike(f"other first lines than a score_date and {_COLUMNS}")
    if not text.endswith("\n"):
        raise FeedError("is cut off in its last line: fetch it anew")
    try:
        facts = {cve: {"epss": float(score)} for cve, score, unused_percentile in (line.split(",") for line in lines[1:])}
    except ValueError as problem:
        raise files.unlike(f"a line that cannot be read ({problem})") from problem
    if not facts:
        raise files.nothing("scores")
    return Parsed(len(facts), facts=facts, date=dated[1])
