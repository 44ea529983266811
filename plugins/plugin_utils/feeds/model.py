# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every feed is turned into: claims about packages, facts about vulnerabilities, and a day."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

SEVERITIES = ("unknown", "low", "medium", "high", "critical")


class FeedError(Exception):
    """What is wrong with a feed and what to do, in one sentence without its name."""


class MalformedEntry(ValueError):
    """An entry of a form that the feed does not have, such as a version that is a number."""


# No name, version or identifier is longer; of what is none so much is shown.
_LONGEST, _SHOWN = 300, 80

# As claim() makes it.
Claim = dict[str, Any]
# What is known of a vulnerability, by the names under which a module returns it.
Facts = dict[str, Any]
# By what the versions of a package manager sort.
Key = Callable[[str], Any]


@dataclass
class Parsed:
    """A feed as its parser gives it.

    ``claims`` maps a scope, which is a release of a system, to packages and
    these to what is claimed of them, as ``claim`` makes it. ``facts`` maps a
    vulnerability to what is known of it wherever it is. ``date`` is the day
    that the feed itself says it is of, or empty.
    """

    entries: int
    claims: dict[str, dict[str, list[Claim]]] = field(default_factory=dict)
    facts: dict[str, Facts] = field(default_factory=dict)
    date: str = ""

    def add(self, scope: str, package: str, claimed: Claim) -> None:
        self.claims.setdefault(scope, {}).setdefault(package, []).append(claimed)


def claim(ids: Sequence[str], ranges: Sequence[Sequence[str | None]], **more: Any) -> Claim:
    """That versions of a package have vulnerabilities.

    ``ranges`` are triples of the version that introduced them, the first one
    that is fixed and the last one that is affected, each of which may be None.
    More may be: ``safe`` versions; ``unreleased`` when the fix is not in this
    release; ``binary`` when the package is no source package; ``modular`` when
    it is of a module of rpm; ``severity``; ``advisories``; and the days
    ``published`` and ``fix_available``.
    """
    for text in (
        *ids,
        *(version for span in ranges for version in span if version is not None),
        *more.get("safe", ()),
        *more.get("advisories", ()),
    ):
        word(text)
    return {"ids": ids, "ranges": ranges, **{name: value for name, value in more.items() if value}}


def word(text: Any) -> str:
    """A name, version or identifier as it is, when it is one."""
    if not (isinstance(text, str) and 0 < len(text) <= _LONGEST and text.isascii() and text.isprintable()):
        raise MalformedEntry(f"{shown(text)} is neither a name nor a version")
    return text


def shown(value: object) -> str:
    """Anything that a feed has, short enough for a sentence."""
    said = ascii(value[:_SHOWN] if isinstance(value, (str, bytes, list)) else type(value).__name__ if isinstance(value, dict) else value)
    return said if len(said) <= _SHOWN else f"{said[:_SHOWN]}…"


def first_fixed(claimed: Claim, version: str, order: Key) -> str | None:
    """The version that fixes what ``version`` has, an empty text when none does yet; None when it is not affected.

    ``order`` is a key by which versions sort.
    """
    safe = claimed.get("safe", ())
    if version in safe:
        return None
    here = order(version)
    for introduced, fixed, last in claimed["ranges"]:
        if (introduced and here < order(introduced)) or (fixed and here >= order(fixed)) or (last and here > order(last)):
            continue
        if claimed.get("unreleased"):
            return ""
        newer = [other for other in safe if order(other) > here]
        return min(newer, key=order) if newer else fixed or ""
    return None


def highest(severities: Iterable[str]) -> str:
    """The most severe of several."""
    return max(severities, key=SEVERITIES.index, default=SEVERITIES[0])


# What is high by the vendors' own words; RHEL says important and moderate, Debian unimportant.
_WORDS = {"unimportant": "low", "negligible": "low", "moderate": "medium", "important": "high"}


@functools.lru_cache(maxsize=1024)
def severity(word: str) -> str:
    """A severity from the word that a vendor has for it."""
    word = word.strip().rstrip("*").lower()
    word = _WORDS.get(word, word)
    return word if word in SEVERITIES else SEVERITIES[0]


@functools.cache
def rated(vector: str) -> str:
    """A severity from a vector of CVSS 2, 3 or 4; unknown when it is none."""
    try:
        import cvss
    except ImportError as problem:
        raise FeedError("needs the Python package cvss on the controller: install what requirements.txt names") from problem
    kind = cvss.CVSS4 if vector.startswith("CVSS:4") else cvss.CVSS3 if vector.startswith("CVSS:3") else cvss.CVSS2
    try:
        return severity(kind(vector).severities()[0])
    except (cvss.CVSSError, ValueError, KeyError, IndexError, TypeError):
        return SEVERITIES[0]


def day(text: object) -> str | None:
    """The day of a time in ISO 8601, or None."""
    if not isinstance(text, str):
        return None
    try:
        found = date.fromisoformat(text[:10]) if text[4:8:3] == "--" else None
    except ValueError:
        return None
    return found.isoformat() if found and found.isoformat() == text[:10] else None
