# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The alerts of Prometheus, from its rules files or from itself: are those there that a site asks for?"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record
from ansible_collections.hygeia.golden.plugins.module_utils.proofs.records import live_record
from ansible_collections.hygeia.golden.plugins.module_utils.proofs.web import Asking, Unanswered, fetched

COMPARISONS = ("<", "<=", "==", "!=", ">=", ">")
_CONTROL = "monitoring-alerts-configured"
_COMPARED = re.compile(r"(<=|>=|==|!=|<|>)\s*(?:bool\s*)?\(?\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?![\w.])(?!\s*[-+*/%^])")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}

# Of an alert: its expression, the seconds that it waits, and what is wrong with it.
Rule = tuple[str, float, str]
Alerts = dict[str, list[Rule]]


def from_prometheus(url: str, timeout: float, how: Asking) -> list[dict[str, Any]]:
    """The groups of rules that Prometheus itself has loaded (its HTTP API, /api/v1/rules)."""
    try:
        return json.loads(fetched(f"{url.rstrip('/')}/api/v1/rules", timeout, **how))["data"]["groups"]
    except (ValueError, KeyError, TypeError) as problem:
        raise Unanswered("what answers there is not Prometheus") from problem


def alerts(groups: Sequence[dict[str, Any]]) -> Alerts:
    """Alerts by their name, as files and as Prometheus itself write them: {name: [(expression, seconds, trouble)]}."""
    found: Alerts = {}
    for rule in (rule for group in groups or [] for rule in group.get("rules") or []):
        if "alert" in rule:
            found.setdefault(rule["alert"], []).append((str(rule.get("expr", "")), seconds(rule.get("for") or 0), ""))
        elif rule.get("type") == "alerting":
            trouble = rule.get("lastError", "") if rule.get("health") == "err" else ""
            found.setdefault(rule["name"], []).append((rule.get("query", ""), float(rule.get("duration") or 0), trouble))
    return found


def evaluated(found: Alerts, wanted: Sequence[dict[str, Any]], read_from: str) -> Record:
    """One record for all alerts that are asked for."""
    wrong = {each["alert"]: message for each in wanted if (message := _wrong(each, found.get(each["alert"], [])))}
    expected = {each["alert"]: _asked(each) for each in wanted}
    observed = {name: "; ".join(_said(rule) for rule in found.get(name, [])) or None for name in expected}
    return live_record(_CONTROL, expected, observed, read_from, "; ".join(wrong.values()))


def unread(wanted: Sequence[dict[str, Any]], read_from: str, problem: Unanswered) -> Record:
    """Alerts of which nobody can say whether they are there wake nobody."""
    expected = {each["alert"]: _asked(each) for each in wanted}
    return live_record(_CONTROL, expected, None, read_from, f"the alerts cannot be read: {problem}")


def seconds(text: str | int) -> float:
    """How long ``1h30m`` is."""
    if isinstance(text, (int, float)):
        return float(text)
    return float(sum(int(number) * _SECONDS[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdwy])", text)))


def _wrong(wanted: dict[str, Any], rules: Sequence[Rule]) -> str:
    """The last error when none of the rules of that name is as wanted."""
    error = f"there is no alert {wanted['alert']}: add a rule for it"
    for rule in rules:
        error = _problem(wanted, *rule)
        if not error:
            return ""
    return error


def _problem(wanted: dict[str, Any], expression: str, lasting: float, trouble: str) -> str:
    name, threshold = wanted["alert"], wanted.get("threshold")
    if trouble:
        return f"Prometheus cannot evaluate the alert {name}: {trouble}"
    compared = [(sign, float(number)) for sign, number in _COMPARED.findall(expression)]
    if threshold is not None and (wanted["comparison"], float(threshold)) not in compared:
        return f"the alert {name} does not compare {wanted['comparison']} {threshold:g}, it says {' '.join(expression.split())}: give it this threshold"
    if wanted.get("for") and lasting > seconds(wanted["for"]):
        return f"the alert {name} waits for {lasting:g} s, and shall wait for {wanted['for']} at most"
    return ""


def _asked(wanted: dict[str, Any]) -> str:
    threshold = f"{wanted['comparison']} {wanted['threshold']:g}" if wanted.get("threshold") is not None else "there"
    return f"{threshold} for {wanted['for']} at most" if wanted.get("for") else threshold


def _said(rule: Rule) -> str:
    expression, lasting, unused_trouble = rule
    return f"{' '.join(expression.split())}{f' for {lasting:g} s' if lasting else ''}"
