# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a reader of inventories decided or could not tell, as results like those of a check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import FAIL, NOT_CHECKED, PASS, Record, record

CONFLICT, GUESS, SOURCE = "migration-conflict-", "migration-guess-", "migration-source-"


class Unusable(Exception):
    """Why an inventory cannot be read: one sentence with file, sheet, row and column as far as there are any."""


class Notes:
    """Collects what is to be reported beside the machines; the same thing is said once."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str, str], Record] = {}

    @property
    def records(self) -> list[Record]:
        return [self._said[name] for name in sorted(self._said)]

    def conflict(self, machine: str, field: str, values: Mapping[str, Any], kept: Any) -> None:
        """Two sources contradict each other; ``kept`` is the value that is used."""
        named = ", ".join(f"{source} says {value}" for source, value in values.items())
        message = f"{field}: {named}; {kept} is used, because that source was given first: correct the other one"
        self._note(CONFLICT + machine, FAIL, f"one value of {field}", dict(values), ", ".join(values), message)

    def guess(self, subject: str, message: str, read_from: str, observed: object = None) -> None:
        """Something was assumed, or left out because it could not be determined; a person should look."""
        self._note(GUESS + subject, NOT_CHECKED, None, observed, read_from, message)

    def source(self, name: str, dated: bool, observed: Mapping[str, Any], message: str) -> None:
        """A source was read; whether it is recent is known if it is dated."""
        self._note(SOURCE + name, PASS if dated else NOT_CHECKED, "a recent export", dict(observed), name, message)

    def _note(self, control: str, status: str, expected: object, observed: object, read_from: str, message: str) -> None:
        if (control, read_from, message) not in self._said:
            self._said[control, read_from, message] = record(control, status, "offline", expected, observed, read_from, message)
