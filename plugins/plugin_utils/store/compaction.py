# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One file for a day that is over, in the place of one per run: opening ten thousand files takes longer than reading what is in them."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from datetime import date, timedelta
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.util import atomic, file_lock
from ansible_collections.hygeia.golden.plugins.plugin_utils.store.engine import quoted, quoted_name
from ansible_collections.hygeia.golden.plugins.plugin_utils.store.parquet import SUFFIX, copied, files, partitions
from ansible_collections.hygeia.golden.plugins.plugin_utils.store.schema import KINDS

if TYPE_CHECKING:
    import duckdb

# A run that began yesterday may still be going on.
SETTLED = timedelta(days=2)
_JOURNAL = ".merging.json"
_PATIENCE = 600.0


@contextlib.contextmanager
def held(store: str) -> Iterator[None]:
    """The store for one that merges or reads it all at a time; runs that add to it do not wait."""
    os.makedirs(store, mode=0o750, exist_ok=True)
    with file_lock.held(os.path.join(store, ".lock"), _PATIENCE):
        yield


def compacted(database: duckdb.DuckDBPyConnection, store: str, today: str) -> int:
    """Merge the files of each day that is over; returns how many files are gone. Whoever calls it holds the store."""
    limit, gone = (date.fromisoformat(today) - SETTLED).isoformat(), 0
    for kind in KINDS:
        for day, directory in partitions(store, kind).items():
            if day <= limit:
                gone += _settle(directory)
                gone += _merge(database, kind, directory)
    return gone


def _merge(database: duckdb.DuckDBPyConnection, kind: str, directory: str) -> int:
    names = files(directory)
    if len(names) < 2:
        return 0
    target = f"merged-{hashlib.sha256(chr(0).join(names).encode()).hexdigest()[:16]}{SUFFIX}"
    atomic.write(os.path.join(directory, _JOURNAL), json.dumps({"target": target, "sources": names}), 0o640)
    paths = ", ".join(quoted(os.path.join(directory, name)) for name in names)
    columns = ", ".join(map(quoted_name, KINDS[kind]))
    # A run that was written again after a merge is there twice: the later one counts.
    database.execute(f"CREATE OR REPLACE TEMP VIEW merging AS SELECT {columns} FROM read_parquet([{paths}], hive_partitioning = false)")
    copied(
        database,
        "SELECT * FROM merging SEMI JOIN (SELECT run, max(ended) AS ended FROM merging GROUP BY run) AS newest USING (run, ended)",
        os.path.join(directory, target),
    )
    return _settle(directory)


def _settle(directory: str) -> int:
    """Remove what a merged file took the place of, also for a merge that was killed before it came to that."""
    journal = os.path.join(directory, _JOURNAL)
    try:
        with open(journal, encoding="utf-8") as stream:
            known = json.load(stream)
    except (FileNotFoundError, ValueError):
        return 0
    removed = 0
    if os.path.exists(os.path.join(directory, known["target"])):
        for name in known["sources"]:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(os.path.join(directory, os.path.basename(name)))
                removed += 1
    os.unlink(journal)
    atomic.sync_directory(directory)
    return removed
