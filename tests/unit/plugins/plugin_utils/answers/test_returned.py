# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a module answers, as whoever rules the system would write it."""

from __future__ import annotations

import json
import pathlib
import time

import pytest
import yaml
from ansible_collections.hygeia.golden.plugins.plugin_utils.answers import returned
from hypothesis import given, settings
from hypothesis import strategies as st

COLLECTION = pathlib.Path(__file__).resolve().parents[5]
MODULES = sorted(path for path in (COLLECTION / "plugins/modules").glob("*.py") if path.stem != "__init__")
SHAPES = {path.stem: returned.documented(str(path)) for path in MODULES}
AUDIT = SHAPES["audit_info"]
RECORD = {
    "control": "ssh-root-login",
    "status": "pass",
    "stage": "live",
    "expected": {"a": 1},
    "observed": None,
    "read_from": "/etc/x",
    "message": "",
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(codec=None), max_size=8), inner, max_size=3),
    max_leaves=8,
)


def read(answer, shape=AUDIT):
    return returned.read(json.dumps(answer), shape)


def names(shape):
    return st.sampled_from([*shape, *returned.COMMON, "ansible_facts", "_ansible_no_log", "add_host", "add_group", "image_dest"])


def holds(value, described):
    """Whether a value has the shape that the documentation says, decided by itself."""
    kind = described.get("type", "raw")
    if value is None or kind == "raw":
        return True
    kinds = {"str": str, "int": int, "float": (int, float), "bool": bool, "list": list, "dict": dict}
    if not isinstance(value, kinds[kind]) or isinstance(value, bool) != (kind == "bool") or value not in described.get("choices", [value]):
        return False
    inner = described.get("contains") or {}
    if kind == "list" and "elements" in described:
        return all(item is not None and holds(item, {"type": described["elements"], "contains": inner}) for item in value)
    return kind != "dict" or not inner or (set(value) <= set(inner) and all(holds(item, inner[name]) for name, item in value.items()))


@pytest.mark.parametrize("module", SHAPES)
def test_any_json_becomes_the_documented_shape_or_one_sentence(module):
    shape = SHAPES[module]

    @settings(max_examples=20, derandomize=True, deadline=None)
    @given(st.dictionaries(names(shape), JSON, max_size=6))
    def attack(answer):
        try:
            found = read(answer, shape)
        except returned.AnswerError as problem:
            assert len(str(problem)) < 300 and str(problem).isprintable()
            return
        assert set(found) <= {*shape, *returned.COMMON} - {"ansible_facts"}
        assert all(holds(found[name], shape[name]) for name in shape if name in found and name not in returned.COMMON)
        json.dumps(found, ensure_ascii=False).encode("utf-8")
        assert found.get("msg", "").isprintable()

    attack()


@settings(max_examples=80, derandomize=True, deadline=None)
@given(st.text(max_size=40) | JSON.map(json.dumps))
def test_any_output_is_an_answer_or_one_sentence(output):
    try:
        assert isinstance(returned.read(output, {}), dict)
    except returned.AnswerError as problem:
        assert "\n" not in str(problem)


def test_what_is_not_documented_is_left_out_at_every_level():
    found = read(
        {
            "changed": False,
            "ansible_facts": {"image_dest": "/evil"},
            "_ansible_no_log": False,
            "add_host": {"host_name": "x"},
            "unreachable": True,
            "results": [{**RECORD, "severity": "low", "waiver": {"expired": False}, "origin": "other", "_ansible_x": 1}],
        }
    )
    assert found == {"changed": False, "results": [RECORD]}


def test_values_that_newer_releases_would_turn_into_trusted_templates_stay_data():
    trusted = {
        "__ansible_type": "_AnsibleTaggedStr",
        "value": "{{ lookup('pipe', 'id') }}",
        "tags": [{"__ansible_type": "TrustedAsTemplate"}],
    }
    assert read({"results": [{**RECORD, "observed": trusted}]})["results"][0]["observed"] == {"value": trusted["value"], "tags": [{}]}


