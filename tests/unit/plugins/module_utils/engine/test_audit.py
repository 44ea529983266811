# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.settings import Conflict
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control


def note(identifier="a", stages=("offline",), applies_to=None, **settings):
    return Control(identifier, {"note": settings}, applies_to or {}, stages)


def one(host, control, stage="offline"):
    return audit(host, [control], stage)[0]


def test_a_kind_looks_once_for_all_controls(tree, kinds):
    host = tree({"/notes/x": "1", "/notes/y": "2"})
    records = audit(host, [note("a", x=1), note("b", y=2), note("c", x=1, y=2)], "offline")
    assert [(record["control"], record["status"]) for record in records] == [("a", "pass"), ("b", "pass"), ("c", "pass")]
    assert kinds["note"].looks == 1


def test_one_wrong_setting_fails_the_control_and_only_it_is_reported(tree):
    record = one(tree({"/notes/x": "1", "/notes/y": "9"}), note(x=1, y=2))
    assert record["status"] == "fail"
    assert record["expected"] == {"note: y": 2}
    assert record["observed"] == {"note: y": "9"}
    assert record["read_from"] == "/notes/y"
    assert record["message"] == "y was read"


def test_an_error_does_not_hide_the_setting_that_failed(tree):
    record = one(tree({"/notes/shapeless": "1", "/notes/y": "9"}), note(shapeless=1, y=2))
    assert record["status"] == "error"
    assert record["expected"] == {"note: shapeless": 1, "note: y": 2}
    assert "shapeless could not be compared: a list is not a number" in record["message"]


def test_what_was_not_observed_is_never_a_pass(tree):
    record = one(tree({"/notes/x": "1"}), note(x=1, ignored=1))
    assert record["status"] == "not_checked"
    assert record["message"] == "note says nothing about ignored"


def test_a_control_without_settings_was_not_checked(tree):
    assert one(tree(), Control("empty", {}))["status"] == "not_checked"


def test_a_setting_that_spoils_the_look_of_its_kind_is_an_error_of_its_controls_alone(tree):
    host = tree({"/notes/x": "1", "/notes/y": "2"})
    records = audit(host, [note("a", x="explode"), note("b", y=2)], "offline")
    assert [record["status"] for record in records] == ["error", "pass"]
    assert records[0]["message"] == "note could not be observed: the notes are on fire"


def test_settings_are_not_asked_one_by_one_without_end(tree, kinds, monkeypatch):
    monkeypatch.setattr("ansible_collections.hygeia.golden.plugins.module_utils.engine.audit._PATIENCE", -1)
    records = audit(tree({"/notes/y": "2"}), [note("a", x="explode"), note("b", y=2)], "offline")
    assert [record["status"] for record in records] == ["error", "error"]
    assert kinds["note"].looks == 1


def test_what_the_system_is_called_cannot_be_read_and_only_what_depends_on_it_is_an_error(tree, tmp_path):
    host = tree({"/notes/x": "1"})
    (tmp_path / "etc").mkdir()
    os.mkfifo(tmp_path / "etc/os-release")
    records = audit(host, [note("a", x=1), note("b", applies_to={"os": "debian"}, x=1)], "offline")
    assert [record["status"] for record in records] == ["pass", "error"]
    assert "/etc/os-release" in records[1]["message"]


def test_a_setting_that_the_kind_cannot_express_leaves_the_others_observed(tree):
    host = tree({"/notes/y": "2"})
    records = audit(host, [note("a", x="unspeakable"), note("b", y=2)], "offline")
    assert [record["status"] for record in records] == ["error", "pass"]
    assert records[0]["message"] == "x cannot be unspeakable"


def test_a_kind_that_means_nothing_here_is_not_applicable(tree):
    record = one(tree({"/no-notes": ""}), note(x=1))
    assert (record["status"], record["message"]) == ("not_applicable", "there are no notes here")


def test_a_missing_package_and_another_stage_make_a_control_not_applicable(tree):
    host = tree()
    assert one(host, note(applies_to={"package": "notebook"}, x=1))["message"] == "notebook is not installed"
    assert one(host, note(stages=("live",), x=1))["message"] == "means nothing at the stage offline"


def test_a_system_of_another_kind_makes_a_control_not_applicable(tree):
    host = tree({"/etc/os-release": 'ID=debian\nVERSION_ID="12"\n'})
    assert one(host, note(applies_to={"os": "ubuntu"}, x=1))["message"] == "meant for ubuntu, not for debian"
    assert one(host, note(applies_to={"os": ["ubuntu", "debian-12"]}, x=1))["status"] == "fail"


def test_records_come_in_the_order_of_the_controls(tree):
    controls = [note("c", x=1), note("a", stages=("live",), x=1), note("b", x=1)]
    assert [record["control"] for record in audit(tree(), controls, "offline")] == ["c", "a", "b"]


def test_controls_that_want_different_values_are_each_judged(tree, kinds):
    controls = [note("a", x=1), note("b", x=2), note("c", y=1)]
    records = audit(tree({"/notes/x": "2", "/notes/y": "1"}), controls, "offline")
    assert [record["status"] for record in records] == ["fail", "pass", "pass"]
    assert kinds["note"].looks == 2


def test_a_kind_that_does_not_exist_is_refused(tree):
    with pytest.raises(Conflict, match="control a: there is no kind nothing; choose one of installer, note"):
        audit(tree(), [Control("a", {"nothing": {"x": 1}})], "offline")
