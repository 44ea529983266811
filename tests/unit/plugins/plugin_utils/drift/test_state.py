# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Runs one after the other: each transition is one event, and what was not compared is none."""

from __future__ import annotations

import json

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift import prometheus, state
from hypothesis import given
from hypothesis import strategies as st


def difference(item, value=1, category="files", status="fail", name="unexplained"):
    return {
        "control": f"drift-{category}",
        "severity": "high",
        "status": status,
        "message": f"{item} is new",
        "expected": {item: None},
        "observed": {item: value},
        "drift": {"category": category, "item": item, "class": name, "explained_by": "", "first_seen": "", "last_seen": ""},
    }


def passed(category, status="pass"):
    return {"control": f"drift-{category}", "severity": "low", "status": status, "message": "", "expected": "", "observed": ""}


class Machine:
    """A machine that is compared again and again."""

    def __init__(self):
        self.state, self.runs, self.records = state.State(), 0, []

    def run(self, *records, image="one", reason=""):
        self.runs += 1
        moment = f"2026-11-{self.runs:02}T00:00:00Z"
        self.state, self.records, self.events = state.advanced(self.state, records, state.Run(moment, image, reason))
        self.state = state.load(state.dump(self.state))
        return [(event["event"], event.get("item", "")) for event in self.events]


@pytest.fixture
def machine():
    return Machine()


def test_a_difference_is_new_goes_on_and_is_resolved(machine):
    assert machine.run(difference("/a")) == [("new", "/a")]
    assert machine.run(difference("/a")) == []
    (entry,) = machine.records
    assert (entry["drift"]["first_seen"], entry["drift"]["last_seen"]) == ("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z")
    assert machine.run(passed("files")) == [("resolved", "/a")]
    assert machine.events[0]["first_seen"] == "2026-11-01T00:00:00Z"
    assert machine.run(passed("files")) == [] and machine.state.seen == []
    assert machine.run(difference("/a")) == [("new", "/a")]


def test_another_value_is_a_transition_and_keeps_since_when(machine):
    machine.run(difference("/a"))
    assert machine.run(difference("/a", value=2)) == [("changed", "/a")]
    assert machine.events[0]["first_seen"] == "2026-11-01T00:00:00Z"


def test_an_explanation_is_a_transition(machine):
    machine.run(difference("/a"))
    assert machine.run(difference("/a", status="pass", name="site")) == [("changed", "/a")]


def test_a_machine_that_does_not_answer_is_one_event_and_nothing_is_resolved(machine):
    machine.run(difference("/a"))
    assert machine.run(passed("files", "not_checked"), reason="no route") == [("not_compared", "")]
    assert machine.run(passed("files", "not_checked"), reason="no route") == []
    assert machine.run(difference("/a")) == [("compared_again", "")]
    assert machine.records[0]["drift"]["first_seen"] == "2026-11-01T00:00:00Z"


def test_what_could_not_be_read_goes_on(machine):
    machine.run(difference("net.x", category="sysctl"), difference("/a"))
    assert machine.run(passed("sysctl", "not_checked"), passed("files")) == [("resolved", "/a")]
    assert [each.item for each in machine.state.seen] == ["net.x"]
    assert machine.run(passed("sysctl"), passed("files")) == [("resolved", "net.x")]


def test_files_of_which_some_could_not_be_read_are_not_resolved(machine):
    machine.run(difference("/a"))
    assert machine.run(difference("/b"), passed("files", "not_checked")) == [("new", "/b")]
    assert [each.item for each in machine.state.seen] == ["/b", "/a"]


def test_another_image_is_an_event(machine):
    machine.run(difference("/a"))
    assert machine.run(passed("files"), image="two") == [("image", ""), ("resolved", "/a")]


def test_the_first_run_of_a_machine_that_does_not_answer(machine):
    assert machine.run(reason="no route") == [("not_compared", "")]
    assert machine.run(passed("files")) == []


def test_a_storm_is_one_message_with_a_limit(machine):
    machine.run(*(difference(f"/{number}") for number in range(500)))
    message = state.message("web1", machine.state, machine.events, 100, {"id": "web", "version": "1"})
    assert (len(message["events"]), message["more"], message["counts"]["new"], message["counts"]["open"]) == (100, 400, 500, 500)
    assert message["host"] == "web1" and message["image"] == {"id": "web", "version": "1", "sha256": "one"}


def test_events_that_nobody_took_are_kept_up_to_a_limit(machine):
    machine.run(*(difference(f"/{number}") for number in range(1500)))
    kept = state.unsent(machine.state, machine.events)
    assert (len(kept.unsent), kept.unsent[-1]["item"]) == (1000, "/1499")


@given(st.lists(st.dictionaries(st.sampled_from("abcd"), st.integers(0, 2)), max_size=6))
def test_the_events_tell_the_whole_history(history):
    machine, known = Machine(), {}
    for now in history:
        machine.run(*(difference(item, value) for item, value in now.items()), *([] if now else [passed("files")]))
        for event in machine.events:
            if event["event"] == "resolved":
                del known[event["item"]]
            else:
                assert (event["event"] == "new") == (event["item"] not in known)
                known[event["item"]] = event["now"][event["item"]]
        assert known == now == {each.item: now[each.item] for each in machine.state.seen}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": 2}', '{"schema": 1, "seen": [{}]}', '{"schema": 1, "seen": [], "x": 1}'])
def test_a_damaged_state_is_refused(text):
    with pytest.raises(state.BadState):
        state.load(text)


def test_metrics_are_in_the_format_of_prometheus(machine):
    machine.run(difference("/a"), difference("/b", status="pass", name="patch"))
    lines = prometheus.text('we"b', machine.state, machine.events).split("\n")
    assert 'hygeia_drift_compared{host="we\\"b"} 1' in lines
    assert 'hygeia_drift_compared_timestamp_seconds{host="we\\"b"} 1793491200' in lines
    assert 'hygeia_drift_differences{host="we\\"b",class="unexplained",severity="high",status="fail"} 1' in lines
    assert 'hygeia_drift_differences{host="we\\"b",class="patch",severity="high",status="pass"} 1' in lines
    assert 'hygeia_drift_differences{host="we\\"b",class="site",severity="low",status="fail"} 0' in lines
    assert 'hygeia_drift_transitions{host="we\\"b",event="new"} 2' in lines
    assert len([line for line in lines if line.startswith("# TYPE")]) == 4 and lines[-1] == ""


def test_a_machine_that_was_never_compared_has_no_time(machine):
    machine.run(reason="no route")
    text = prometheus.text("web1", machine.state, machine.events)
    assert 'hygeia_drift_compared{host="web1"} 0' in text and "seconds{" not in text


def test_a_state_is_readable(machine):
    machine.run(difference("/a"))
    assert json.loads(state.dump(machine.state))["seen"][0]["item"] == "/a"
