# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""XCCDF results as records."""

from __future__ import annotations

from xml.etree import ElementTree

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import (
    ERROR, FAIL, NOT_APPLICABLE, NOT_CHECKED, OPENSCAP, PASS, record,
)
from ansible_collections.hygeia.golden.plugins.module_utils.openscap.content import local

# Each result of XCCDF 1.2 with the status that it becomes, and what there is to say where the status does not say it.
STATUS = {
    "pass": (PASS, ""),
    "fixed": (PASS, "it failed at first, and oscap mended it"),
    "fail": (FAIL, ""),
    "error": (ERROR, "oscap could not carry the check out"),
    "unknown": (ERROR, "oscap came to no result"),
    "notapplicable": (NOT_APPLICABLE, ""),
    "notchecked": (NOT_CHECKED, "oscap has no check for it that it can carry out"),
    "informational": (NOT_CHECKED, "it informs, and judges nothing"),
}
# XCCDF knows no critical, and leaves some rules unrated.
SEVERITY = {"info": "low", "low": "low", "medium": "medium", "high": "high"}
# References are told by where they point; these are shown, under names that are no framework of ours.
FRAMEWORKS = (
    ("cisecurity.org/benchmark", "CIS benchmark"),
    ("800-53", "NIST SP 800-53"),
    ("general-purpose-os", "DISA SRG"),
    ("stig-viewer", "DISA STIG"),
    ("title45", "HIPAA, as the content tags it"),
)


def records(results, stage, read_from, asks):
    """One record for each rule that was selected.

    ``asks`` says of an OVAL definition what it asks of a running system: what asks for any of that and does not look at
    one has found out about the build host, so that its result is no result.
    """
    rules, found = {}, []
    for unused_event, element in ElementTree.iterparse(results):
        name = local(element)
        if name == "Rule":
            rules[element.get("id")] = {"title": _title(element), "references": _references(element)}
            element.clear()
        elif name == "rule-result" and _text(element, "result") != "notselected":
            found.append(_record(element, rules, stage, read_from, asks))
    return found


def _record(element, rules, stage, read_from, asks):
    rule = element.get("idref")
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
        "severity": SEVERITY.get(element.get("severity"), "medium"),
        "origin": OPENSCAP,
    }


def _definitions(element):
    return [inner.get("name") for inner in element.iter() if local(inner) == "check-content-ref" and inner.get("name")]


def _title(rule):
    """The title on one line; what is in it may have elements of its own."""
    return next((_flat("".join(child.itertext())) for child in rule if local(child) == "title"), rule.get("id"))


def _references(rule):
    told = {}
    for child in rule:
        place = child.get("href", "") if local(child) == "reference" else ""
        name = next((name for part, name in FRAMEWORKS if part in place), None)
        if name and (child.text or "").strip():
            told.setdefault(name, []).append(child.text.strip())
    return {name: list(dict.fromkeys(told[name])) for unused_part, name in FRAMEWORKS if name in told}


def _text(element, name):
    return next(((child.text or "").strip() for child in element if local(child) == name), "")


def _flat(text):
    return " ".join(text.split())
