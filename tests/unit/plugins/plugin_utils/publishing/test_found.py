# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.publishing.found import Listed, found

SHA256 = "6f7233968ad6" + "0" * 52
MACHINE = {"firmware": "bios", "disk": "virtio-blk", "network": "virtio-net", "agent": True}


def listed(id, name, version="1", made="", sha256=SHA256, of="web", **other):
    return Listed(id, name, {"hygeia_name": of, "hygeia_version": version, "hygeia_sha256": sha256}, MACHINE, made, **other)


def test_the_images_of_a_name_and_the_one_that_consumers_use():
    everything = [
        listed("a", "web-1-6f7233968ad6", "1", "2026-10-01", used_by=["whoever protected it"]),
        listed("b", "web", "2", "2026-10-02"),
        listed("c", "mail", "3", "2026-10-03", of="mail"),
    ]
    answer = found(everything, "web")
    assert [image["id"] for image in answer["images"]] == ["b", "a"]
    assert answer["images"][1] == {
        "id": "a",
        "version": "1",
        "sha256": SHA256,
        "short": "6f7233968ad6",
        "machine": MACHINE,
        "used_by": ["whoever protected it"],
        "node": "",
    }
    assert answer["current"]["id"] == "b" and answer["leftovers"] == answer["foreign"] == []


def test_two_of_a_name_are_an_answer_to_nobody():
    answer = found([listed("a", "web"), listed("b", "web")], "web")
    assert answer["current"] == {} and [image["id"] for image in answer["pointed"]] == ["a", "b"]


@pytest.mark.parametrize(
    "other", [{"sha256": "6f72"}, {"sha256": None}, {"version": "1-2"}, {"version": "{{ 1 }}"}, {"of": "mail"}, {"ready": False}]
)
def test_what_has_the_name_and_is_no_image_of_it_is_foreign(other):
    answer = found([listed("a", "web", **other)], "web")
    assert answer["images"] == [] and answer["current"] == {} and answer["foreign"] == ["a"]


@pytest.mark.parametrize(
    "name,marked,left",
    [
        ("web-1-6f7233968ad6", True, True),
        ("web-1-6f7233968ad6", False, False),
        ("web-blue-1-6f7233968ad6", True, False),
        ("web-1-6f7233968ad6-disk", True, False),
        ("web", True, False),
    ],
)
def test_what_an_interrupted_upload_left(name, marked, left):
    assert found([listed("a", name, ready=False, marked=marked)], "web")["leftovers"] == (["a"] if left else [])
