# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The facts of a run, as the action plugin gathers them."""

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import BASELINE
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports import evidence

ENDED = "2026-10-09T12:03:41Z"
TEMPLATE = os.path.join(BASELINE, "../../evidence/templates/report.html.j2")


def make_record(control="ssh-root-login", status="pass", stage="offline", **known):
    return {
        "control": control,
        "title": f"Title of {control}",
        "severity": "high",
        "level": 1,
        "origin": "hygeia.golden",
        "host": "debian-12",
        "stage": stage,
        "status": status,
        "expected": {"sshd: PermitRootLogin": "no"},
        "observed": {"sshd: PermitRootLogin": "yes" if status == "fail" else "no"},
        "read_from": "sshd -T",
        "message": "",
        "waiver": None,
        "references": {"hipaa": ["164.312(d)"], "nist_800_53": ["AC-6(2)"]},
        **known,
    }


def make_control(name="ssh-root-login", **known):
    return {
        "id": name,
        "title": f"Title of {name}",
        "severity": "high",
        "rationale": f"Rationale of {name}.",
        "settings": {"sshd": {"PermitRootLogin": "no"}},
        "variants": {},
        "applies_to": {},
        "stages": ["offline", "boot", "live"],
        "area": name.split("-", maxsplit=1)[0],
        "waiver": None,
        **known,
    }


@pytest.fixture
def record():
    return make_record


@pytest.fixture
def control():
    return make_control


@pytest.fixture
def facts():
    """Make facts of a run; without arguments, those of one that failed before anything was known."""

    def make(**known):
        return {
            "template": TEMPLATE,
            "host": "debian-12",
            "profile": "hipaa",
            "severity": "high",
            "origins": ["hygeia.golden"],
            "frameworks": ["hipaa"],
            "policy": [],
            "docs": "https://docs.example.org/golden",
            "path": "/nowhere/run",
            "replaces": None,
            "controls": [],
            "checks": [],
            "records": [],
            "outcomes": [],
            "diffs": [],
            "changes": [],
            "pending": [],
            "source": None,
            "image": None,
            "staged": None,
            "boot_skipped": False,
            "boot_required": False,
            "promotes": True,
            "vulnerabilities": [],
            "closed": [],
            "feeds": [],
            "installed": [],
            "system": {},
            "release": {},
            "rollback": {},
            "isolation": {},
            "groups": [],
            "image_history": {},
            "boot": {},
            "playbook": None,
            "started": None,
            "failure": None,
            "generator": {"collection": "hygeia.golden", "version": "0.1.0", "ansible_core": "2.19.0"},
            **known,
        }

    return make


@pytest.fixture
def files(facts):
    """The files of a run with these facts."""
    return lambda **known: evidence.rendered(facts(**known), ENDED)[1]
