# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.publishing.obsolete import obsolete
from ansible_collections.hygeia.golden.plugins.plugin_utils.publishing.results import Publication, results

SHA256 = "6f7233968ad6" + "0" * 52
MACHINE = {"firmware": "bios", "disk": "virtio-blk", "network": "virtio-net", "agent": True}
CURRENT = {"version": "2", "sha256": SHA256, "machine": {**MACHINE, "video": "none"}}
IMAGES = [
    {"version": "2", "short": "6f7233968ad6", "used_by": ["domain web"]},
    {"version": "1", "short": "111111111111", "used_by": []},
    {"version": "0", "short": "000000000000", "used_by": ["volume viewer"]},
]
FOUND = {"sha256": SHA256, "current": CURRENT, "images": IMAGES}


def statuses(found, problem="", keep=2):
    publication = Publication("radiology", "there", {"version": "2", "sha256": SHA256}, MACHINE, keep, found, problem)
    return {result["control"].split("-")[1]: (result["status"], result["message"]) for result in results(publication)}


def test_all_that_was_read_back_passes():
    assert set(statuses(FOUND).values()) == {("pass", "")}


@pytest.mark.parametrize(
    "change,failing",
    [
        ({"sha256": "0" * 64}, "image"),
        ({"current": {**CURRENT, "machine": {**MACHINE, "disk": "ahci"}}}, "machine"),
        ({"current": {**CURRENT, "version": "1"}}, "pointer"),
        ({"current": {**CURRENT, "sha256": "0" * 64}}, "pointer"),
    ],
)
def test_the_first_difference_fails_and_nothing_after_it_passes(change, failing):
    found = statuses({**FOUND, **change})
    steps = list(found)
    assert found[failing][0] == "fail"
    assert {found[step][0] for step in steps[: steps.index(failing)]} <= {"pass"}
    assert {found[step][0] for step in steps[steps.index(failing) + 1 :]} <= {"not_checked"}


def test_a_problem_is_that_of_the_first_step_that_was_not_taken():
    found = statuses({"images": IMAGES, "current": {}}, "radiology: the pool is not active")
    assert found["image"] == ("fail", "radiology: the pool is not active")
    assert found["pointer"] == ("not_checked", "an earlier step failed")


def test_in_check_mode_nothing_is_said_to_be_there():
    assert {status for status, message in statuses({"images": [], "current": {}}).values()} == {"not_checked"}


UNREAD = {**FOUND, "sha256": "", "unread": "it returns nothing", "images": [{**IMAGES[0], "sha256": SHA256}, *IMAGES[1:]]}


def test_what_a_platform_does_not_return_is_not_checked_and_the_rest_is():
    found = statuses(UNREAD)
    assert found.pop("image") == ("not_checked", "it returns nothing") and set(found.values()) == {("pass", "")}
    assert statuses({**UNREAD, "current": {}}, "radiology: it cannot be renamed")["machine"] == ("fail", "radiology: it cannot be renamed")
    assert statuses({**UNREAD, "images": []}, "radiology: the storage is full")["image"] == ("fail", "radiology: the storage is full")


def test_what_could_not_be_removed_fails():
    assert statuses(FOUND, "radiology: the volume is locked", keep=1)["kept"] == ("fail", "radiology: the volume is locked")


@pytest.mark.parametrize("keep,versions", [(1, ["1"]), (2, []), (0, ["1"])])
def test_what_is_current_or_in_use_is_never_obsolete(keep, versions):
    assert [image["version"] for image in obsolete(IMAGES, keep, SHA256)] == versions


def test_the_current_image_may_be_the_oldest():
    assert [image["version"] for image in obsolete(IMAGES, 1, "1" * 64)] == []
