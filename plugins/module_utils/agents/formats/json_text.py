# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""JSON, as flat settings; its reader knows no lines."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.agents.entries import Assignment, NotUnderstood, flat


def json_text(text: str) -> Iterator[Assignment]:
    try:
        yield from flat(json.loads(text))
    except ValueError as problem:
        raise NotUnderstood(getattr(problem, "lineno", 0)) from None
