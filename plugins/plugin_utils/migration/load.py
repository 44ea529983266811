# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How much machines use: percentiles of each, and of all of a group at the same moments.

Machines are not busy at the same time, so the percentile of their sum is less than the sum of their percentiles; it is what a
cluster has to bear.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.samples import MEASURES

# Samples within the same five minutes are taken for simultaneous.
BUCKET = 300


@dataclass(frozen=True)
class Load:
    """What machines of one cluster use, in the unit of the measure; ``each`` has a value for those that were measured."""

    each: dict[str, float]
    together: float
    # The moments that count, and the share of machines and moments of which there are samples.
    moments: int
    coverage: float

    @property
    def scale(self) -> float:
        """By how much the machines together need less than each on its own; 1 if nothing was measured."""
        alone = sum(self.each.values())
        return self.together / alone if alone else 1.0


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest value that this percentage of all values does not exceed (the nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(percent / 100 * len(ordered)) - 1)] if ordered else 0.0


def load(
    names: Sequence[str], samples: Mapping[str, Sequence[Sequence[Any]]], measure: str, factors: Mapping[str, float], percent: float
) -> Load:
    """``factors`` turn a sample into the unit that is summed, such as a percentage into cores."""
    column = MEASURES.index(measure) + 1
    buckets: dict[str, dict[int, float]] = {}
    for name in names:
        values: dict[int, float] = {}
        for sample in samples.get(name, ()):
            if sample[column] is not None:
                at = sample[0] // BUCKET
                values[at] = max(values.get(at, 0.0), sample[column] * factors[name])
        if values:
            buckets[name] = values
    each = {name: percentile(list(values.values()), percent) for name, values in buckets.items()}
    # Where a machine has no sample at a moment, it is taken to use what it does at its percentile.
    usual = sum(each.values())
    changes: dict[int, float] = defaultdict(float)
    for name, values in buckets.items():
        for at, value in values.items():
            changes[at] += value - each[name]
    sums = [usual + change for change in changes.values()]
    cells = sum(map(len, buckets.values()))
    coverage = cells / (len(names) * len(changes)) if names and changes else 0.0
    return Load(each, percentile(sums, percent), len(changes), round(coverage, 3))
