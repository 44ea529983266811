# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The store as tables of a database: a view per kind, with a column ``day`` by which files of other days are not opened."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.plugin_utils.store.engine import quoted, quoted_name
from ansible_collections.hygeia.golden.plugins.plugin_utils.store.parquet import SUFFIX, files, partitions
from ansible_collections.hygeia.golden.plugins.plugin_utils.store.schema import KINDS

if TYPE_CHECKING:
    import duckdb


def attached(database: duckdb.DuckDBPyConnection, store: str, since: str) -> None:
    """Make the views, of the days since one."""
    for kind, columns in KINDS.items():
        days = [directory for day, directory in partitions(store, kind).items() if day >= since and files(directory)]
        if days:
            globs = ", ".join(quoted(os.path.join(directory, f"*{SUFFIX}")) for directory in days)
            query = f"FROM read_parquet([{globs}], hive_partitioning = true, hive_types = {{day: DATE, kind: VARCHAR}})"
        else:
            empty = ", ".join(f"NULL::{sort} AS {quoted_name(name)}" for name, sort in columns.items())
            query = f"SELECT {empty}, NULL::DATE AS day, NULL::VARCHAR AS kind WHERE false"
        database.execute(f"CREATE OR REPLACE TEMP VIEW {kind} AS {query}")
