# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Why something differs: by a patch, by a rule of the site, by an application that it named, or unexplained."""

from __future__ import annotations

import fnmatch
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.signing.program import SigningError
from ansible_collections.hygeia.golden.plugins.module_utils.signing.verification import MANIFEST, read
from ansible_collections.hygeia.golden.plugins.module_utils.util.path_patterns import matcher
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift.compare import PACKAGES, Difference

PATCH, SITE, APPLICATION, UNEXPLAINED = "patch", "site", "application", "unexplained"
CLASSES = (PATCH, SITE, APPLICATION, UNEXPLAINED)
# As many runs are read as a host has in some years.
_MOST_RUNS = 1000


@dataclass(frozen=True)
class Explanation:
    """The class of a difference, and what explains it: nothing, where nobody has recorded it."""

    name: str
    by: str = ""


class Explainer:
    """Explains differences by the site's rules and by the packages that our own runs changed on this host."""

    def __init__(self, rules: Iterable[Mapping[str, Any]], patched: Mapping[tuple[str, str], str], host: str, today: str) -> None:
        self._patched = patched
        self._rules = [
            (rule, {category: matcher(patterns) for category, patterns in rule["items"].items()})
            for rule in rules
            if rule.get("class") and _holds(rule, host, today)
        ]

    def explain(self, difference: Difference, versions: Mapping[str, str]) -> Explanation:
        """``versions`` are those of the packages that differ now, by name; an empty one of a package that is gone."""
        for rule, matchers in self._rules:
            if difference.category in matchers and matchers[difference.category](difference.item):
                return Explanation(rule["class"], _of_rule(rule))
        if not difference.package:
            return Explanation(UNEXPLAINED)
        run = self._patched.get((difference.package, versions.get(difference.package, "")))
        if run:
            return Explanation(PATCH, f"the packages that the run {run} changed")
        replaced = difference.category != PACKAGES or (difference.was is not None and difference.now is not None)
        return Explanation(PATCH if replaced else UNEXPLAINED)


def _holds(rule: Mapping[str, Any], host: str, today: str) -> bool:
    hosts = any(fnmatch.fnmatchcase(host, pattern) for pattern in rule.get("hosts") or ["*"])
    return hosts and str(rule.get("until") or today) >= today


def _of_rule(rule: Mapping[str, Any]) -> str:
    until = f", until {rule['until']}" if rule.get("until") else ""
    return f"{'change ' + rule['change'] if rule.get('change') else 'rule ' + rule['id']}: {str(rule['reason']).rstrip('.')}{until}"


def patched(directory: str) -> dict[tuple[str, str], str]:
    """The packages that runs changed on a host, by name and new version, with the newest run; from its directory of evidence."""
    try:
        runs = sorted(name for name in os.listdir(directory) if not name.startswith("."))
    except OSError:
        return {}
    found: dict[tuple[str, str], str] = {}
    for run in runs[-_MOST_RUNS:]:
        for change in _changes(os.path.join(directory, run)):
            found[change["package"], change["to"]] = run
    return found


def _changes(path: str) -> Sequence[Mapping[str, str]]:
    try:
        changed = json.loads(read(path, MANIFEST))["packages"]["changed"]
        return [change for change in changed if isinstance(change["package"], str) and isinstance(change["to"], str)]
    except (SigningError, ValueError, KeyError, TypeError, RecursionError):
        return []
