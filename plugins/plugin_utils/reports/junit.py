# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""junit.xml: one suite per stage and one case per record, for the gates of CI systems.

Records of another origin are there when the gate looks at them too, in suites of their own.
A run that did not end well has one more suite with its verdict.
JUnit knows passed, failed, error and skipped alone; what is skipped says in its
message whether it was waived, not checked or not applicable.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import ERROR, FAIL, OURS, PASS, STAGES, Record
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.run import WELL, Run
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.statuses import FAILED

# What XML 1.0 has no way to write.
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def junit(run: Run) -> str:
    root = ElementTree.Element("testsuites", name="hygeia.golden")
    for origin, stage in ((origin, stage) for origin in run["origins"] for stage in STAGES):
        records = [record for record in run["records"] if (record["origin"], record["stage"]) == (origin, stage)]
        if not records:
            continue
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            {
                "name": _text(f"{run['host']} {stage}" if origin == OURS else f"{run['host']} {stage} {origin}"),
                "hostname": _text(run["host"]),
                "timestamp": run["ended"].rstrip("Z"),
                "tests": str(len(records)),
                "failures": str(sum(record["status"] == FAIL for record in records)),
                "errors": str(sum(record["status"] == ERROR for record in records)),
                "skipped": str(sum(record["status"] not in (PASS, FAIL, ERROR) for record in records)),
            },
        )
        for record in records:
            _case(suite, record)
    if run["verdict"] not in WELL:
        _verdict(root, run)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _verdict(root: Element, run: Run) -> None:
    """A run that did not end well fails as such, too: it may be for a reason that no record has."""
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        {
            "name": _text(f"{run['host']} verdict"),
            "hostname": _text(run["host"]),
            "timestamp": run["ended"].rstrip("Z"),
            "tests": "1",
            "failures": "1",
            "errors": "0",
            "skipped": "0",
        },
    )
    case = ElementTree.SubElement(suite, "testcase", {"classname": _text(suite.attrib["name"].replace(" ", ".")), "name": run["verdict"]})
    ElementTree.SubElement(case, "failure", {"message": _text(run["sentence"]), "type": run["severity"]})


def _case(suite: Element, record: Record) -> None:
    name = f"{record['control']}: {record['title']}"
    case = ElementTree.SubElement(suite, "testcase", {"classname": _text(suite.attrib["name"].replace(" ", ".")), "name": _text(name)})
    if record["status"] == PASS:
        return
    if record["status"] in FAILED:
        tag, message = {FAIL: "failure", ERROR: "error"}[record["status"]], record["message"]
    else:
        tag, message = "skipped", f"{record['status'].replace('_', ' ')}: {record['message']}"
    outcome = ElementTree.SubElement(case, tag, {"message": _text(message or "not as wanted"), "type": record["severity"]})
    outcome.text = _text(f"expected: {record['expected']}\nobserved: {record['observed']}\nread from: {record['read_from']}")


def _text(value: str) -> str:
    return _UNWRITABLE.sub("\N{REPLACEMENT CHARACTER}", str(value))
