# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json
import sys

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.util.ansible_module import Module
from ansible_collections.hygeia.golden.plugins.module_utils.util.places import OddFile
from ansible_collections.hygeia.golden.plugins.module_utils.util.presentable import one_line, presentable
from hypothesis import given, settings
from hypothesis import strategies as st

ANY_TEXT = st.one_of(st.text(st.characters(exclude_categories=())), st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape")))
ANSWERS = st.recursive(
    st.one_of(ANY_TEXT, st.integers(), st.none(), st.binary()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(ANY_TEXT, inner)),
    max_leaves=8,
)


@settings(derandomize=True, max_examples=300)
@given(ANSWERS)
def test_whatever_a_system_holds_becomes_json_in_valid_utf_8(answer):
    text = json.dumps(presentable(answer), ensure_ascii=False)
    assert json.loads(text.encode("utf-8")) == presentable(answer) == presentable(presentable(answer))


@settings(derandomize=True, max_examples=200)
@given(ANY_TEXT)
def test_a_part_of_a_sentence_begins_no_other(text):
    message = result.record("a", "fail", "offline", message=text)["message"]
    assert not (set(one_line(text)) | set(message)) & set("\n\r\t\x1b\x85")


def test_an_odd_byte_is_spelled_and_good_text_stays():
    assert presentable(b"/home/m\xfcller \xc3\xa9\x1b[2J".decode("utf-8", "surrogateescape")) == "/home/m\\xFCller \u00e9\\x1B[2J"
    assert presentable({"b": ("\n", 1, None, True)}) == {"b": ["\n", 1, None, True]}


@pytest.mark.parametrize(("ending", "arguments"), [("exit_json", ()), ("fail_json", ("caf\udce9",))])
def test_a_module_answers_with_what_is_presentable(monkeypatch, ending, arguments):
    calls = []
    monkeypatch.setattr(Module.__mro__[1], ending, lambda unused_self, *positional, **kwargs: calls.append((positional, kwargs)))
    getattr(Module.__new__(Module), ending)(*arguments, found=["m\udcfcller"])
    assert calls == [(tuple("caf\\xE9" for unused in arguments), {"found": ["m\\xFCller"]})]


def test_an_odd_file_that_nobody_made_a_finding_of_ends_a_module_with_its_sentence(monkeypatch, capsys):
    calls = []
    monkeypatch.setattr(Module.__mro__[1], "fail_json", lambda unused_self, msg: calls.append(msg))
    monkeypatch.setattr(Module.__mro__[1], "__init__", lambda unused_self: None)
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    Module()
    sys.excepthook(OddFile, OddFile("/etc/os-release is a named pipe"), None)
    sys.excepthook(ValueError, ValueError("a mistake of ours"), None)
    assert calls == ["/etc/os-release is a named pipe"]
    assert capsys.readouterr().err.endswith("ValueError: a mistake of ours\n")
