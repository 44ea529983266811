# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The Parquet files that one run adds to the store. Nothing is shared with another run, so nobody waits for anybody.

STORE/v1/kind=records/day=2026-11-30/HOST-DIGEST.parquet
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.util.atomic import make_directory, sync_directory
from ansible_collections.hygeia.golden.plugins.plugin_utils.store.engine import StoreError, available, plain, quoted, quoted_name
from ansible_collections.hygeia.golden.plugins.plugin_utils.store.rows import Row
from ansible_collections.hygeia.golden.plugins.plugin_utils.store.schema import KINDS, RUNS, VERSION

if TYPE_CHECKING:
    import duckdb

SUFFIX = ".parquet"
_ODD = re.compile(r"[^A-Za-z0-9.-]+")
_DAY = re.compile(r"day=(\d{4}-\d{2}-\d{2})", re.A)
_MODE = 0o640


def written(database: duckdb.DuckDBPyConnection, store: str, found: Mapping[str, Sequence[Row]]) -> list[str]:
    """Write the rows of one run, as rows.rows() makes them, in the place of those that it had; returns the files."""
    (about,) = found[RUNS]
    name, day = _name(about["host"], about["run"]), (about["started"] or about["ended"])[:10]
    paths = []
    try:
        for kind in KINDS:
            target = os.path.join(partition(store, kind, day), name)
            if found[kind]:
                _write(database, kind, found[kind], target)
                paths.append(target)
            elif os.path.lexists(target):
                os.unlink(target)
    except available().Error as problem:
        raise StoreError(f"DuckDB cannot write {store}: {str(problem).splitlines()[0]}") from problem
    return paths


def partition(store: str, kind: str, day: str) -> str:
    """The directory of a kind and day, named as engines find partitions."""
    return os.path.join(plain(os.path.abspath(store)), f"v{VERSION}", f"kind={kind}", f"day={day}")


def partitions(store: str, kind: str) -> dict[str, str]:
    """The directories of a kind by their days, in order; what is no partition is left alone."""
    parent = os.path.dirname(partition(store, kind, ""))
    try:
        names = sorted(os.listdir(parent))
    except FileNotFoundError:
        return {}
    return {found[1]: os.path.join(parent, name) for name in names for found in [_DAY.fullmatch(name)] if found}


def files(directory: str) -> list[str]:
    """The names of the whole files of a partition."""
    return sorted(name for name in os.listdir(directory) if name.endswith(SUFFIX) and not name.startswith("."))


def _name(host: str, run: str) -> str:
    """The name of a run's file: the host for people, and a digest to tell runs apart."""
    return f"{_ODD.sub('_', host).lstrip('.')[:80]}-{hashlib.sha256(run.encode()).hexdigest()[:16]}{SUFFIX}"


def _write(database: duckdb.DuckDBPyConnection, kind: str, found: Sequence[Row], target: str) -> None:
    columns = KINDS[kind]
    make_directory(os.path.dirname(target))
    shape = json.dumps([columns])
    database.execute(f"CREATE OR REPLACE TEMP TABLE entries ({', '.join(f'{quoted_name(name)} {sort}' for name, sort in columns.items())})")
    database.execute(
        f"INSERT INTO entries SELECT {', '.join(f'entry.{quoted_name(name)}' for name in columns)} "
        f"FROM (SELECT unnest(from_json(?::JSON, {quoted(shape)})) AS entry)",
        [json.dumps(found, ensure_ascii=False)],
    )
    copied(database, "SELECT * FROM entries", target)


def copied(database: duckdb.DuckDBPyConnection, query: str, target: str) -> None:
    """Write what a query answers as a file, which appears when it is whole and on the disk."""
    temporary = os.path.join(os.path.dirname(target), f".{os.path.basename(target)}.{os.getpid()}.new")
    try:
        database.execute(
            f"COPY ({query}) TO {quoted(temporary)} (FORMAT parquet, COMPRESSION zstd, KV_METADATA {{hygeia_golden_schema: {quoted(str(VERSION))}}})"
        )
        os.chmod(temporary, _MODE)
        handle = os.open(temporary, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        os.replace(temporary, target)
    finally:
        if os.path.lexists(temporary):
            os.unlink(temporary)
    sync_directory(os.path.dirname(target))
