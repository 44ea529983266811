# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.modules import smoke_test


def test_each_command_is_tried_and_reported(run_module):
    result = run_module(
        smoke_test,
        {
            "stage": "boot",
            "commands": [
                {"name": "works", "command": "true"},
                {"name": "breaks", "command": "echo no worklist >&2; exit 3"},
                {"name": "hangs", "command": "sleep 60", "timeout": 1},
            ],
        },
    )
    assert [(record["control"], record["status"], record["observed"]) for record in result["results"]] == [
        ("smoke-works", "pass", 0),
        ("smoke-breaks", "fail", 3),
        ("smoke-hangs", "fail", 124),
    ]
    assert result["results"][1]["message"] == "breaks does not work: no worklist"
    assert "did not end within 1 s" in result["results"][2]["message"]
    assert {record["stage"] for record in result["results"]} == {"boot"}


@pytest.mark.parametrize("names", [["Work list"], ["a", "a"], ["a-"]])
def test_names_must_serve_as_ids(run_module, names):
    result = run_module(smoke_test, {"commands": [{"name": name, "command": "true"} for name in names]})
    assert "names of their own" in result["msg"]
