# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a check found out about one aspect of something, on its way to a record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import FAIL, NOT_APPLICABLE, NOT_CHECKED, PASS


@dataclass(frozen=True)
class Answer:
    """A status with what is needed, what there is, where that was read, and what to do."""

    status: str
    expected: object = None
    observed: object = None
    read_from: str = ""
    message: str = ""


def judged(problems: Iterable[str], expected: object, observed: object, read_from: str, remedy: str = "") -> Answer:
    """It fails with every problem named, and what to do about them; without one it passes."""
    message = "; ".join(problems)
    return Answer(FAIL if message else PASS, expected, observed, read_from, f"{message}: {remedy}" if message and remedy else message)


def passed(expected: object, observed: object, read_from: str, remark: str = "") -> Answer:
    return Answer(PASS, expected, observed, read_from, remark)


def unneeded(message: str) -> Answer:
    return Answer(NOT_APPLICABLE, message=message)


def unknown(message: str, expected: object = None) -> Answer:
    return Answer(NOT_CHECKED, expected, message=message)
