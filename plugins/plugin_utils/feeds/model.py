# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every feed is turned into: claims about packages, facts about vulnerabilities, and a day."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field

SEVERITIES = ("unknown", "low", "medium", "high", "critical")


class FeedError(Exception):
    """What is wrong with a feed and what to do, in one sentence without its name."""


@dataclass
class Parsed:
    """A feed as its parser gives it.

    ``claims`` maps a scope, which is a release of a system, to packages and
    these to what is claimed of them, as ``claim`` makes it. ``facts`` maps a
    vulnerability to what is known of it wherever it is. ``date`` is the day
    that the feed itself says it is of, or empty.
    """

    entries: int
    claims: dict = field(default_factory=dict)
    facts: dict = field(default_factory=dict)
    date: str = ""

    def add(self, scope, package, claimed):
        self.claims.setdefault(scope, {}).setdefault(package, []).append(claimed)


def claim(ids, ranges, **more):
    """That versions of a package have vulnerabilities.

    ``ranges`` are triples of the version that introduced them, the first one
    that is fixed and the last one that is affected, each of which may be None.
    More may be: ``safe`` versions; ``unreleased`` when the fix is not in this
    release; ``binary`` when the package is no source package; ``modular`` when
    it is of a module of rpm; ``severity``; ``advisories``; and the days
    ``published`` and ``fix_available``.
    """
    return {"ids": ids, "ranges": ranges, **{name: value for name, value in more.items() if value}}


def first_fixed(claimed, version, order):
    """The version that fixes what ``version`` has, an empty text when none does yet; None when it is not affected.

    ``order`` is a key by which versions sort.
    """
    safe = claimed.get("safe", ())
    if version in safe:
        return None
    here = order(version)
    for introduced, fixed, last in claimed["ranges"]:
        if introduced and here < order(introduced) or fixed and here >= order(fixed) or last and here > order(last):
            continue
        if claimed.get("unreleased"):
            return ""
        newer = [other for other in safe if order(other) > here]
        return min(newer, key=order) if newer else fixed or ""
    return None


def highest(severities):
    """The most severe of several."""
    return max(severities, key=SEVERITIES.index, default=SEVERITIES[0])


# What is high by the vendors' own words; RHEL says important and moderate, Debian unimportant.
_WORDS = {"unimportant": "low", "negligible": "low", "moderate": "medium", "important": "high"}


@functools.lru_cache(maxsize=1024)
def severity(word):
    """A severity from the word that a vendor has for it."""
    word = word.strip().rstrip("*").lower()
    word = _WORDS.get(word, word)
    return word if word in SEVERITIES else SEVERITIES[0]


@functools.lru_cache(maxsize=None)
def rated(vector):
    """A severity from a vector of CVSS 2, 3 or 4; unknown when it is none."""
    try:
        import cvss
    except ImportError as problem:
        raise FeedError("needs the Python package cvss on the controller: install what requirements.txt names") from problem
    kind = cvss.CVSS4 if vector.startswith("CVSS:4") else cvss.CVSS3 if vector.startswith("CVSS:3") else cvss.CVSS2
    try:
        return severity(kind(vector).severities()[0])
    except cvss.CVSSError:
        return SEVERITIES[0]


def day(text):
    """The day of a time in ISO 8601, or None."""
    return text[:10] if isinstance(text, str) and len(text) >= 10 and text[4:8:3] == "--" else None
