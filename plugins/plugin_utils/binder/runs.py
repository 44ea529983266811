# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The evidence of all runs in a directory, read for a binder.

Old evidence is input like any other: it may be of another release, damaged, or of somebody's making. What cannot be read is named in the
binder, and is never taken for a run without a fault.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record
from ansible_collections.hygeia.golden.plugins.module_utils.signing import history, verification
from ansible_collections.hygeia.golden.plugins.module_utils.signing.program import SigningError
from ansible_collections.hygeia.golden.plugins.module_utils.signing.verification import MANIFEST
from ansible_collections.hygeia.golden.plugins.module_utils.util.masking import masked
from ansible_collections.hygeia.golden.plugins.module_utils.util.readable import readable_throughout
from ansible_collections.hygeia.golden.plugins.plugin_utils.binder.period import Period
from ansible_collections.hygeia.golden.plugins.plugin_utils.binder.results import Malformed, Pool, Results

RESULTS = "results.json"
_NAMES = ("host", "ended")


class Unusable(ValueError):
    """Evidence that cannot be read, with the reason."""


@dataclass
class Run:
    """One run; its results are read when somebody asks for them."""

    name: str
    directory: str
    manifest: dict[str, Any]
    sha256: str
    pool: Pool

    @property
    def host(self) -> str:
        return str(self.manifest["host"])

    @property
    def ended(self) -> str:
        return str(self.manifest["ended"])

    @property
    def outcome(self) -> str:
        return str(self.manifest["verdict"]["outcome"])

    @cached_property
    def results(self) -> Results:
        content = _content(self.directory, RESULTS)
        listed = self.manifest["files"].get(RESULTS, {}).get("sha256")
        if hashlib.sha256(content).hexdigest() != listed:
            raise Unusable(f"its {RESULTS} is not the one that its {MANIFEST} lists")
        try:
            return self.pool.results(_json(content, RESULTS))
        except Malformed as problem:
            raise Unusable(f"its {RESULTS} has no records of a form that is known") from problem

    @property
    def records(self) -> list[Record]:
        return self.results.records


@dataclass
class Evidence:
    """The runs of a period by host, in their order, those before it, and what could not be read."""

    within: dict[str, list[Run]] = field(default_factory=dict)
    before: dict[str, list[Run]] = field(default_factory=dict)
    unread: list[dict[str, str]] = field(default_factory=list)

    @property
    def runs(self) -> list[Run]:
        return [run for runs in self.within.values() for run in runs]

    def earlier(self, host: str) -> Iterator[Run]:
        """The runs before the period that can be read, the latest first."""
        for run in reversed(self.before.get(host, ())):
            if not _fault(run):
                yield run


def read(directory: str, period: Period) -> Evidence:
    """All runs of the period, and those before it."""
    found, pool = Evidence(), Pool()
    try:
        names = history.runs(directory)
    except SigningError as problem:
        raise Unusable(str(problem)) from problem
    for name in names:
        try:
            run = _run(directory, name, pool)
        except Unusable as problem:
            found.unread.append({"run": readable_throughout(name), "why": str(problem)})
            continue
        if period.holds(run.ended):
            why = _fault(run)
            if why:
                found.unread.append({"run": run.name, "why": why})
            else:
                found.within.setdefault(run.host, []).append(run)
        elif run.ended[:10] < period.begin:
            found.before.setdefault(run.host, []).append(run)
    for runs in (*found.within.values(), *found.before.values()):
        runs.sort(key=lambda run: (run.ended, run.name))
    found.within = dict(sorted(found.within.items()))
    return found


def _run(directory: str, name: str, pool: Pool) -> Run:
    place = os.path.join(directory, name)
    content = _content(place, MANIFEST)
    try:
        verification.parsed(content)
        manifest = readable_throughout(masked(_json(content, MANIFEST)))
        if all(isinstance(manifest[key], str) for key in _NAMES) and isinstance(manifest["verdict"]["outcome"], str):
            return Run(readable_throughout(name), place, manifest, hashlib.sha256(content).hexdigest(), pool)
    except (KeyError, TypeError, SigningError):
        pass
    raise Unusable(f"its {MANIFEST} is not the manifest of a run")


def _content(directory: str, name: str) -> bytes:
    try:
        return verification.read(directory, name)
    except SigningError as problem:
        raise Unusable(str(problem)) from problem


def _json(content: bytes, name: str) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as problem:
        raise Unusable(f"its {name} is damaged") from problem
    if not isinstance(found, dict):
        raise Unusable(f"its {name} is damaged")
    return found


def _fault(run: Run) -> str:
    """Why the results of a run cannot be used, or an empty string."""
    try:
        unused_results = run.results  # read once, and kept
    except Unusable as problem:
        return str(problem)
    return ""
