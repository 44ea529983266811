# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Long lists of controls and records as one compressed text.

Ansible copies a fact for each task of a host and marks every value in it anew: for a thousand records that takes longer than the audit
that made them. A text is copied as it is. It stands in a list, alone or beside entries that are not packed, so that lists are still
joined with ``+``.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.to_native import to_native

PREFIX = "hygeia.golden packed list, version 1: "
# Of many records little is left at the quickest level already.
_LEVEL = 1


def packed(entries: Sequence[Any]) -> list[Any]:
    """The same list, with one text for all of its entries."""
    if not entries:
        return []
    return [PREFIX + base64.b64encode(zlib.compress(json.dumps(entries).encode(), _LEVEL)).decode()]


def is_packed(value: Any) -> bool:
    """Is this a list with a packed text in it?"""
    return isinstance(value, (list, tuple)) and any(isinstance(entry, str) and entry.startswith(PREFIX) for entry in value)


def like(given: Any, result: Sequence[Any]) -> list[Any]:
    """A result in the form of what it was made from."""
    return packed(result) if is_packed(given) else list(result)


def entries(value: Any) -> Any:
    """Plain data from what templating hands to a plugin, where texts in a list that stand for others are replaced by those."""
    native = to_native(value)
    if not is_packed(native):
        return native
    return [each for entry in native for each in (_of(entry) if isinstance(entry, str) and entry.startswith(PREFIX) else [entry])]


def _of(text: str) -> list[Any]:
    try:
        found = json.loads(zlib.decompress(base64.b64decode(text[len(PREFIX) :])))
    except (ValueError, zlib.error) as problem:
        raise ValueError(f"a packed list is damaged ({problem}): use it as it was registered, and do not shorten it") from None
    if not isinstance(found, list):
        raise ValueError("a packed list is damaged: it holds something else")
    return found
