# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import raw_disks
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.residue import scan
from ansible_collections.hygeia.golden.plugins.module_utils.residue.disk import Disk
from ansible_collections.hygeia.golden.plugins.modules import image_residue_info
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue

RULES = list(Catalogue().residue.values())
NUMBERS = ("401-52-7719", "402-53-7720")


@pytest.fixture
def asked(run_module, tmp_path, monkeypatch):
    (tmp_path / "disk").write_bytes(b"\0".join(f"Patient SSN: {number}\n".encode().rjust(5000, b"\0") for number in NUMBERS))

    def search(session, *arguments):
        if session.name == "gone":
            raise ImageError("there is no session gone: it was discarded, or never opened")
        return scan.of_disks([Disk("disk 1", str(tmp_path / "disk"))], *arguments)

    monkeypatch.setattr(raw_disks, "search", search)

    def ask(session="web", **options):
        return run_module(image_residue_info, {"rules": RULES, "session": session, "work_dir": str(tmp_path), "key": "site", **options})

    return ask


def failed(answer):
    assert not any(number in json.dumps(answer) for number in NUMBERS)
    return {record["control"]: record["observed"]["files"] for record in answer["results"] if record["status"] == "fail"}


def test_each_place_is_named_and_no_value(asked):
    ((control, places),) = failed(asked()).items()
    assert control == "residue-social-security-number"
    assert [(place["path"], place["offset"]) for place in places] == [("disk 1", 4983), ("disk 1", 9984)]


def test_what_a_file_has_is_not_found_again(asked):
    first = failed(asked())["residue-social-security-number"][0]["hash"]
    ((unused_control, places),) = failed(asked(values={"residue-social-security-number": [first]})).items()
    assert [place["offset"] for place in places] == [9984]


def test_it_is_added_to_what_was_found_in_files(asked):
    files = [{**record, "observed": {"files": [{"path": "/srv/list"}]}, "status": "fail"} for record in asked()["results"]]
    assert {len(places) for places in failed(asked(files=files)).values()} == {1, 3}


def test_without_a_session_there_is_a_sentence(asked):
    answer = asked(session="gone")
    assert answer["failed"] and answer["msg"] == "there is no session gone: it was discarded, or never opened"
