# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The index of a feed: an SQLite file named by the digest of what it was made from, and made once however many ask for it."""

from __future__ import annotations

import contextlib
import fcntl
import gc
import glob
import json
import os
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Iterator

from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds import bounded_process
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import Claim, Facts, Parsed

# An index that was made by another version of the parsers does not serve.
VERSION = 2
# Days after which an index that nobody asked is removed.
_KEPT = 7
_AT_ONCE = 500
_TABLES = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE claims (scope TEXT, package TEXT, claims TEXT, PRIMARY KEY (scope, package)) WITHOUT ROWID;
CREATE TABLE facts (id TEXT PRIMARY KEY, facts TEXT) WITHOUT ROWID;
"""


class Index:
    """What is asked of one feed."""

    def __init__(self, path: str) -> None:
        self._database = sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)
        self.about = {name: json.loads(value) for name, value in self._database.execute("SELECT name, value FROM about")}
        os.utime(path)

    def claims(self, scopes: Collection[str], packages: Iterable[str]) -> Iterator[tuple[str, Claim]]:
        """Each claim about these packages in these scopes, with the package's name."""
        marks = ", ".join("?" * len(scopes))
        for some in _portions(packages):
            asked = f"SELECT package, claims FROM claims WHERE scope IN ({marks}) AND package IN ({', '.join('?' * len(some))})"
            for package, claims in self._database.execute(asked, (*scopes, *some)):
                yield from ((package, claimed) for claimed in json.loads(claims))

    def facts(self, ids: Iterable[str]) -> dict[str, Facts]:
        """What is known of these vulnerabilities, by their ids."""
        found: dict[str, Facts] = {}
        for some in _portions(ids):
            asked = f"SELECT id, facts FROM facts WHERE id IN ({', '.join('?' * len(some))})"
            found.update((identifier, json.loads(facts)) for identifier, facts in self._database.execute(asked, some))
        return found


def _portions(names: Iterable[str]) -> Iterator[list[str]]:
    names = sorted(names)
    return (names[start : start + _AT_ONCE] for start in range(0, len(names), _AT_ONCE))


@contextlib.contextmanager
def locked(path: str) -> Iterator[None]:
    """Nobody else is in here with the same path, in this process or another; the lock ends with the process that has it."""
    with open(f"{path}.lock", "w", encoding="ascii") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def opened(path: str, parse: Callable[[], Parsed]) -> tuple[Index, bool]:
    """The index at a path, and whether it had to be made by calling ``parse``; one that is damaged is made again."""
    with locked(path):
        with contextlib.suppress(sqlite3.Error, ValueError):
            return Index(path), False
        bounded_process.run(lambda: _made(path, parse))
        _tidy(os.path.dirname(path))
        return Index(path), True


def _made(path: str, parse: Callable[[], Parsed]) -> None:
    """Looking for garbage among millions of small things that are all needed takes longer than reading them."""
    gc.disable()
    _write(path, parse())


def _write(path: str, parsed: Parsed) -> None:
    """Make an index beside its place and move it there whole."""
    temporary = f"{path}.new"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(temporary)
    with contextlib.closing(sqlite3.connect(temporary, isolation_level=None)) as database:
        # What is not moved into place is thrown away, so nothing has to survive a crash.
        database.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; {_TABLES} BEGIN;")
        about = {"date": parsed.date, "entries": parsed.entries, "scopes": sorted(parsed.claims)}
        database.executemany("INSERT INTO about VALUES (?, ?)", ((name, json.dumps(value)) for name, value in about.items()))
        database.executemany(
            "INSERT INTO claims VALUES (?, ?, ?)",
            (
                (scope, package, _dumped(claims))
                for scope, packages in sorted(parsed.claims.items())
                for package, claims in sorted(packages.items())
            ),
        )
        database.executemany(
            "INSERT INTO facts VALUES (?, ?)", ((identifier, _dumped(facts)) for identifier, facts in sorted(parsed.facts.items()))
        )
        database.execute("COMMIT")
    os.replace(temporary, path)


_dumped = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


def _tidy(directory: str) -> None:
    """Remove what nobody has asked for days."""
    for path in glob.glob(os.path.join(glob.escape(directory), "*.sqlite")):
        with contextlib.suppress(FileNotFoundError):
            if os.path.getmtime(path) < time.time() - _KEPT * 86400:
                os.unlink(path)
