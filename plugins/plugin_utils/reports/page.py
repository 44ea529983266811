# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""report.html: one page for people, from a template; this is what the template sees.

On a screen every control opens; on paper failures are whole and the rest is a
table. A small script, the only one that the page lets run, filters the controls.
"""

from __future__ import annotations

import base64
import difflib
import hashlib
import os
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import (
    ERROR,
    FAIL,
    NOT_APPLICABLE,
    NOT_CHECKED,
    OURS,
    PASS,
    WAIVED,
    Record,
)
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import checks
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.areas import area_of
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports import documentation, manifest, portability, words
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.previous import BETTER, CHANGED, DIFFERENCES, GONE, NEW, WORSE
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.run import Run
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.vulnerabilities import URGENCY_ORDER, status
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.coverage import FAILING, NOT_SERVED, OUT_OF_REACH, STATES
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import SEVERITIES, by_control, ours, verdict
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.statuses import COUNTED, FAILED
from ansible_collections.hygeia.golden.plugins.plugin_utils.run_directory import run_directory
from jinja2 import Environment, FileSystemBytecodeCache, FileSystemLoader, StrictUndefined
from markupsafe import Markup

# Whose citations are shown with their headings; those of others, of which a control may have many, by their numbers.
IN_WORDS = ("hipaa", "nist_800_53")
# How the Security Rule is divided.
SECTIONS = {
    "164.308": "Administrative safeguards",
    "164.310": "Physical safeguards",
    "164.312": "Technical safeguards",
    "164.314": "Organizational requirements",
    "164.316": "Policies, procedures and documentation",
}
# The order of statuses: what needs somebody first.
STATUS_ORDER = (FAIL, ERROR, WAIVED, NOT_CHECKED, PASS, NOT_APPLICABLE)
# Of what failed so much is open when the page is; the rest opens.
OPEN = 12
# Of what is different since the run before so much is shown of each sort; the rest is in results.json.
MOST_DIFFERENCES = {WORSE: 40, BETTER: 40, CHANGED: 12, NEW: 12, GONE: 12}
# More lines of one file's difference than this help nobody on a page.
LONGEST_DIFF = 200


def page(run: Run, template: str) -> str:
    """The page as text. ``template`` is the path of a Jinja template; every value is escaped."""
    script = own_script(template)
    environment = Environment(
        loader=FileSystemLoader(os.path.dirname(template)),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        bytecode_cache=compiled(),
    )
    environment.filters.update(shown=shown, day=day, moment=moment, size=size, heading=words.heading, area_title=words.area_title)
    return environment.get_template(os.path.basename(template)).render(view(run), script=Markup(script), script_digest=digest(script))


def compiled() -> FileSystemBytecodeCache | None:
    """Templates that another task of this run has compiled, which is a fifth of what a page takes."""
    directory = run_directory()
    return FileSystemBytecodeCache(directory) if directory else None


def own_script(template: str) -> str:
    """The page's own script, which stands beside its template; a site's template may have none."""
    try:
        with open(os.path.splitext(os.path.splitext(template)[0])[0] + ".js", encoding="utf-8") as stream:
            return stream.read()
    except FileNotFoundError:
        return ""


def digest(script: str) -> str:
    """What a content security policy names the only script by that may run."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def view(run: Run) -> dict[str, Any]:
    """The run, arranged as a reader wants to meet it: what failed first."""
    known = {control["id"]: control for control in [*run["controls"], *run["checks"]]}
    headings = {name: _headings(covered) for name, covered in run["coverage"].items()}
    controls = [
        {**_control(records, known.get(checks.matching(known, name), {}), run), **_citations(_cited(records[0], run), headings)}
        for name, records in by_control(ours(run["records"])).items()
    ]
    worst_first = sorted(controls, key=lambda control: -SEVERITIES.index(control["severity"]))
    return {
        "run": run,
        "open": OPEN,
        "counted": COUNTED,
        "failed": [control for control in worst_first if control["verdict"] in FAILED],
        "unchecked": [control for control in worst_first if NOT_CHECKED in control["by_stage"].values()],
        "waivers": [control for control in worst_first if control["waiver"]],
        "areas": _areas(controls, run["score"]["by_area"]),
        "since": _since(run["since"]),
        "coverage": [_safeguards(run["coverage"][name]) for name in run["frameworks"] if controls and name in run["coverage"]],
        "portability": portability.table(ours(run["records"])),
        "scans": _scans(run["records"]),
        "outcomes": _outcomes(run["outcomes"]),
        "diffs": [_diff(change) for change in run["diffs"] if change["after"]],
        "removed": [change["after_header"] for change in run["diffs"] if not change["after"]],
        "has_patches": bool(run["source"] or run["changes"] or run["pending"] or run["feeds"]),
        "open_by_status": _by_status(run["patches"]["open"]),
        # Stands at the foot of every printed page, as a string of a style sheet, which the environment cannot escape.
        "footline": Markup(re.sub(r"[^A-Za-z0-9 .,:_-]", "?", f"{run['host']}, {moment(run['ended'])}, {run['profile']}")),
        "duration": duration(run["started"], run["ended"]),
        "retention": manifest.RETENTION,
        "retain_until": manifest.retain_until(run["ended"]),
    }


