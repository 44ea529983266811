# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Since when a host is known to have a vulnerability, and since when there is a fix: days that never become later ones."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from datetime import date
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.util import atomic
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.index import locked
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import FeedError
from ansible_collections.hygeia.golden.plugins.plugin_utils.patching.patch_plan import Vulnerability

# A ledger of more bytes holds more vulnerabilities than there are.
_LARGEST = 256 * 2**20


def dated(vulnerabilities: Sequence[Vulnerability], path: str | None, today: str, write: bool = True) -> list[Vulnerability]:
    """Give each vulnerability the day on which it was ``identified``, and where no feed knows it that on which its fix was first seen.

    What is not in the ledger is written to it. Nothing ever leaves it: what a
    feed does not tell of today was still identified when it was.
    """
    if not path:
        return _dated(vulnerabilities, {}, today)
    os.makedirs(os.path.dirname(os.path.abspath(path)), mode=0o750, exist_ok=True)
    with locked(path):
        known = _read(path)
        before = json.dumps(known)
        found = _dated(vulnerabilities, known, today)
        if write and json.dumps(known) != before:
            _write(path, known)
    return found


def _dated(vulnerabilities: Sequence[Vulnerability], known: dict[str, dict[str, Any]], today: str) -> list[Vulnerability]:
    """As ``dated``; ``known`` is brought up to date."""
    found = []
    for entry in vulnerabilities:
        days = known.setdefault(entry["id"], {"identified": today, "fix_seen": {}})
        days["identified"] = min(days["identified"], today)
        if entry["fixed"]:
            seen = days["fix_seen"]
            seen[entry["package"]] = min(seen.get(entry["package"], today), today)
        available = entry["fix_available"] or (days["fix_seen"].get(entry["package"]) if entry["fixed"] else None)
        found.append({**entry, "identified": days["identified"], "fix_available": available})
    return found


def _read(path: str) -> dict[str, dict[str, Any]]:
    try:
        with open(path, "rb") as stream:
            known: Any = json.load(stream) if os.fstat(stream.fileno()).st_size <= _LARGEST else None
        if all(_is_day(day) for days in known.values() for day in (days["identified"], *days["fix_seen"].values())):
            return known
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass
    raise FeedError(f"the ledger {path} is damaged: restore it from a backup, since a new one would start every clock anew")


def _is_day(text: str) -> bool:
    return date.fromisoformat(text).isoformat() == text


def _write(path: str, known: dict[str, dict[str, Any]]) -> None:
    atomic.write(path, json.dumps(known, indent=1, sort_keys=True), 0o640)
