# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import hashlib
import json
import multiprocessing

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.util import chain, file_lock
from ansible_collections.hygeia.golden.plugins.module_utils.util.chain import Checkpoint

ENTRIES = 6


@pytest.fixture
def path(tmp_path):
    return tmp_path / "history.jsonl"


@pytest.fixture
def lines(path):
    """The lines of a history of six entries."""
    for number in range(1, ENTRIES + 1):
        chain.append(str(path), {"what": f"move {number}"})
    return path.read_bytes().splitlines(keepends=True)


@pytest.fixture
def checkpoint(lines):
    return Checkpoint(ENTRIES, digest(lines[-1]), "the evidence web/1")


def digest(line):
    return hashlib.sha256(line.strip(b"\n")).hexdigest()


def rewritten(lines, begin):
    """What somebody makes of the lines who knows how the chain is made."""
    done = []
    for number, line in enumerate(lines, 1):
        known = json.loads(line)
        if number >= begin:
            known["chain"] = {"entry": number, "previous": digest(done[-1]) if done else None}
        done.append(json.dumps(known).encode() + b"\n")
    return done


def test_each_entry_holds_the_digest_of_the_line_before(lines):
    links = [json.loads(line)["chain"] for line in lines]
    assert [link["entry"] for link in links] == [1, 2, 3, 4, 5, 6]
    assert [link["previous"] for link in links] == [None, *map(digest, lines[:-1])]


def test_what_was_not_touched_has_no_problem(lines, checkpoint, path):
    found = chain.examine(b"".join(lines), [checkpoint])
    assert (found.entries, found.confirmed, found.unchained, found.problems, found.notes) == (6, 6, 0, [], [])
    assert chain.head(str(path)) == Checkpoint(6, digest(lines[-1])) and found.sha256 == digest(lines[-1])
    assert chain.entries(b"".join(lines))[2] == {"what": "move 3"}


@pytest.mark.parametrize("place", range(ENTRIES))
def test_a_removed_entry_is_named(lines, checkpoint, place):
    found = chain.examine(b"".join(lines[:place] + lines[place + 1 :]), [checkpoint])
    end = " at the end, by the evidence web/1" if place == ENTRIES - 1 else ""
    assert found.problems == [f"entry {place + 1} is missing{end}"]


@pytest.mark.parametrize("place", range(ENTRIES))
def test_an_edited_entry_is_named(lines, checkpoint, place):
    lines[place] = lines[place].replace(b"move", b"nothing")
    [problem] = chain.examine(b"".join(lines), [checkpoint]).problems
    assert problem.startswith(f"entry {place + 1} is not the one that ")


def test_an_edit_of_a_single_bit_anywhere_is_found(lines, checkpoint):
    whole = b"".join(lines)
    for place, byte in enumerate(whole):
        for changed in {byte ^ 1, byte ^ 32} - {byte}:
            assert chain.examine(whole[:place] + bytes([changed]) + whole[place + 1 :], [checkpoint]).problems, (
                place,
                whole[place - 9 : place + 9],
            )


@pytest.mark.parametrize("one", range(ENTRIES))
@pytest.mark.parametrize("other", range(ENTRIES))
def test_reordered_entries_are_named(lines, checkpoint, one, other):
    if one < other:
        lines[one], lines[other] = lines[other], lines[one]
        problems = chain.examine(b"".join(lines), [checkpoint]).problems
        assert f"entry {one + 1} stands in line {other + 1}, after entry {other + 1}: entries were reordered" in problems


@pytest.mark.parametrize("left", range(ENTRIES))
def test_a_history_that_was_cut_off_only_shows_beside_a_checkpoint(lines, checkpoint, left):
    content = b"".join(lines[:left])
    assert chain.examine(content).problems == []
    gone = f"entry {ENTRIES} is" if left == ENTRIES - 1 else f"entries {left + 1} to {ENTRIES} are"
    assert chain.examine(content, [checkpoint]).problems == [f"{gone} missing at the end, by the evidence web/1"]


def test_a_history_that_was_written_anew_only_shows_beside_a_checkpoint(lines, checkpoint):
    before = Checkpoint(2, digest(lines[1]), "the evidence web/0")
    lines[3] = lines[3].replace(b"move", b"nothing")
    anew = b"".join(lines[:4] + rewritten(lines, 5)[4:])
    assert chain.examine(anew).problems == []
    assert chain.examine(anew, [checkpoint, before]).problems == [
        "entry 6 is not the one that the evidence web/1 names: an entry after number 2 was changed, and the chain was written anew"
    ]


