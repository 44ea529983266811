# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The feeds of a run: each digested, dated, refused when it is too old, and opened as an index."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.util import atomic
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds import debian_tracker, debsecan, epss, index, kev, osv, updateinfo
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.freshness import require_fresh
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import FeedError

PARSERS = {
    "debian_tracker": debian_tracker.parse,
    "debsecan": debsecan.parse,
    "osv": osv.parse,
    "updateinfo": updateinfo.parse,
    "kev": kev.parse,
    "epss": epss.parse,
}
# These know vulnerabilities, and not who has them.
ABOUT_VULNERABILITIES = ("kev", "epss")
_BLOCK, _MOST_FILES = 2**20, 500_000


@dataclass
class Feed:
    """One feed, ready to be asked."""

    kind: str
    path: str
    sha256: str
    date: str
    dated_by: str
    index: index.Index
    parsed: bool

    @property
    def scopes(self) -> list[str]:
        return self.index.about["scopes"]

    def result(self) -> dict[str, Any]:
        """As a module returns it."""
        return {
            "name": os.path.basename(self.path),
            "kind": self.kind,
            "path": self.path,
            "sha256": self.sha256,
            "date": self.date,
            "dated_by": self.dated_by,
            "entries": self.index.about["entries"],
            "parsed": self.parsed,
        }


def opened(wanted: Iterable[dict[str, Any]], cache: str, today: str) -> list[Feed]:
    """The feeds that are wanted; whatever is wrong with one of them is a FeedError that names it."""
    os.makedirs(cache, mode=0o700, exist_ok=True)
    return [_opened(**feed, cache=cache, today=today) for feed in wanted]


def _opened(kind: str, path: str, max_age: int, cache: str, today: str) -> Feed:
    path = os.path.abspath(path)
    try:
        sha256 = _digest(path, cache)
        feed = _indexed(kind, path, sha256, cache)
        require_fresh(feed.date, max_age, today)
    except FeedError as problem:
        raise FeedError(f"the feed {path} ({kind}) {problem}") from problem
    except FileNotFoundError as problem:
        raise FeedError(f"the feed {path} ({kind}) is missing: fetch it, or correct its path") from problem
    except OSError as problem:
        raise FeedError(f"the feed {path} ({kind}) cannot be read: {problem.strerror or problem}") from problem
    return feed


def _indexed(kind: str, path: str, sha256: str, cache: str) -> Feed:
    """The index of a feed. What a file of debsecan is about is said by its name alone."""
    name = f"{kind}-{debsecan.suite(path)}" if kind == "debsecan" else kind
    before = _state(path)
    found, parsed = index.opened(os.path.join(cache, f"{name}-{sha256}-{index.VERSION}.sqlite"), lambda: PARSERS[kind](path))
    if parsed and _state(path) != before:
        raise FeedError("was changed while it was read: put it in its place in one step, with mv")
    written = datetime.fromtimestamp(_written(path), timezone.utc).date().isoformat()
    stated = found.about["date"]
    return Feed(kind, path, sha256, stated or written, "content" if stated else "file", found, parsed)


def _files(path: str) -> list[str]:
    """The files of a feed; what a reader could wait for, or read without end, is none."""
    files = osv.members(path) if os.path.isdir(path) else [path]
    if len(files) > _MOST_FILES:
        raise FeedError(f"is a directory of more than {_MOST_FILES} files: use the zip file of its records")
    for name in files:
        if not stat.S_ISREG(os.stat(name).st_mode):
            raise FeedError(
                f"has {name!r}, which is not a regular file: put a file in its place" if name != path else "is not a regular file: name one"
            )
    return files


def _state(path: str) -> list[list[int | str]]:
    """What is another one after a feed was replaced or written to."""
    status = [(name, os.stat(name)) for name in _files(path)]
    return [[name, found.st_size, found.st_mtime_ns, found.st_ino] for name, found in status]


def _written(path: str) -> float:
    return max((os.path.getmtime(name) for name in _files(path)), default=os.path.getmtime(path))


def _digest(path: str, cache: str) -> str:
    """The digest of a feed's content, which is taken anew only when the feed has changed since."""
    memory = os.path.join(cache, f"digest-{hashlib.sha256(path.encode()).hexdigest()[:32]}.json")
    with index.locked(memory):
        state = _state(path)
        try:
            with open(memory, encoding="utf-8") as stream:
                known = json.load(stream)
            if known["state"] == state:
                return known["sha256"]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            pass
        found = _hashed(path)
        atomic.write(memory, json.dumps({"state": state, "sha256": found}), 0o644)
    return found


def _hashed(path: str) -> str:
    """SHA-256 of a file; of a directory that of the list of its files with theirs, as sha256sum(1) writes it."""
    if os.path.isdir(path):
        lines = "".join(f"{_hashed(member)}  {os.path.basename(member)}\n" for member in osv.members(path))
        return hashlib.sha256(lines.encode()).hexdigest()
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
