# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Since when a host is known to have a vulnerability, and since when there is a fix: days that never become later ones."""

from __future__ import annotations

import json
import os

from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.index import locked
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import FeedError


def dated(vulnerabilities, path, today, write=True):
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


def _dated(vulnerabilities, known, today):
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


def _read(path):
    try:
        with open(path, encoding="utf-8") as stream:
            known = json.load(stream)
        if all(isinstance(days["identified"], str) and isinstance(days["fix_seen"], dict) for days in known.values()):
            return known
    except FileNotFoundError:
        return {}
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise FeedError(f"the ledger {path} is damaged: restore it from a backup, since a new one would start every clock anew")


def _write(path, known):
    with open(f"{path}.new", "w", encoding="utf-8") as stream:
        json.dump(known, stream, indent=1, sort_keys=True)
        stream.flush()
        os.fsync(stream.fileno())
    os.chmod(f"{path}.new", 0o640)
    os.replace(f"{path}.new", path)
