# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Machines on as few hosts as possible: first-fit-decreasing, with a lower bound beside it, and exact by HiGHS.

First-fit-decreasing needs at most 11/9 of the fewest bins in one dimension (D. S. Johnson, 1973); with several dimensions nothing so
good is known, so the lower bound says how far it can be off.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

DIMENSIONS = ("cores", "memory_mib", "iops", "mib_per_second")
# Beyond this the exact search has no prospect.
MOST_CELLS = 20_000
_LITTLE = 1e-6


@dataclass(frozen=True)
class Item:
    """One machine; no two of one ``apart`` set share a host."""

    name: str
    needs: tuple[float, ...]
    apart: frozenset[str] = frozenset()


@dataclass
class Bin:
    free: list[float]
    items: list[Item] = field(default_factory=list)
    apart: set[str] = field(default_factory=set)

    def takes(self, item: Item) -> bool:
        return not (self.apart & item.apart) and all(need <= free + _LITTLE for need, free in zip(item.needs, self.free))

    def add(self, item: Item) -> None:
        self.items.append(item)
        self.apart |= item.apart
        self.free = [free - need for need, free in zip(item.needs, self.free)]


def packed(items: Sequence[Item], capacity: Sequence[float]) -> list[Bin]:
    """First-fit-decreasing by the dimension in which an item is largest. Items that fit into no empty bin must not be there."""
    order = sorted(items, key=lambda item: (-max(_shares(item, capacity)), item.name))
    bins: list[Bin] = []
    for item in order:
        chosen = next((each for each in bins if each.takes(item)), None)
        if chosen is None:
            chosen = Bin(list(capacity))
            bins.append(chosen)
        chosen.add(item)
    return bins


def _shares(item: Item, capacity: Sequence[float]) -> list[float]:
    return [need / room if room else 0.0 for need, room in zip(item.needs, capacity)]


def fits_alone(item: Item, capacity: Sequence[float]) -> bool:
    return all(need <= room + _LITTLE for need, room in zip(item.needs, capacity))


def lower_bound(items: Sequence[Item], capacity: Sequence[float]) -> int:
    """A number of bins that no packing can be below: by volume, by halves, and by what has to be apart."""
    volumes = [
        math.ceil(sum(item.needs[at] for item in items) / room - _LITTLE) if room not in (0, math.inf) else 0
        for at, room in enumerate(capacity)
    ]
    halves = [sum(item.needs[at] > room / 2 + _LITTLE for item in items) for at, room in enumerate(capacity)]
    apart = Counter(name for item in items for name in item.apart)
    return max([*volumes, *halves, *apart.values(), 1 if items else 0])


def exact(items: Sequence[Item], capacity: Sequence[float], most: int, least: int, seconds: int) -> tuple[list[Bin] | None, str]:
    """A packing into the fewest bins, and what is known of it; None where nothing better than ``most`` bins was found.

    A mixed integer programme: x says which item is in which bin, y which bins are used, and bins are used in their order.
    """
    if most <= least:
        return None, "proven: no packing needs fewer hosts"
    if len(items) * most > MOST_CELLS:
        return None, f"not tried: {len(items)} machines on {most} hosts are too many for an exact search"
    try:
        import highspy
    except ImportError:
        return None, "not tried: the Python library highspy is not installed on the controller"
    model: Any = highspy.Highs()
    for name, value in (("output_flag", False), ("time_limit", float(seconds)), ("threads", 1), ("random_seed", 0)):
        model.setOptionValue(name, value)
    used = [model.addBinary() for _bin in range(most)]
    inside = [[model.addBinary() for _bin in range(most)] for _item in items]
    for row in inside:
        model.addConstr(sum(row[1:], row[0]) == 1)
    for at in range(most):
        for dimension, room in enumerate(capacity):
            if room != math.inf and any(item.needs[dimension] for item in items):
                terms = [inside[index][at] * (item.needs[dimension] / (room or 1)) for index, item in enumerate(items)]
                model.addConstr(sum(terms[1:], terms[0]) <= used[at])
        if at:
            model.addConstr(used[at] <= used[at - 1])
    for name in sorted({name for item in items for name in item.apart}):
        members = [index for index, item in enumerate(items) if name in item.apart]
        for at in range(most):
            model.addConstr(sum((inside[index][at] for index in members[1:]), inside[members[0]][at]) <= 1)
    model.minimize(sum(used[1:], used[0]))
    return _solution(model, items, capacity, inside, most, seconds)


def _solution(
    model: Any, items: Sequence[Item], capacity: Sequence[float], inside: Sequence[Sequence[Any]], most: int, seconds: int
) -> tuple[list[Bin] | None, str]:
    proven = str(model.modelStatusToString(model.getModelStatus())) == "Optimal"
    info = model.getInfo()
    if not info.primal_solution_status or info.objective_function_value > most + 0.5:
        return None, f"not proven: the search ended after {seconds} s without a packing"
    values = model.getSolution().col_value
    bins = [Bin(list(capacity)) for _bin in range(most)]
    for index, item in enumerate(items):
        at = max(range(most), key=lambda at: values[inside[index][at].index])
        if not bins[at].takes(item):
            return None, "not proven: the packing that was found rounds into one that does not fit"
        bins[at].add(item)
    kept = [each for each in bins if each.items]
    said = "proven: no packing needs fewer hosts" if proven else f"not proven: the search ended after {seconds} s"
    return (kept if len(kept) < most else None), said


def largest(items: Sequence[Item], capacity: Sequence[float]) -> Item | None:
    return max(items, key=lambda item: (max(_shares(item, capacity)), item.name), default=None)


def has_room(bins: Sequence[Bin], item: Item) -> bool:
    """Is there a host with room for one more machine of this size?"""
    return any(all(need <= free + _LITTLE for need, free in zip(item.needs, each.free)) for each in bins)