def _control(records: Sequence[Record], control: Entry, run: Run) -> dict[str, Any]:
    """One control with the records of all stages, those that say the same shown once."""
    first = records[0]
    findings: dict[tuple[str, ...], dict[str, Any]] = {}
    for record in records:
        said = (record["status"], str(record["expected"]), str(record["observed"]), record["read_from"], record["message"])
        findings.setdefault(said, {**record, "stages": [], "rows": _rows(record)})["stages"].append(record["stage"])
    return {
        "id": first["control"],
        "title": first["title"],
        "severity": first["severity"],
        "level": first["level"],
        "rationale": control.get("rationale", ""),
        "impact": control.get("impact", ""),
        "area": area_of(first["control"]),
        "docs": documentation.link(run["docs"], first["control"]),
        "waiver": first["waiver"],
        "verdict": verdict(records),
        "by_stage": {record["stage"]: record["status"] for record in records},
        "findings": list(findings.values()),
        "stops": first["control"] in run["failing"],
    }


def _rows(record: Record) -> list[tuple[str, str, str]]:
    """Setting, expected and observed value, one row per setting."""
    expected, observed = record["expected"], record["observed"]
    if isinstance(expected, dict):
        return [(name, shown(value), shown((observed or {}).get(name))) for name, value in expected.items()]
    return [("", shown(expected), shown(observed))] if expected is not None else []


def _cited(record: Record, run: Run) -> dict[str, list[str]]:
    """A record's citations without those of frameworks that are about other systems."""
    return {name: citations for name, citations in record["references"].items() if name not in run["left_out"]}