def test_a_doubled_entry_is_named(lines, checkpoint):
    problems = chain.examine(b"".join([*lines[:3], lines[1], *lines[3:]]), [checkpoint]).problems
    assert "entry 2 is there twice, in lines 2 and 4" in problems


def test_a_line_without_a_chain_is_named(lines, checkpoint):
    problems = chain.examine(b"".join([*lines[:3], b'{"what": "mine"}\n', *lines[3:]]), [checkpoint]).problems
    assert "line 4 is not chained: somebody added or changed it" in problems


# -- a history that was there before it was chained -------------------------------------


@pytest.fixture
def continued(path):
    path.write_text('{"what": "old 1"}\n{"what": "old 2"}\n')
    for number in (3, 4):
        chain.append(str(path), {"what": f"move {number}"})
    return path.read_bytes().splitlines(keepends=True)


def test_an_unchained_history_is_continued_and_reported_as_such(continued):
    found = chain.examine(b"".join(continued), [Checkpoint(4, digest(continued[-1]))])
    assert (found.entries, found.unchained, found.problems) == (4, 2, [])
    assert found.notes == ["2 lines from before the history was chained: whether they were changed until then, nothing shows"]
    assert [entry["what"] for entry in chain.entries(b"".join(continued))] == ["old 1", "old 2", "move 3", "move 4"]


def test_old_lines_cannot_be_changed_after_the_chain_began(continued):
    edited = [continued[0].replace(b"old", b"new"), *continued[1:]]
    assert chain.examine(b"".join(edited)).problems == [
        "lines 1 to 2, from before the history was chained, were edited after entry 3 was added"
    ]
    assert chain.examine(b"".join(continued[1:])).problems == ["2 lines were written before the history was chained, and 1 are there"]
    assert chain.examine(b"".join(continued[:2]), [Checkpoint(4, "0", "x")]).problems == ["entries 3 to 4 are missing at the end, by x"]


def test_the_first_chained_entry_cannot_be_removed_with_what_it_says(continued):
    assert chain.examine(b"".join([*continued[:2], continued[3]])).problems == [
        "2 lines stand before the first entry of the chain",
        "entries 1 to 3 are missing",
    ]


def test_a_line_that_a_power_cut_tore_stays_and_is_part_of_the_chain(path, lines):
    path.write_bytes(b"".join(lines) + b'{"what": "mo')
    chain.append(str(path), {"what": "move 8"})
    found = chain.examine(path.read_bytes())
    assert (found.entries, found.problems) == (8, [])
    assert found.notes[0] == "line 7 cannot be read: it was cut off while it was written"
    assert chain.examine(path.read_bytes().replace(b'"mo\n', b'"m\n')).problems == [
        "entry 7 is not the one that entry 8 was added to: it was edited"
    ]


@pytest.mark.parametrize("content", [b"", b"\n\n", b"[" * 100_000, b"\xff\xfe\n7\n[]\n", b'{"chain": 7}\n', b'{"chain": {"entry": "x"}}'])
def test_what_is_no_history_has_no_entry_of_the_chain(content):
    found = chain.examine(content)
    assert found.confirmed == 0 and found.unchained == len([line for line in content.split(b"\n") if line])


# -- runs that end at the same time ----------------------------------------------------


def _add(path, name):
    for number in range(20):
        with file_lock.held(f"{path}.lock", 60):
            chain.append(path, {"who": name, "number": number})


def test_several_processes_add_to_one_chain(path):
    context = multiprocessing.get_context("fork")
    processes = [context.Process(target=_add, args=(str(path), name)) for name in "abcd"]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0, 0, 0]
    found = chain.examine(path.read_bytes())
    assert (found.entries, found.problems) == (80, [])
    for name in "abcd":
        assert [each["number"] for each in chain.entries(path.read_bytes()) if each["who"] == name] == list(range(20))


def test_a_lock_that_somebody_keeps_is_reported_in_time(tmp_path):
    with file_lock.held(str(tmp_path / "lock"), 0):
        with pytest.raises(TimeoutError, match="another process has held .*/lock for 0 seconds"):
            with file_lock.held(str(tmp_path / "lock"), 0):
                raise AssertionError
