# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every module documents a result record in the same words; fragments extend only options and attributes, not RETURN, in ansible-core 2.16."""

from __future__ import annotations

import glob
import importlib
import os

import pytest
import yaml
from ansible_collections.hygeia.golden.plugins import modules
from ansible_collections.hygeia.golden.plugins.module_utils.model import result

# What a target can say; only the controller knows of waivers.
STATUSES = [status for status in result.STATUSES if status != result.WAIVED]
COMMON = {
    "control": {"returned": "always", "type": "str"},
    "status": {"returned": "always", "type": "str", "choices": STATUSES},
    "stage": {
        "description": "The stage at which the control was observed.",
        "returned": "always",
        "type": "str",
        "choices": list(result.STAGES),
    },
    "expected": {"returned": "always"},
    "observed": {"returned": "always"},
    "read_from": {"returned": "always", "type": "str"},
    "message": {"description": "What is wrong and how to fix it, empty if nothing is.", "returned": "always", "type": "str"},
}


def _documented():
    for path in sorted(glob.glob(os.path.join(os.path.dirname(next(iter(modules.__path__))), "modules", "*.py"))):
        name = os.path.basename(path)[:-3]
        module = importlib.import_module(f"{modules.__name__}.{name}") if name != "__init__" else None
        documented = yaml.safe_load(module.RETURN) if module else {}
        if "results" in (documented or {}):
            yield name, documented["results"]


RESULTS = dict(_documented())


def test_the_modules_that_return_results_are_found():
    assert {"agent_info", "audit_info", "flow_info", "openscap_info", "smoke_test"} <= RESULTS.keys()


@pytest.mark.parametrize("name", RESULTS)
def test_a_result_is_documented_like_all_others(name):
    fields = RESULTS[name]["contains"]
    assert {key: RESULTS[name][key] for key in ("type", "elements", "returned")} == {
        "type": "list",
        "elements": "dict",
        "returned": "success",
    }
    assert {field: {key: fields[field].get(key) for key in common} for field, common in COMMON.items()} == COMMON
    assert all(field["description"] for field in fields.values())


def test_what_is_documented_is_what_a_record_has():
    assert list(COMMON) == list(result.record("x", result.PASS, "live"))