def _since(since: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What is different since the run before, as far as it helps on a page."""
    if not since:
        return None
    sorts = [(sort, since[sort][: MOST_DIFFERENCES[sort]], len(since[sort])) for sort in DIFFERENCES if since[sort]]
    return {**since, "sorts": sorts, "total": sum(total for unused_sort, unused_rows, total in sorts)}


def _headings(covered: Mapping[str, Any]) -> tuple[str, dict[str, str]]:
    """The name of a framework, and what its citations are about."""
    return covered["title"], {row["citation"]: row["title"] for row in covered["citations"]}


def _citations(references: dict[str, list[str]], headings: Mapping[str, Any]) -> dict[str, Any]:
    """Citations with their headings, and those of other frameworks by the framework's name."""
    return {
        "citations": [
            (citation, headings[name][1].get(citation) or headings[name][0])
            for name in IN_WORDS
            if name in headings
            for citation in references.get(name, ())
        ],
        "also": [(headings.get(name, (name,))[0], references[name]) for name in sorted(references) if name not in IN_WORDS],
    }


def _areas(controls: Sequence[Entry], figures: dict[str, dict[str, int | None]]) -> list[dict[str, Any]]:
    """The controls of each area with the area's figures."""
    grouped: dict[str, list[Any]] = {}
    for control in controls:
        grouped.setdefault(control["area"], []).append(control)
    return [{"name": name, "controls": members, "figures": figures[name]} for name, members in grouped.items()]


def _safeguards(covered: Mapping[str, Any]) -> dict[str, Any]:
    """The citations of one framework in its parts; where a control fails they are open."""
    parts: dict[str, list[Any]] = {}
    for row in covered["citations"]:
        title = SECTIONS.get(row["citation"].partition("(")[0], "")
        controls = sorted(row["controls"], key=lambda control: STATUS_ORDER.index(control["status"]))
        telling = [control for control in controls if control["status"] not in (PASS, NOT_APPLICABLE)]
        parts.setdefault(title, []).append({**row, "telling": telling, "rest": controls[len(telling) :], "open": row["state"] == FAILING})
    served = [row for row in covered["citations"] if row["state"] not in (NOT_SERVED, OUT_OF_REACH)]
    return {
        **covered,
        "parts": [
            {"title": title, "section": rows[0]["citation"].partition("(")[0] if title else "", "rows": rows}
            for title, rows in parts.items()
        ],
        "states": [(state, covered["counts"][state]) for state in STATES if covered["counts"][state]],
        "served": len(served),
    }


def _scans(records: Sequence[Record]) -> list[dict[str, Any]]:
    """What scanners found, a scan at a time: how many rules did what, and the rules by their status."""
    scans: dict[tuple[str, str, str], list[Record]] = {}
    for record in records:
        if record["origin"] != OURS:
            scans.setdefault((record["origin"], record["stage"], record["read_from"]), []).append(record)
    return [
        {
            "origin": origin,
            "stage": stage,
            "read_from": read_from,
            "total": len(found),
            "rules": {
                status: sorted((rule for rule in found if rule["status"] == status), key=lambda rule: -SEVERITIES.index(rule["severity"]))
                for status in STATUS_ORDER
                if any(rule["status"] == status for rule in found)
            },
        }
        for (origin, stage, read_from), found in scans.items()
    ]


def _by_status(still: Sequence[Entry]) -> list[tuple[str, int]]:
    """How many open vulnerabilities stand how to their deadlines."""
    counts = Counter(map(status, still))
    return [(name, counts[name]) for name in URGENCY_ORDER if counts[name]]


def _outcomes(outcomes: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    grouped: dict[str, list[Any]] = {}
    for outcome in outcomes:
        grouped.setdefault(outcome["outcome"], []).append(outcome)
    return grouped


def _diff(change: dict[str, str]) -> dict[str, Any]:
    """One file's difference as lines with their sort."""
    before, after = change["before"].splitlines(), change["after"].splitlines()
    lines = list(difflib.unified_diff(before, after, lineterm="", n=2))[2:]
    sorts = {"+": "added", "-": "removed", "@": "place"}
    marked = [(sorts.get(line[:1], "same"), line) for line in lines]
    return {
        "target": change["after_header"],
        "added": sum(sort == "added" for sort, unused_line in marked),
        "removed": sum(sort == "removed" for sort, unused_line in marked),
        "lines": marked[:LONGEST_DIFF],
        "left_out": max(0, len(marked) - LONGEST_DIFF),
    }


# -- values as a person reads them ---------------------------------------------


def shown(value: object) -> str:
    """A value in a cell: nothing, yes or no, one a line for a list, name and value for a mapping."""
    if value is None or value == "":
        return "not set"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return (
            "\n".join(
                f"{name}: {shown(item)}" if not isinstance(item, list) else f"{name}: {' '.join(map(str, item))}"
                for name, item in value.items()
            )
            or "none"
        )
    if isinstance(value, list):
        return "\n".join(shown(item) for item in value) or "none"
    return str(value)


def day(text: str) -> str:
    """2026-10-09 as 9 October 2026."""
    try:
        when = datetime.strptime(text[:10], "%Y-%m-%d")
    except ValueError:
        return text
    return f"{when.day} {when:%B %Y}"


def moment(text: str) -> str:
    return f"{day(text)}, {text[11:16]} UTC" if text else "not known"


def size(number: float) -> str:
    for unit in ("bytes", "KiB", "MiB", "GiB", "TiB"):
        if number < 1024 or unit == "TiB":
            return f"{number:.0f} {unit}" if unit == "bytes" else f"{number:.1f} {unit}"
        number /= 1024
    return ""


def duration(started: str | None, ended: str) -> str:
    if not started:
        return ""
    seconds = int((_parsed(ended) - _parsed(started)).total_seconds())
    minutes, seconds = divmod(max(0, seconds), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _parsed(text: str) -> datetime:
    return datetime.strptime(text[:19], "%Y-%m-%dT%H:%M:%S")
