# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Searching bytes by all rules: the prefilter first, then the rule, then its validator."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.residue import wide
from ansible_collections.hygeia.golden.plugins.module_utils.residue.findings import Findings
from ansible_collections.hygeia.golden.plugins.module_utils.residue.prefilter import MOST, Prefilter
from ansible_collections.hygeia.golden.plugins.module_utils.residue.rules import Rule
from ansible_collections.hygeia.golden.plugins.module_utils.residue.windows import Read, Window, windows
from ansible_collections.hygeia.golden.plugins.module_utils.util.limited import LIMIT, TooLong, limited

# How much of a file stands for its content where its name is what is found.
NAMED = 1 << 20


class Searcher:
    """Searches one file after the other and collects what is found."""

    def __init__(self, rules: Sequence[Rule], findings: Findings) -> None:
        self.findings = findings
        self.prefilter = Prefilter([rule for rule in rules if not rule.of_names])
        self.by_name = [rule for rule in rules if rule.of_names]
        self.at_head = [rule for rule in rules if rule.head and rule.detector]
        self.searched = 0

    def file(self, path: str, read: Read, entry: str = "", base: int = 0) -> None:
        """Search a file, or what an archive has at ``entry``; its own path decides which rules are about it."""
        own = f"/{entry.rpartition(' > ')[2].lstrip('/')}" if entry else path
        shown = f"{path} > {entry}" if entry else path
        for window in windows(read, base):
            self.searched += window.high - window.low
            texts = list(wide.texts(window))
            if window.base == 0 and window.low == 0:
                self._head(own, shown, window.data, [text.window.data for text in texts if text.first])
            self._window(own, shown, window, texts)

    def window(self, own: str, shown: str, window: Window) -> None:
        """Search a piece as it is, and what in it is text in UTF-16."""
        self._window(own, shown, window, wide.texts(window))

    def _head(self, own: str, shown: str, data: bytes, texts: Sequence[bytes]) -> None:
        """What the name of a file or its beginning tells."""
        for rule in self.by_name:
            if data and rule.concerns(own):
                self.findings.add(rule.id, shown, 0, data[:NAMED])
        for rule in self.at_head:
            if rule.concerns(own):
                for value in (value for beginning in (data, *texts) for value in rule.values(beginning, 0)):
                    self.findings.add(rule.id, shown, 0, value)

    def _window(self, own: str, shown: str, window: Window, texts: Iterable[wide.Text]) -> None:
        self._search(own, shown, window, lambda place: window.base + place)
        for text in texts:
            self._search(own, shown, text.window, text.offset)

    def _search(self, own: str, shown: str, window: Window, offset: Callable[[int], int]) -> None:
        for rule, places in self.prefilter.suspected(window):
            if not rule.concerns(own) or self.findings.full(rule.id, shown):
                continue
            if len(places) > MOST:
                self.findings.skip(shown, f"more than {MOST} places in one piece of it look like what {rule.id} searches for")
            for place, value in self._values(rule, window, places[:MOST], shown):
                self.findings.add(rule.id, shown, offset(place), value)

    def _values(self, rule: Rule, window: Window, places: list[int], shown: str) -> list[tuple[int, bytes]]:
        if not rule.limited:
            return _found(rule, window.data, places)
        try:
            matches = limited(lambda: [(place, value.decode("latin-1")) for place, value in _found(rule, window.data, places)], LIMIT)
        except TooLong:
            self.findings.skip(
                shown, f"the pattern of {rule.id} takes too long on it: write it without a repetition of what repeats already"
            )
            return []
        return [(place, value.encode("latin-1")) for place, value in matches]


def _found(rule: Rule, data: bytes, places: list[int]) -> list[tuple[int, bytes]]:
    return [(place, value) for place in places for value in rule.values(data, place)]