@pytest.mark.parametrize(
    "answer, message",
    [
        ({}, "results is missing"),
        ({"results": None}, "results is missing"),
        ({"results": {}}, "results is a mapping and not a list"),
        ({"results": ["x"]}, "results[0] is a text and not a mapping"),
        ({"results": [None]}, "results[0] is null and not a mapping"),
        ({"results": [{**RECORD, "control": True}]}, "results[0].control is yes or no and not a text"),
        ({"results": [{**RECORD, "status": "passed\n"}]}, "results[0].status is passed\\n and not one of pass, fail"),
        ({"results": [{"control": "x"}]}, "results[0].status is missing"),
        ({"results": [], "failed": "no"}, "failed is a text and not yes or no"),
        ({"results": [], "rc": 10**19}, "a number without bounds"),
        ({"results": [], "rc": float("inf")}, "it has Infinity, which is not JSON"),
        ({"results": [{**RECORD, "message": "x" * (returned.LONGEST_TEXT + 1)}]}, "a text of more than 4 MiB"),
    ],
)
def test_a_wrong_shape_is_reported_by_its_name(answer, message):
    with pytest.raises(returned.AnswerError) as refused:
        read(answer)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    "output, message",
    [
        ("", "there is none"),
        ("[1]", "there is none"),
        ("{", "not JSON"),
        ('{"a": ' + "[" * 100000 + "]" * 100000 + "}", "nested deeper"),
        ('{"a": ' + "[" * 40 + "]" * 40 + "}", "nested deeper"),
        ('{"a": ' + "9" * 5000 + "}", "a number without bounds"),
        ('{"a": 1e999}', "a number without bounds"),
        (" " * (returned.MOST + 1), "larger than"),
    ],
)
def test_an_output_that_is_no_answer_is_refused(output, message):
    with pytest.raises(returned.AnswerError, match=message):
        returned.read(output, {})


def test_what_the_login_says_around_an_answer_does_no_harm():
    assert returned.read('Welcome {you}\n{"changed": true}\nlogout\x1b[2J\n', {}) == {"changed": True}


def test_what_ansible_shows_is_readable():
    nasty = "gone\x1b[2J\rfine \u202e\x00\udc80\nPLAY RECAP"
    found = returned.read(
        json.dumps(
            {
                "failed": True,
                "msg": nasty,
                "warnings": [nasty, {"event": {"msg": nasty}}, 3],
                "exception": {"event": {"formatted_traceback": nasty}},
                "diff": {"before": nasty, "after": "", "before_header": nasty},
            }
        ),
        {},
    )
    shown = [found["msg"], *found["warnings"], found["diff"]["before_header"]]
    assert all(text.isprintable() for text in shown) and "\\x1b[2J\\rfine \\u202e\\x00\\udc80\\nPLAY" in found["msg"]
    assert found["warnings"][2] == "it was not said what"
    for text in (found["exception"], found["diff"]["before"]):
        assert [line.isprintable() for line in text.split("\n")] == [True, True]


def test_bytes_that_are_no_text_come_through_spelt_out():
    found = read({"results": [{**RECORD, "observed": {"caf\udce9": "\udce9"}}]})
    assert found["results"][0]["observed"] == {"caf\\udce9": "\\udce9"}


def test_a_failure_need_not_have_what_a_success_has():
    assert read({"failed": True, "msg": "no", "results": [RECORD]}) == {"failed": True, "msg": "no", "results": [RECORD]}
    assert read({"skipped": True}) == {"skipped": True}


def test_a_whole_profile_costs_less_than_a_blink():
    output = json.dumps({"changed": False, "results": [{**RECORD, "observed": {f"key{n}": [n] for n in range(4)}}] * 540})
    started = time.process_time()
    returned.read(output, AUDIT)
    assert time.process_time() - started < 0.5  # 0.02 s on the machine that this was written on


def test_every_module_runs_under_an_action_that_reads_its_answer():
    with open(COLLECTION / "meta/runtime.yml", encoding="utf-8") as stream:
        routed = yaml.safe_load(stream)["plugin_routing"]["modules"]
    assert {name for name, entry in routed.items() if entry == {"action_plugin": "hygeia.golden.distrusted"}} == set(routed)
    own = {path.stem for path in (COLLECTION / "plugins/action").glob("*.py")}
    assert "distrusted" in own and not own & set(routed)
    assert set(SHAPES) == set(routed) | own


def test_of_ansibles_own_results_facts_are_never_kept():
    result = {"changed": True, "stat": {"exists": True}, "ansible_facts": {"image_dest": "/evil"}, "_ansible_x": 1, "add_host": {}}
    assert returned.sifted(result, {"stat": {}, "ansible_facts": {}}) == {"changed": True, "stat": {"exists": True}}
    assert returned.parsed(json.dumps({**result, "msg": "a\x1b"})) == {"changed": True, "stat": {"exists": True}, "msg": "a\\x1b"}


def test_an_action_may_ask_for_facts_on_its_way_and_nobody_learns_of_them():
    """ansible.builtin.reboot asks which distribution it is before it knows the command."""
    output = json.dumps({"ansible_facts": {"distribution": "Debian", "evidence_dir": "/attacker"}, "changed": False, "add_host": {}})
    found = returned.parsed(output, facts=True)
    assert found["ansible_facts"]["distribution"] == "Debian" and "add_host" not in found
    assert returned.sifted({**found, "rebooted": True}, {"rebooted": {}, "ansible_facts": {}}) == {"changed": False, "rebooted": True}
    assert "ansible_facts" not in returned.parsed(output)
    assert "ansible_facts" not in returned.parsed(json.dumps({"ansible_facts": "text"}), facts=True)
