# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.model import result


@pytest.mark.parametrize(
    ("statuses", "worst"),
    [
        (["pass", "fail", "error"], "error"),
        (["not_checked", "fail", "pass"], "fail"),
        (["pass", "not_checked", "not_applicable"], "not_checked"),
        (["not_applicable", "pass"], "pass"),
        (["not_applicable"], "not_applicable"),
        ([], "not_checked"),
    ],
)
def test_the_worst_speaks_for_all_and_nothing_seen_is_no_pass(statuses, worst):
    assert result.worst(statuses) == worst


@pytest.mark.parametrize(("status", "stage"), [("passed", "live"), ("pass", "running")])
def test_a_record_has_a_known_status_and_stage(status, stage):
    with pytest.raises(ValueError, match="is not a result"):
        result.record("a", status, stage)
