# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Adding a run to the store from the evidence that it left, which the role does at its end and which can be done later."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.signing import history, verification
from ansible_collections.hygeia.golden.plugins.module_utils.signing.program import SigningError
from ansible_collections.hygeia.golden.plugins.module_utils.signing.verification import MANIFEST
from ansible_collections.hygeia.golden.plugins.module_utils.util.masking import masked
from ansible_collections.hygeia.golden.plugins.module_utils.util.readable import readable_throughout
from ansible_collections.hygeia.golden.plugins.plugin_utils.store import parquet
from ansible_collections.hygeia.golden.plugins.plugin_utils.store.engine import StoreError
from ansible_collections.hygeia.golden.plugins.plugin_utils.store.rows import rows

if TYPE_CHECKING:
    import duckdb

RESULTS = "results.json"


def loaded(database: duckdb.DuckDBPyConnection, store: str, path: str, ours: bool = False) -> list[str]:
    """Write the files of the run whose evidence is in a directory; what somebody else may have written is masked anew."""
    content = _content(path, MANIFEST)
    try:
        manifest = {**verification.parsed(content), **_json(content)}
        results = _json(_content(path, RESULTS, manifest["files"][RESULTS]["sha256"]))
        if not ours:
            manifest, results = readable_throughout(masked(manifest)), readable_throughout(masked(results))
        run = "/".join(os.path.abspath(path).split(os.sep)[-2:])
        found = rows(run, manifest, results, hashlib.sha256(content).hexdigest())
    except SigningError as problem:
        raise StoreError(f"{path}: {problem}") from problem
    except (AttributeError, LookupError, TypeError, ValueError, RecursionError) as problem:
        if isinstance(problem, StoreError):
            raise
        raise StoreError(f"{path}: its {MANIFEST} or {RESULTS} is damaged or of another release") from problem
    return parquet.written(database, store, found)


def missing(database: duckdb.DuckDBPyConnection, evidence: str) -> list[str]:
    """The directories of runs whose evidence is there and that the store does not have."""
    known = {run for (run,) in database.execute("SELECT DISTINCT run FROM runs").fetchall()}
    try:
        return [os.path.join(evidence, name) for name in history.runs(evidence) if name not in known]
    except SigningError as problem:
        raise StoreError(str(problem)) from problem


def _content(directory: str, name: str, sha256: str | None = None) -> bytes:
    try:
        content = verification.read(directory, name)
    except SigningError as problem:
        raise StoreError(str(problem)) from problem
    if sha256 and hashlib.sha256(content).hexdigest() != sha256:
        raise StoreError(f"{directory}: its {name} is not the one that its {MANIFEST} lists")
    return content


def _json(content: bytes) -> dict[str, Any]:
    return dict(json.loads(content))
