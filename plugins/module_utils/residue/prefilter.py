# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the literals of all rules stand: found one by one, which is faster than any regular expression."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.residue.occurrences import occurrences
from ansible_collections.hygeia.golden.plugins.module_utils.residue.rules import Rule
from ansible_collections.hygeia.golden.plugins.module_utils.residue.windows import Window

# More places of one literal in one piece are no text that somebody wrote, and are not all looked at.
MOST = 20_000


class Prefilter:
    """The literals of some rules, each with the rules that have it."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._exact: dict[bytes, list[Rule]] = {}
        self._any_case: dict[bytes, list[Rule]] = {}
        for rule in rules:
            table = self._any_case if rule.ignore_case else self._exact
            for literal in rule.literals:
                table.setdefault(literal, []).append(rule)

    def suspected(self, window: Window) -> Iterator[tuple[Rule, list[int]]]:
        """Each rule of which a literal is in the piece, with the places."""
        for table, data in ((self._exact, window.data), (self._any_case, window.lowered if self._any_case else b"")):
            for literal, rules in table.items():
                places = list(occurrences(data, literal, window.low, window.high))
                if places:
                    yield from ((rule, places) for rule in rules)
