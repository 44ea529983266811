# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The evidence about a system whose every name was chosen by an attacker."""

from __future__ import annotations

import csv
import io
import json
from xml.etree import ElementTree

import pytest
from ansible_collections.hygeia.golden.plugins.filter.patch_report import patch_report

NAMES = (
    "<script>alert('x')</script>",
    '"><img src=x onerror=alert(1)>',
    "\x1b[2J\r\x00\x07",
    "gpj\u202eexe\u200b",
    "caf\udce9",
    "]]></x>",
    "{{ 7*7 }}{% raw %}",
    "=cmd|'/C calc'!A0",
    "\ud83d",
)


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.fixture
def hostile(files, record, control, name):
    """The files of a run in which everything that a system says has this name in it."""
    package = {"package": name, "version": name, "from": name, "to": name, "source": name, "source_version": name, "architecture": name}
    return files(
        host=name,
        profile=name,
        failure=name,
        controls=[control()],
        records=[record(status="fail", message=name, title=name, read_from=name, observed={"sshd: PermitRootLogin": name, name: [name]})],
        outcomes=[{"control": name, "outcome": "refused", "changed": [name], "message": name, "overridable": []}],
        diffs=[{"after_header": name, "before_header": name, "before": name, "after": f"{name}\n{name}"}],
        changes=[package],
        installed=[package],
        system={"id": "debian", "version": "12", "codename": name, "names": [name]},
    )


def test_the_page_runs_nothing_and_hides_nothing(hostile):
    page = hostile["report.html"]
    assert page.count("<script") == 1 and "<img src=x" not in page
    assert [line for line in page.replace("\t", "").split("\n") if not line.isprintable() and not _blank(line)] == []
    assert "49" not in page.partition("{{ 7*7 }}")[2][:2]


def _blank(line):
    """Whether a line has nothing but blanks in it that are not printable."""
    return all(each.isprintable() or (each.isspace() and each not in "\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029") for each in line)


def test_junit_stays_xml(hostile):
    case = ElementTree.fromstring(hostile["junit.xml"].encode("utf-8")).find(".//testcase")
    assert case.get("name").startswith("ssh-root-login: ")


def test_no_cell_is_a_formula(hostile):
    cells = [cell for row in csv.reader(io.StringIO(hostile["coverage.csv"])) for cell in row]
    assert cells and not [cell for cell in cells if cell.lstrip().startswith(("=", "+", "-", "@"))]


def test_json_is_written_in_utf8(hostile):
    for text in hostile.values():
        text.encode("utf-8")
    json.loads(hostile["results.json"])


def test_the_page_about_patches_runs_nothing(name):
    found = {
        "id": name,
        "package": name,
        "packages": [name],
        "installed": name,
        "severity": "high",
        "kev": False,
        "kev_added": "",
        "epss": None,
        "fixed": name,
        "fix_available": name,
        "published": "2026-01-01",
        "identified": "2026-01-01",
        "advisories": [name],
        "closed_by_update": False,
        "state": "fixable",
        "reason": name,
        "feeds": [name],
        "clock_started": "2026-01-01",
        "due": "2026-02-01",
        "rule": name,
        "days_left": 5,
        "status": "on_time",
        "waiver": None,
    }
    page = patch_report(
        [
            {
                "host": name,
                "today": "2026-01-27",
                "system": {},
                "exposure": "",
                "criticality": "",
                "problem": name,
                "pending": [],
                "holds": [name],
                "expired": [name],
                "kernels": [],
                "vulnerabilities": [found],
                "closed": [],
                "feeds": [],
                "records": [],
            }
        ]
    )
    assert "<script" not in page and "<img src=x" not in page and "\x1b" not in page and "\u202e" not in page
    page.encode("utf-8")
