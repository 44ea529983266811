# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.engine.settings import Conflict, Settings
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control


def note(identifier="a", applies_to=None, **settings):
    return Control(identifier, {"note": settings}, applies_to or {})


def outcomes(done):
    return {outcome["control"]: outcome["outcome"] for outcome in done.outcomes}


def test_a_change_is_reported_for_each_control_that_it_serves(tree):
    done = enforce(tree(), [note("a", x=1), note("b", x=1, y=2)])
    assert outcomes(done) == {"a": "changed", "b": "changed"}
    assert done.outcomes[1]["changed"] == ["/notes/x", "/notes/y"]
    assert [(change.target, change.after) for change in done.changes] == [("/notes/x", "1"), ("/notes/y", "2")]


def test_the_second_time_changes_nothing(tree):
    host = tree()
    enforce(host, [note(x=1)])
    done = enforce(host, [note(x=1)])
    assert (outcomes(done), done.changes) == ({"a": "unchanged"}, [])


def test_what_a_control_that_left_had_written_is_taken_back(tree):
    host = tree()
    enforce(host, [note("a", x=1), note("b", y=2)])
    enforce(host, [note("a", x=1)])
    assert (host.read("/notes/x"), host.read("/notes/y")) == ("1", None)


def test_a_kind_whose_last_control_left_takes_everything_back(tree):
    host = tree()
    enforce(host, [note("a", x=1)])
    done = enforce(host, [])
    assert host.read("/notes/x") is None
    assert [change.target for change in done.changes] == ["/notes/x"]


def test_a_part_of_the_controls_takes_nothing_back(tree):
    host = tree()
    enforce(host, [note("a", x=1)])
    enforce(host, [note("b", y=2)], partial=True)
    assert (host.read("/notes/x"), host.read("/notes/y")) == ("1", "2")


def test_a_refusal_is_reported_and_the_rest_is_done(tree):
    done = enforce(tree(), [note("a", x="harm"), note("b", y=2)])
    assert outcomes(done) == {"a": "refused", "b": "changed"}
    assert done.outcomes[0]["message"] == "x would do harm"


def test_a_change_that_cannot_be_made_fails_its_controls_alone(tree):
    done = enforce(tree(), [note("a", stuck=1), note("b", y=2)])
    assert outcomes(done) == {"a": "failed", "b": "changed"}
    assert done.outcomes[0]["message"] == "/notes/stuck: No space left on device"


def test_a_kind_that_cannot_plan_fails_its_controls(tree):
    done = enforce(tree(), [note(x="explode")])
    assert outcomes(done) == {"a": "failed"}
    assert done.outcomes[0]["message"] == "the notes are on fire"


def test_a_setting_that_spoils_the_plan_of_its_kind_fails_alone_and_keeps_what_was_written(tree):
    host = tree()
    enforce(host, [note("a", x=1), note("b", y=2)])
    done = enforce(host, [note("a", x="explode"), note("b", y=3)])
    assert outcomes(done) == {"a": "failed", "b": "changed"}
    assert (host.read("/notes/x"), host.read("/notes/y")) == ("1", "3")


def test_a_contradiction_that_shows_only_after_something_is_written_loses_no_result(tree):
    host = tree({"/var/lib/dpkg/status": ""})
    installs = Control("new", {"installer": {"notebook": 1}})
    done = enforce(host, [installs, note("a", x=1), note("b", {"package": "notebook"}, x=2), note("c", y=1)])
    assert outcomes(done) == {"new": "changed", "a": "changed", "b": "failed", "c": "changed"}
    assert "want different values of note: x" in done.outcomes[2]["message"]


def test_what_was_written_is_reported_even_when_the_system_can_no_longer_be_asked(tree, monkeypatch):
    host = tree()
    asked = []

    def irrelevant(unused_self, unused_host):
        asked.append(1)
        if host.exists("/notes/x"):
            raise OSError("the database of packages is gone\nand with it more")
        return ""

    monkeypatch.setattr(Control, "irrelevant", irrelevant)
    done = enforce(host, [note("a", x=1)])
    assert done.outcomes[0]["outcome"] == "failed"
    assert done.outcomes[0]["changed"] == ["/notes/x"]
    assert done.outcomes[0]["message"] == "the database of packages is gone\\nand with it more"


def test_a_setting_that_the_kind_cannot_express_fails_alone(tree):
    host = tree()
    done = enforce(host, [note("a", x="unspeakable"), note("b", y=2)])
    assert outcomes(done) == {"a": "failed", "b": "changed"}
    assert done.outcomes[0]["message"] == "x cannot be unspeakable"
    assert host.read("/notes/y") == "2"


def test_a_reload_that_fails_fails_the_controls_that_needed_it(tree):
    done = enforce(tree(booted=True), [note("a", unloadable=1)])
    assert outcomes(done) == {"a": "failed"}
    assert [change.target for change in done.changes] == ["/notes/unloadable"]


def test_nothing_is_reloaded_offline_or_without_a_change(tree, kinds):
    enforce(tree(), [note(x=1)])
    assert kinds["note"].reloads == 0
    enforce(tree(booted=True), [note(x=1)])
    assert kinds["note"].reloads == 0


