# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""XCCDF results as records."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import IO, Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import (
    ERROR,
    FAIL,
    NOT_APPLICABLE,
    NOT_CHECKED,
    OPENSCAP,
    PASS,
    Record,
    record,
)
from ansible_collections.hygeia.golden.plugins.module_utils.openscap.content import local
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, words_of

# Each result of XCCDF 1.2 with the status that it becomes, and what there is to say where the status does not say it.
STATUS = {
    "pass": (PASS, ""),
    "fixed": (PASS, "it failed at first, and oscap fixed it"),
    "fail": (FAIL, ""),
    "error": (ERROR, "oscap could not carry the check out"),
    "unknown": (ERROR, "oscap came to no result"),
    "notapplicable": (NOT_APPLICABLE, ""),
    "notchecked": (NOT_CHECKED, "oscap has no check for it that it can carry out"),
    "informational": (NOT_CHECKED, "it informs, and judges nothing"),
}
# XCCDF knows no critical, and leaves some rules unrated.
SEVERITY = {"info": "low", "low": "low", "medium": "medium", "high": "high"}
# References are recognised by where they point; these are shown, under names that are no framework of ours.
FRAMEWORKS = (
    ("cisecurity.org/benchmark", "CIS benchmark"),
    ("800-53", "NIST SP 800-53"),
    ("general-purpose-os", "DISA SRG"),
    ("stig-viewer", "DISA STIG"),
    ("title45", "HIPAA, as the content tags it"),
)

# Says of an OVAL definition what it asks of a running system.
Asks = Callable[[str], Iterable[str]]


def records(results: IO[bytes], stage: str, read_from: str, asks: Asks) -> list[Record]:
    """One record for each rule that was selected.

    ``asks`` says of an OVAL definition what it asks of a running system: what asks for any of that and does not look at
    one has found out about the build host, so that its result means nothing.
    """
    rules: dict[str, dict[str, Any]] = {}
    found: list[Record] = []
    for unused_event, element in ElementTree.iterparse(results):
        name = local(element)
        if name == "Rule":
            rules[element.get("id", "")] = {"title": _title(element), "references": _references(element)}
            element.clear()
        elif name == "rule-result" and _text(element, "result") != "notselected":
            found.append(_record(element, rules, stage, read_from, asks))
    return found


def _record(element: Element, rules: dict[str, dict[str, Any]], stage: str, read_from: str, asks: Asks) -> Record:
    rule = element.get("idref", "")
    status, message = STATUS.get(_text(element, "result"), STATUS["unknown"])
    running = sorted({thing for check in _definitions(element) for thing in asks(check)}) if stage == "offline" else []
    if running and status != NOT_APPLICABLE:
        status, message = NOT_CHECKED, f"it asks for {' and '.join(running)}, which only a running system has"
    if status in (FAIL, ERROR):
        said = [_flat(child.text) for child in element if local(child) == "message" and child.text]
        message = "; ".join(filter(None, [message, *said]))
    return {
        **record(f"openscap:{rule}", status, stage, read_from=read_from, message=message),
        "title": rule,
        "references": {},
        **rules.get(rule, {}),
        "severity": SEVERITY.get(element.get("severity", ""), "medium"),
        "origin": OPENSCAP,
    }


def _definitions(element: Element) -> list[str]:
    names = (inner.get("name") for inner in element.iter() if local(inner) == "check-content-ref")
    return [name for name in names if name]


def _title(rule: Element) -> str:
    """The title on one line; what is in it may have elements of its own."""
    return next((_flat("".join(child.itertext())) for child in rule if local(child) == "title"), rule.get("id", ""))


def _references(rule: Element) -> dict[str, list[str]]:
    references: dict[str, list[str]] = {}
    for child in rule:
        place = child.get("href", "") if local(child) == "reference" else ""
        name = next((name for part, name in FRAMEWORKS if part in place), None)
        text = (child.text or "").strip(BLANKS)
        if name and text:
            references.setdefault(name, []).append(text)
    return {name: list(dict.fromkeys(references[name])) for unused_part, name in FRAMEWORKS if name in references}


def _text(element: Element, name: str) -> str:
    return next(((child.text or "").strip(BLANKS) for child in element if local(child) == name), "")


def _flat(text: str) -> str:
    return " ".join(words_of(text))
