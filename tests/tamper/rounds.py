# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which settings are tampered with together, so that few audits show of each control that nothing else makes it fail.

To tamper with one setting, audit everything and begin anew is plain, and takes an hour. Instead half of the controls are
tampered with in each of a dozen rounds, and no control's rounds are all among those of another. Would tampering with one control
make another one fail, then there is a round with the one and without the other that shows it (Sperner's theorem tells
how few rounds suffice).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations, count, islice
from math import comb


@dataclass(frozen=True)
class Tampered:
    """One setting of one control."""

    control: str
    kind: str
    name: str

    @property
    def label(self):
        """As an audit's record names it."""
        return f"{self.kind}: {self.name}"


def together(settings):
    """Rounds, each a list of settings, in which every setting has its turn; a control's own are spread over its rounds.

    ``settings`` maps each control to the list of its own.
    """
    if not settings:
        return []
    number = next(length for length in count(2) if comb(length, length // 2) >= len(settings))
    rounds = [[] for unused_round in range(number)]
    for control, places in zip(settings, islice(combinations(range(number), number // 2), len(settings))):
        turns = settings[control]
        for turn in range(max(len(places), len(turns))):
            rounds[places[turn % len(places)]].append(turns[turn % len(turns)])
    return rounds


def alone(settings):
    """A round for each setting: slow, and proof without any theorem."""
    return [[setting] for turns in settings.values() for setting in turns]
