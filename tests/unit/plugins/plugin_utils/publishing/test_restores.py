# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.publishing.restores import results

DONE = {"place": "there", "sha256": "1" * 64, "read": "1" * 64, "booted": 12.5, "seconds": 30.0}


def statuses(restore, recovery_time=60, problem=""):
    return [(result["status"], result["message"]) for result in results("second", restore, recovery_time, problem)]


def test_a_restore_in_time():
    assert statuses(DONE) == [("pass", "")] * 3


def test_a_restore_that_took_too_long():
    assert statuses(DONE, 29)[2] == ("fail", "the restore took 30 seconds, longer than the objective")


@pytest.mark.parametrize(
    "restore,expected",
    [
        ({}, ["fail", "not_checked", "not_checked"]),
        ({**DONE, "read": "2" * 64}, ["fail", "not_checked", "not_checked"]),
        ({"sha256": "1" * 64, "read": "1" * 64}, ["pass", "fail", "not_checked"]),
    ],
)
def test_nothing_passes_after_what_failed(restore, expected):
    assert [status for status, message in statuses(restore, problem="the pool is full")] == expected
    assert "the pool is full" in [message for status, message in statuses(restore, problem="the pool is full")]
