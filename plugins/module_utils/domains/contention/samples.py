# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What guests got and waited for between two looks at libvirt's statistics (virsh(1), domstats)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of

# The counters of one guest by their names.
Counters = Mapping[str, int]
_NANOSECONDS = 10**9


def sample(printed: str) -> Mapping[str, Counters]:
    """The counters of each guest that runs."""
    found: dict[str, dict[str, int]] = {}
    name = ""
    for line in lines_of(printed):
        guest = re.fullmatch(r"Domain: '(.*)'", line)
        counter = re.fullmatch(r"\s+([\w.-]+)=([0-9]{1,20})", line, re.A)
        if guest:
            name = guest[1]
            found[name] = {}
        elif counter and name:
            found[name][counter[1]] = int(counter[2])
    return found


@dataclass(frozen=True)
class Window:
    """One guest between two samples."""

    before: Counters
    after: Counters
    seconds: float

    def grown(self, pattern: str) -> int | None:
        """By how much the counters of a pattern have grown together; None where libvirt has none of them."""
        names = [name for name in self.after if re.fullmatch(pattern, name, re.A) and name in self.before]
        return sum(self.after[name] - self.before[name] for name in names) if names else None

    def percent(self, pattern: str) -> float | None:
        """A time in nanoseconds, as a part of the window."""
        grown = self.grown(pattern)
        return None if grown is None else round(100 * grown / _NANOSECONDS / self.seconds, 1)

    @property
    def used(self) -> float:
        """Of one processor, in percent."""
        return self.percent(r"cpu\.time") or 0.0

    @property
    def waited(self) -> float | None:
        """The time that its processors were ready and did not run, of all of them together, in percent of the window."""
        waited, processors = self.percent(r"vcpu\.[0-9]+\.delay"), self.after.get("vcpu.current", 1)
        return None if waited is None else round(waited / max(processors, 1), 1)

    @property
    def latency(self) -> float | None:
        """The mean time of a request to any disk, in milliseconds; None without one."""
        requests, spent = self.grown(r"block\.[0-9]+\.(rd|wr|fl)\.reqs"), self.grown(r"block\.[0-9]+\.(rd|wr|fl)\.times")
        return round(spent / 10**6 / requests, 2) if requests and spent is not None else None

    @property
    def requests(self) -> int:
        return self.grown(r"block\.[0-9]+\.(rd|wr)\.reqs") or 0

    @property
    def taken(self) -> int | None:
        """Memory that the balloon has taken from the guest, in KiB."""
        most, now = self.after.get("balloon.maximum"), self.after.get("balloon.current")
        return None if most is None or now is None else most - now

    @property
    def swapped(self) -> int:
        """What the guest read from its swap, in KiB; a guest without a balloon driver does not say it."""
        return self.grown(r"balloon\.swap_in") or 0