def test_check_mode_plans_everything_and_writes_nothing(tree):
    host = tree(check=True)
    done = enforce(host, [note(x=1)])
    assert (outcomes(done), host.read("/notes/x")) == ({"a": "changed"}, None)
    assert [change.after for change in done.changes] == ["1"]


def test_a_package_that_one_kind_installs_makes_a_control_of_a_later_kind_apply(tree):
    controls = [note("a", {"package": "paper"}, x=1), Control("b", {"installer": {"paper": "present"}})]
    assert outcomes(enforce(tree(), controls)) == {"a": "changed", "b": "changed"}
    assert outcomes(enforce(tree(), controls[:1])) == {"a": "not_applicable"}


def test_a_kind_that_means_nothing_here_is_not_applicable(tree):
    done = enforce(tree({"/no-notes": ""}), [note(x=1)])
    assert (outcomes(done), done.outcomes[0]["message"]) == ({"a": "not_applicable"}, "there are no notes here")


def test_controls_that_want_different_values_are_refused_before_anything_is_written(tree):
    host = tree()
    with pytest.raises(Conflict, match="controls a and b want different values of note: x"):
        enforce(host, [note("a", x=1), note("b", x=2)])
    assert host.glob("/notes/*") == []


# -- what is asked first ----------------------------------------------------------------


def test_what_an_application_uses_is_refused_on_a_booted_host_and_the_rest_is_done(tree):
    host = tree(booted=True)
    done = enforce(host, [note("a", used=1), note("b", y=2)])
    assert outcomes(done) == {"a": "refused", "b": "changed"}
    assert (done.outcomes[0]["message"], done.outcomes[0]["overridable"]) == ("used is in use", ["in_use"])
    assert (host.read("/notes/used"), host.read("/notes/y")) == (None, "2")
    assert enforce(host, [note("a", used=1), note("b", y=2)]).changes == []


def test_nobody_is_asked_offline_or_about_what_is_so_already(tree, kinds):
    enforce(tree(), [note(used=1)])
    assert kinds["note"].asked == []
    host = tree(booted=True)
    assert outcomes(enforce(host, [note(used=1, x=2)])) == {"a": "changed"}
    assert kinds["note"].asked == [["x"]]


def test_an_operator_may_overrule_use_and_only_by_its_own_name_a_lock_out(tree):
    controls = [note("a", used=1), note("b", door=1)]
    done = enforce(tree(booted=True), controls, force=["a", "b"])
    assert outcomes(done) == {"a": "changed", "b": "refused"}
    assert done.outcomes[1]["overridable"] == ["lockout"]
    done = enforce(tree(booted=True), controls, force=["a"], force_lockout=["b"])
    assert set(outcomes(done).values()) <= {"changed", "unchanged"}


def test_what_does_harm_in_any_case_cannot_be_overruled(tree):
    done = enforce(tree(booted=True), [note("a", x="harm", used=1)])
    assert (outcomes(done), done.outcomes[0]["overridable"]) == ({"a": "refused"}, [])


@pytest.mark.parametrize(
    "booted,stage,made",
    [(False, None, ["offline", "boot"]), (True, None, ["live"]), (True, "offline", ["offline"]), (False, "boot", ["boot"])],
)
def test_a_control_of_another_stage_is_left_alone(tree, booted, stage, made):
    """A template is judged as it lies and when it boots; a running system while it runs, or as what it is said to become."""
    host = tree()
    host.booted = booted
    controls = [Control(name, {"note": {name: 1}}, stages=(name,)) for name in ("offline", "boot", "live")]
    done = enforce(host, controls, stage=stage)
    assert [name for name, outcome in outcomes(done).items() if outcome == "changed"] == made
    left = [outcome for outcome in done.outcomes if outcome["outcome"] == "not_applicable"]
    assert all(outcome["message"].startswith("means nothing at the stage") for outcome in left) and len(left) == 3 - len(made)


def test_what_a_control_of_another_stage_had_written_stays(tree):
    host = tree()
    enforce(host, [note("a", x=1), note("b", y=2)])
    left = Control("a", {"note": {"x": 1}}, stages=("live",))
    enforce(host, [left, note("b", y=2)])
    assert (host.read("/notes/x"), host.read("/notes/y")) == ("1", "2")


class Counted(Control):
    """A control that notes how often its settings were looked at."""

    looks = 0

    def __getattribute__(self, name):
        if name == "settings":
            Counted.looks += 1
        return super().__getattribute__(name)


def _looks(host, count):
    Counted.looks = 0
    enforce(host, [Counted(f"c{number}", {"note": {f"n{number}": 1}}, {}) for number in range(count)])
    return Counted.looks


def test_twice_as_many_controls_are_twice_the_work(tree):
    assert _looks(tree(), 80) < 2.5 * _looks(tree(), 40)


def test_a_control_that_contradicts_another_leaves_nothing_behind():
    settings = Settings([note("a", x=1)])
    with pytest.raises(Conflict, match="controls a and b want different values of note: x"):
        settings.add(note("b", w=1, x=2))
    settings.add(note("c", w=2))
    assert settings.by_kind() == {"note": {"x": 1, "w": 2}}
