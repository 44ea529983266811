# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.modules import residue_info
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue

RULES = [
    {name: value for name, value in rule.items() if name not in ("severity", "rationale", "references", "examples")}
    for rule in Catalogue().residue.values()
]
NUMBER = "401-52-7719"


@pytest.fixture
def asked(run_module, tree, tmp_path, monkeypatch):
    tree({"/srv/list.txt": f"Patient SSN: {NUMBER}\nPatient SSN: 402-53-7720\n", "/srv/clean": "nothing\n"})
    monkeypatch.setattr(residue_info, "Host", lambda check: Host(str(tmp_path), check=check))

    def ask(**options):
        return run_module(residue_info, {"rules": RULES, **options})

    return ask


def test_a_find_is_reported_by_its_place_and_never_by_its_value(asked):
    answer = asked(key="site")
    failed = [record for record in answer["results"] if record["status"] == "fail"]
    assert [record["control"] for record in failed] == ["residue-social-security-number"]
    (file,) = failed[0]["observed"]["files"]
    assert (file["path"], file["count"]) == ("/srv/list.txt", 2)
    assert "/srv/list.txt" in failed[0]["message"] and failed[0]["stage"] == "offline"
    assert NUMBER not in json.dumps(answer)
    assert asked(key="site")["results"] == answer["results"]
    assert {record["status"] for record in answer["results"] if record not in failed} == {"pass"}
    assert answer["searched"]["files"] == 2


def test_a_disk_is_searched_in_the_place_of_the_files(asked, tmp_path):
    (tmp_path / "disk").write_bytes(b"\0" * 5000 + b"SSN: " + NUMBER.encode() + b"\n")
    answer = asked(image=str(tmp_path / "disk"))
    (failed,) = (record for record in answer["results"] if record["status"] == "fail")
    assert failed["observed"]["files"][0]["offset"] == 5000
    assert "residue-history" not in {record["control"] for record in answer["results"]}


def test_values_are_returned_as_hashes_when_asked_for(asked):
    answer = asked(key="site", values=True)
    assert [len(hashes) for hashes in answer["values"].values()] == [2]
    assert NUMBER not in json.dumps(answer) and "values" not in asked(key="site")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"image": "/no/such/disk"}, "/no/such/disk cannot be searched: No such file or directory"),
        ({"rules": [{"id": "residue-x", "detector": "none"}]}, "there is no detector none"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(asked, options, said):
    answer = asked(**options)
    assert answer["failed"] and said in answer["msg"]
