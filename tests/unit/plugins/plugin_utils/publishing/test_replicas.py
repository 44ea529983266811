# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.publishing.replicas import results

NOW = 1_793_620_800.0  # 2026-11-02T12:00:00Z
HISTORY = [
    {"action": "promoted", "time": "2026-10-01T00:00:00Z", "version": "1", "sha256": "1" * 64, "files": {"disk2.qcow2": "a" * 64}},
    {"action": "promoted", "time": "2026-11-02T00:00:00Z", "version": "2", "sha256": "2" * 64},
]
FIRST = {"version": "1", "sha256": "1" * 64, "read": ["1" * 64, "a" * 64]}
SECOND = {"version": "2", "sha256": "2" * 64, "read": ["2" * 64]}


def statuses(current, recovery_point=24 * 3600, history=HISTORY, problem=""):
    image, recent = results("second", {"place": "there", "current": current}, history, recovery_point, NOW, problem)
    assert (image["control"], recent["control"]) == ("replica-image-second", "replica-recent-second")
    return image["status"], recent["status"]


@pytest.mark.parametrize(
    "current,recovery_point,expected",
    [
        (SECOND, 3600, ("pass", "pass")),
        (FIRST, 24 * 3600, ("pass", "pass")),
        (FIRST, 3600, ("pass", "fail")),
        ({}, 24 * 3600, ("fail", "fail")),
        ({**SECOND, "read": ["3" * 64]}, 3600, ("fail", "pass")),
        ({**SECOND, "read": []}, 3600, ("fail", "pass")),
        ({**FIRST, "read": ["1" * 64]}, 24 * 3600, ("fail", "pass")),
        ({"version": "9", "sha256": "9" * 64, "read": ["9" * 64]}, 3600, ("fail", "fail")),
    ],
)
def test_a_replica_is_intact_and_recent(current, recovery_point, expected):
    assert statuses(current, recovery_point) == expected


def test_after_a_rollback_the_older_version_is_the_recent_one():
    back = {"action": "rolled_back", "time": "2026-11-02T11:00:00Z", "version": "1", "sha256": "1" * 64}
    assert statuses(FIRST, 60, [*HISTORY, back]) == ("pass", "pass")
    assert statuses(SECOND, 60, [*HISTORY, back]) == ("pass", "fail")


def test_what_could_not_be_read_did_not_pass():
    assert statuses({}, problem="second: libvirt cannot be reached") == ("error", "not_checked")


def test_what_a_platform_does_not_return_is_not_checked():
    found = {"place": "there", "current": {key: SECOND[key] for key in ("version", "sha256")}, "unread": "it returns nothing"}
    image, recent = results("second", found, HISTORY, 3600, NOW)
    assert (image["status"], image["message"], recent["status"]) == ("not_checked", "it returns nothing", "pass")
    assert results("second", {**found, "current": {}}, HISTORY, 3600, NOW)[0]["status"] == "fail"
