# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bounds under which a guest could not do its work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.domains.bounds import current
from ansible_collections.hygeia.golden.plugins.module_utils.domains.bounds.current import DISK, INTERFACE, MEMORY, PROCESSORS, Bounds, Name
from ansible_collections.hygeia.golden.plugins.module_utils.domains.definition import Definition

# The period of the scheduler where a guest has none of its own, in microseconds.
_PERIOD = 100000


def refusals(guest: Definition, bounds: Bounds, minimum: Mapping[str, Any]) -> list[str]:
    """Why the guest must not have these bounds, a sentence each; ``minimum`` is what the site says that it needs."""
    return [*_ended(guest, bounds), *_processors(guest, bounds, minimum), *_devices(bounds, minimum)]


def _ended(guest: Definition, bounds: Bounds) -> Iterator[str]:
    """Past a hard limit the kernel ends the process of the guest."""
    limit, has = bounds.get(Name(MEMORY, "", "hard_limit")), current.memory(guest)
    if isinstance(limit, int) and limit <= has:
        yield f"memory hard_limit of {limit} KiB is no more than its memory of {has} KiB, and the kernel would end it: raise the limit"


def _processors(guest: Definition, bounds: Bounds, minimum: Mapping[str, Any]) -> Iterator[str]:
    quota = bounds.get(Name(PROCESSORS, "", "quota"))
    if minimum.get("processors") and isinstance(quota, int):
        period = bounds.get(Name(PROCESSORS, "", "period"), _PERIOD)
        left = current.processors(guest) * quota / int(period)
        if left < minimum["processors"]:
            yield f"a quota of {quota} in a period of {period} leaves it {left:g} processors, and it needs {minimum['processors']:g}"
    shares = bounds.get(Name(PROCESSORS, "", "shares"))
    if minimum.get("shares") and isinstance(shares, int) and shares < minimum["shares"]:
        yield f"it would have {shares} processor shares, and it needs {minimum['shares']}"
    # Under contention the kernel takes back what is above the soft limit.
    for name in ("hard_limit", "soft_limit"):
        limit = bounds.get(Name(MEMORY, "", name))
        needed = (minimum.get("memory") or 0) // 1024
        if isinstance(limit, int) and limit < needed:
            yield f"memory {name} of {limit} KiB is below the {needed} KiB that it needs"


def _devices(bounds: Bounds, minimum: Mapping[str, Any]) -> Iterator[str]:
    for name, value in bounds.items():
        needed = _needed(name, minimum)
        if needed and isinstance(value, int) and value < needed:
            yield f"{name} of {value} is below the {needed} that it needs"


def _needed(name: Name, minimum: Mapping[str, Any]) -> int:
    """A limit of reads or of writes alone is compared with what is needed of both together."""
    if name.part == DISK and name.bound.endswith("_sec"):
        sort = name.bound.split("_")[1]
        return minimum.get(f"{sort}_sec") or 0
    if name.part == INTERFACE and name.bound.endswith(" average"):
        return minimum.get(name.bound.split()[0]) or 0
    return 0
