# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A site's policy of deadlines, and what it says of vulnerabilities that are open."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.control import each
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import SEVERITIES, shown
from ansible_collections.hygeia.golden.plugins.plugin_utils.patching.patch_plan import NO_FIX, Vulnerability
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import waivers as site_waivers
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry, PolicyError

ON_TIME, DUE, OVERDUE, WAIVED = "on_time", "due", "overdue", "waived"
# The check that stands for one vulnerability on one host, which a waiver may name.
OPEN = "patch-open-"
_MOST_DAYS = 36500
_FIELDS = ("name", "severity", "kev", "epss", "exposure", "criticality", "days")

# A site's rules on the days that a vulnerability may stay open, and its names for exposure and criticality.
DeadlinePolicy = dict[str, Any]


def dated(
    vulnerabilities: Sequence[Vulnerability],
    policy: DeadlinePolicy,
    waivers: Iterable[Entry],
    host: str,
    today: str,
    exposure: str,
    criticality: str,
) -> list[Vulnerability]:
    """Each vulnerability with ``due``, ``status``, ``days_left``, ``clock_started``, ``rule`` and ``waiver``."""
    problems = list(mistakes(policy)) or list(_unknown(policy, exposure=exposure, criticality=criticality))
    if problems:
        raise PolicyError(*problems)
    about = {"exposure": exposure, "criticality": criticality}
    known = [
        waiver if "hosts" in waiver else {"control": waiver["id"], "hosts": "*", **waiver["waiver"]}
        for waiver in waivers
        if "hosts" in waiver or waiver.get("waiver")
    ]
    return [
        _dated(entry, policy, site_waivers.find(known, [OPEN + entry["id"], OPEN + "*"], host, today), today, about)
        for entry in vulnerabilities
    ]


def _dated(
    entry: Vulnerability, policy: DeadlinePolicy, waiver: dict[str, Any] | None, today: str, about: Mapping[str, str]
) -> Vulnerability:
    rule = _strictest(entry, policy["rules"], about)
    started = None if entry["state"] == NO_FIX else max(filter(None, [entry["identified"], entry["fix_available"]]))
    due = (date.fromisoformat(started) + timedelta(days=rule["days"])).isoformat() if started and rule["days"] is not None else None
    left = (date.fromisoformat(due) - date.fromisoformat(today)).days if due else None
    return {
        **entry,
        "due": due,
        "days_left": left,
        "clock_started": started,
        "rule": rule["name"],
        "waiver": waiver,
        "status": _status(entry, left, waiver, policy.get("due_within", 0)),
    }


def _status(entry: Vulnerability, left: int | None, waiver: dict[str, Any] | None, soon: int) -> str:
    if waiver and not waiver["expired"]:
        return WAIVED
    if entry["state"] == NO_FIX:
        return NO_FIX
    if left is None:
        return ON_TIME
    return OVERDUE if left < 0 else DUE if left <= soon else ON_TIME


def _strictest(entry: Vulnerability, rules: Iterable[dict[str, Any]], about: Mapping[str, str]) -> dict[str, Any]:
    """Of the rules that fit the one that leaves the fewest days; every severity has one, or the policy is refused."""
    fitting = [rule for rule in rules if _fits(rule, {**entry, **about})]
    return min(fitting, key=lambda rule: float("inf") if rule["days"] is None else rule["days"])


def _fits(rule: dict[str, Any], about: Mapping[str, Any]) -> bool:
    return (
        all(about[field] in each(rule[field]) for field in ("severity", "exposure", "criticality") if field in rule)
        and ("kev" not in rule or about["kev"] == rule["kev"])
        and ("epss" not in rule or (about["epss"] or 0) >= rule["epss"])
    )


def mistakes(policy: Any) -> Iterator[str]:
    """What is wrong with a policy, one sentence each."""
    if not isinstance(policy, dict):
        yield "patch_deadlines: it is not a mapping; write one with a list of rules."
        return
    if not isinstance(policy.get("rules"), list) or not policy["rules"]:
        yield "patch_deadlines: there are no rules; write a list of rules with a name and days."
        return
    if not all(isinstance(rule, dict) for rule in policy["rules"]):
        yield "patch_deadlines: rules: each is a mapping with a name and days; write it so."
        return
    known = {"severity": SEVERITIES, **{field: each(policy.get(field)) for field in ("exposure", "criticality")}}
    for number, rule in enumerate(policy["rules"], 1):
        here = f"patch_deadlines: rules: number {number}"
        yield from (f"{here}: there is no field {field}; use {', '.join(_FIELDS)}." for field in rule if field not in _FIELDS)
        yield from (f"{here}: it has no {field}; add it." for field in ("name", "days") if field not in rule)
        days = rule.get("days")
        if days is not None and (not isinstance(days, int) or isinstance(days, bool) or not 0 <= days <= _MOST_DAYS):
            yield f"{here}: days: {shown(days)} is not a number of days; write 0 to {_MOST_DAYS}, or null for no deadline."
        epss = rule.get("epss", 0)
        if not isinstance(epss, (int, float)) or isinstance(epss, bool) or not 0 <= epss <= 1:
            yield f"{here}: epss: {shown(epss)} is not a probability; write 0 to 1."
        for field, values in known.items():
            given = rule.get(field)
            if not isinstance(given, (str, list, type(None))):
                yield f"{here}: {field}: {shown(given)} is not a name; write one, or a list of names."
                continue
            wrong = [value for value in each(given) if value not in values]
            yield from (
                f"{here}: {field}: there is no {value}; use {', '.join(values) or f'one of a list {field} of the policy'}."
                for value in wrong
            )
    plain = [rule.get("severity") for rule in policy["rules"] if not set(rule) - {"name", "severity", "days"}]
    general = [severity for given in plain if isinstance(given, (str, list, type(None))) for severity in each(given) or SEVERITIES]
    for severity in SEVERITIES:
        if severity not in general:
            yield f"patch_deadlines: rules: none is for every vulnerability of severity {severity}; add one with its days, or null for no deadline."


def _unknown(policy: DeadlinePolicy, **about: str) -> Iterator[str]:
    for field, value in about.items():
        values = each(policy.get(field))
        if values and value not in values:
            yield f"patch_{field}: {value} is none that the policy of deadlines knows; use {', '.join(values)}."
