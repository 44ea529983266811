# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""CISA's catalogue of known exploited vulnerabilities as JSON."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds import files
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import FeedError, Parsed, day


def parse(path):
    """The feed of a file. Its dueDate binds federal agencies alone and is left out."""
    catalogue = files.document(files.content(path), dict)
    try:
        known = catalogue["vulnerabilities"]
        facts = {entry["cveID"]: {"kev_added": entry["dateAdded"]} for entry in known}
        told, date = catalogue["count"], day(catalogue["dateReleased"])
    except (KeyError, TypeError) as problem:
        raise files.unlike(f"an entry without {problem}") from problem
    if told != len(known):
        raise FeedError(f"has {len(known)} vulnerabilities and says that it has {told}: fetch it anew")
    if not facts:
        raise files.nothing("vulnerabilities")
    return Parsed(len(facts), facts=facts, date=date or "")
