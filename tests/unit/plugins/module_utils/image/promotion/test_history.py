# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.history import History
from ansible_collections.hygeia.golden.plugins.module_utils.util import chain

MOVE = {
    "action": "promoted",
    "image": "web-2-0123456789ab.qcow2",
    "from": None,
    "version": "2",
    "sha256": "01" * 32,
    "by": "ann",
    "reason": "",
}


@pytest.fixture
def history(tmp_path):
    return History(str(tmp_path / "web.qcow2"))


def point(history, image=MOVE["image"]):
    if os.path.lexists(history.pointer):
        os.unlink(history.pointer)
    os.symlink(image, history.pointer)


def entries(history):
    """What the lines say, without what chains them."""
    with open(history.path, encoding="utf-8") as stream:
        return [{name: value for name, value in json.loads(line).items() if name != "chain"} for line in stream]


def test_a_move_that_happened_is_recorded_once(history):
    move = history.note(**MOVE)
    point(history)
    history.settle()
    history.settle()
    assert entries(history) == history.moves() == [move]
    assert not os.path.exists(history.noted)


def test_a_move_that_did_not_happen_is_not_recorded(history):
    point(history, "web-1-0123456789ab.qcow2")
    history.note(**MOVE)
    assert history.moves() == []
    history.settle()
    assert not os.path.exists(history.path) and not os.path.exists(history.noted)


def test_a_killed_move_that_happened_is_seen_before_anybody_settles_it(history):
    move = history.note(**MOVE)
    point(history)
    assert history.moves() == [move]


def test_a_move_killed_after_it_was_recorded_is_recorded_once(history):
    move = history.note(**MOVE)
    point(history)
    history._add(move)
    assert history.moves() == [move]
    history.settle()
    assert entries(history) == [move]


def test_lines_are_only_added(history):
    for number in (1, 2, 3):
        with open(history.path, "a+", encoding="utf-8") as stream:
            stream.seek(0)
            before = stream.read()
        point(history, f"web-{number}-0123456789ab.qcow2")
        history.note(**{**MOVE, "image": f"web-{number}-0123456789ab.qcow2"})
        history.settle()
        with open(history.path, encoding="utf-8") as stream:
            assert stream.read().startswith(before)
    assert [move["image"][4] for move in history.moves()] == ["1", "2", "3"]


def test_a_torn_line_stays_and_spoils_no_other(history):
    with open(history.path, "w", encoding="utf-8") as stream:
        stream.write('{"time": "2026-10')
    point(history)
    move = history.note(**MOVE)
    history.settle()
    assert history.moves() == [move]
    assert history.damaged() == [1]


@pytest.mark.parametrize("line", ["7", "[]", "{}", '{"time": "x", "action": "promoted"}', "no json"])
def test_a_line_that_is_no_move_is_named(history, line):
    with open(history.path, "w", encoding="utf-8") as stream:
        stream.write(line + "\n")
    assert (history.moves(), history.damaged()) == ([], [1])


def test_a_reason_may_hold_any_character(history):
    point(history)
    history.note(**{**MOVE, "reason": "a\nb\u2028c ü"})
    history.settle()
    assert history.moves()[0]["reason"] == "a\nb\u2028c ü"


def test_the_digest_is_the_one_at_promotion(history):
    point(history)
    for move in (MOVE, {**MOVE, "action": "rolled_back", "sha256": "02" * 32}):
        history.note(**move)
        history.settle()
    assert history.digest(MOVE["image"]) == MOVE["sha256"]
    assert history.digest("other") is None
    assert history.gone_back_to() == {MOVE["image"]}


def test_moves_are_chained_and_the_end_is_known(history):
    assert history.head() is None
    for number in (1, 2):
        point(history, f"web-{number}-0123456789ab.qcow2")
        history.note(**{**MOVE, "image": f"web-{number}-0123456789ab.qcow2"})
        history.settle()
    with open(history.path, "rb") as stream:
        found = chain.examine(stream.read())
    assert (found.entries, found.problems) == (2, [])
    assert history.head() == {"path": history.path, "entries": 2, "sha256": found.sha256}
