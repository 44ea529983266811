# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Differences as records, like all others, with what else is known of each under ``drift``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.manifest.document import CATEGORIES
from ansible_collections.hygeia.golden.plugins.module_utils.manifest.selection import FILES
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import FAIL, NOT_CHECKED, PASS, Record, record
from ansible_collections.hygeia.golden.plugins.module_utils.util.readable import readable_throughout
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift.classes import PATCH, Explainer, Explanation
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift.compare import PACKAGES, Comparison, Difference
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift.manifest import Manifest
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift.touched import Touched, references
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import SEVERITIES, joined

LIVE = "live"
CONTROLS = "controls"
AS_IN_IMAGE = "as in the image"
ALL = (*CATEGORIES, FILES, CONTROLS)
_SHOWN = 10


@dataclass(frozen=True)
class Sources:
    """What the records are joined with: the checks, the controls of the host, and what explains a difference."""

    checks: Sequence[Entry]
    controls: Sequence[Entry]
    explainer: Explainer
    host: str


def check_of(category: str) -> str:
    return f"drift-{category.replace('_', '-')}"


def records(comparison: Comparison, now: Manifest, sources: Sources) -> list[Record]:
    """One record for each difference, and one for each category without any, or that could not be compared."""
    touched = Touched(sources.controls)
    versions = {difference.package: difference.now or "" for difference in comparison.differences if difference.category == PACKAGES}
    found = [_of_difference(each, sources.explainer.explain(each, versions), touched, sources) for each in comparison.differences]
    differing = {difference.category for difference in comparison.differences}
    plain = [
        record(check_of(name), PASS, LIVE, AS_IN_IMAGE, AS_IN_IMAGE, _source(name)) for name in comparison.compared if name not in differing
    ]
    plain += [unchecked(name, reason) for name, reason in comparison.unread.items()]
    if now.unread or not now.complete:
        plain.append(unchecked(FILES, _unread_files(now)))
    return readable_throughout(found + joined(plain, sources.checks, sources.host))


def unchecked(category: str, reason: str) -> Record:
    return record(check_of(category), NOT_CHECKED, LIVE, AS_IN_IMAGE, None, _source(category), reason)


def unreachable(reason: str, sources: Sources) -> list[Record]:
    """A machine that does not answer is not unchanged: nothing was compared."""
    return readable_throughout(joined([unchecked(name, reason) for name in ALL], sources.checks, sources.host))


def _unread_files(now: Manifest) -> str:
    if not now.complete:
        return "there are more files than are listed"
    more = f" and {len(now.unread) - _SHOWN} more" if len(now.unread) > _SHOWN else ""
    return f"these directories could not be read: {', '.join(now.unread[:_SHOWN])}{more}"


def _of_difference(difference: Difference, why: Explanation, touched: Touched, sources: Sources) -> Record:
    explained = bool(why.by)
    exact, around = touched.exactly(difference), touched.around(difference)
    ids = list(dict.fromkeys(control["id"] for control in [*exact, *around]))
    plain = record(
        check_of(difference.category),
        PASS if explained else FAIL,
        LIVE,
        {difference.item: difference.was},
        {difference.item: difference.now},
        _source(difference.category),
        _message(difference, why, ids),
    )
    (found,) = joined([plain], sources.checks, sources.host)
    found["references"] = references(exact, found["references"])
    found["severity"] = _severity(found["severity"], why, [*exact, *around])
    waiver = found["waiver"]
    found["drift"] = {
        "category": difference.category,
        "item": difference.item,
        "class": why.name,
        "explained_by": why.by or (f"waiver by {waiver['approver']}: {waiver['reason']}" if waiver and not waiver["expired"] else ""),
        "package": difference.package,
        "files": difference.files,
        "touches": ids,
        "first_seen": "",
        "last_seen": "",
    }
    return found


def _severity(own: str, why: Explanation, controls: Iterable[Mapping[str, Any]]) -> str:
    """What is as an updated package brought it is of little weight; anything else weighs what it touches."""
    if why.name == PATCH:
        return SEVERITIES[0]
    return max([own, *(control["severity"] for control in controls)], key=SEVERITIES.index)


def _message(difference: Difference, why: Explanation, ids: Sequence[str]) -> str:
    sort = "is new" if difference.was is None else "is gone" if difference.now is None else "differs from the image"
    parts = [f"{difference.item} {sort}"]
    if difference.files:
        parts.append(f"{difference.files} files came with it")
    if why.by:
        parts.append(f"explained by {why.by}")
    elif why.name == PATCH:
        parts.append(f"{difference.package} was updated, and no run of this collection recorded that")
    if ids:
        parts.append(f"touches {', '.join(ids[:_SHOWN])}{' and others' if len(ids) > _SHOWN else ''}")
    return "; ".join(parts)


def _source(category: str) -> str:
    return "the results of the audit" if category == CONTROLS else "the manifests of the machine and of its image"
