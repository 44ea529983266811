# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""DuckDB, which writes and reads the Parquet files of the store: a library in this process, without a server and without the network."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import duckdb

# What would be a pattern in the name of a file.
_PATTERN = re.compile(r"[*?\[\]{}]")


class StoreError(ValueError):
    """What keeps the store from being written or read, in a sentence."""


def available() -> Any:
    """The library, or a sentence that says how to get it."""
    try:
        import duckdb
    except ImportError as problem:
        raise StoreError(
            "the evidence store needs the Python package duckdb on the controller: install what requirements.txt names"
        ) from problem
    return duckdb


@contextlib.contextmanager
def connected(threads: int | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory that loads no extension from anywhere; what does not fit into memory is in a directory of nobody else."""
    library = available()
    with tempfile.TemporaryDirectory(prefix="hygeia-store-") as scratch:
        settings: dict[str, Any] = {"autoinstall_known_extensions": False, "autoload_known_extensions": False, "temp_directory": scratch}
        if threads:
            settings["threads"] = threads
        with library.connect(config=settings) as database:
            yield database


def quoted(text: str) -> str:
    """A text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def quoted_name(name: str) -> str:
    """A name of a column, which may be a word of SQL."""
    return f'"{name}"'


def plain(path: str) -> str:
    """The same path, if it means itself wherever a pattern may stand."""
    if _PATTERN.search(path):
        raise StoreError(f"{path} cannot be the evidence store, since its name has one of * ? [ ] {{ }}: choose another directory")
    return path
