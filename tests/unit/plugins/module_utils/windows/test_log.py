# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Transaction logs are played back as Windows does, or it is said that a hive is not whole."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.windows.errors import Unreadable
from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry.hive import Hive
from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry.log import marvin32, replayed
from ansible_collections.hygeia.golden.tests.windows import hives

BEFORE = {"A": {"n": 1}, **{f"key {number}": {"text": "x" * 300} for number in range(60)}}
AFTER = {**BEFORE, "A": {"n": 2}, "New": {"n": 3}}
OLD, NEW = hives.hive(BEFORE, first=8, second=7), hives.hive(AFTER)


@pytest.mark.parametrize(
    ("text", "folded"),
    # Known answers for the seed of hives, folded to 32 bits.
    [
        (b"", 0xB00892AC),
        (b"h", 0xF41A608E),
        (b"he", 0x11107C6B),
        (b"hel", 0x24056A46),
        (b"hell", 0x7F91E021),
        (b"hello, world!", 0x00C18515),
    ],
)
def test_the_hash_of_entries_has_its_known_answers(text, folded):
    found = marvin32(text)
    assert found >> 32 ^ found & 0xFFFFFFFF == folded


def numbers(data):
    hive = Hive(data, "SYSTEM")
    assert hive.header.clean
    new = hive.key("New")
    return hive.key("A").value("n").number, new.value("n").number if new else None


def test_a_hive_that_is_whole_stays_as_it_is():
    assert replayed(NEW, [hives.log(NEW, OLD, 1)], "SYSTEM") == NEW


@pytest.mark.parametrize("entries", [1, 2, 4])
def test_what_a_log_has_beyond_the_hive_is_played_back(entries):
    assert numbers(replayed(OLD, [hives.log(OLD, NEW, 7, entries)], "SYSTEM")) == (2, 3)


def test_two_logs_follow_each_other_in_whichever_order():
    between = hives.hive({**BEFORE, "A": {"n": 2}})
    first, second = hives.log(OLD, between, 7, 1), hives.log(between, NEW, 8, 1)
    assert numbers(replayed(OLD, [second, first], "SYSTEM")) == (2, 3)


def test_an_entry_that_was_not_written_whole_ends_the_log():
    log = bytearray(hives.log(OLD, NEW, 7, 3))
    log[-700] ^= 1
    assert replayed(OLD, [bytes(log)], "SYSTEM") != replayed(OLD, [hives.log(OLD, NEW, 7, 3)], "SYSTEM")
    log[600] ^= 1  # the first one too
    with pytest.raises(Unreadable, match="SYSTEM was being written when the machine stopped, and no transaction log completes it"):
        replayed(OLD, [bytes(log)], "SYSTEM")


def test_entries_that_the_hive_has_already_are_left_out():
    wrong = hives.hive({**AFTER, "A": {"n": 99}})
    old = hives.log(NEW, wrong, 3)
    assert numbers(replayed(OLD, [old, hives.log(OLD, NEW, 7)], "SYSTEM")) == (2, 3)


def test_a_base_block_that_was_not_written_whole_is_that_of_the_log():
    damaged = OLD[:508] + b"\0\0\0\0" + OLD[512:]
    assert numbers(replayed(damaged, [hives.log(OLD, NEW, 7)], "SYSTEM")) == (2, 3)


@pytest.mark.parametrize("logs", [[], [b""], [bytes(512)], [NEW[:512]]])
def test_a_hive_that_nothing_completes_is_not_believed(logs):
    with pytest.raises(Unreadable, match="start the template once and shut it down"):
        replayed(OLD, logs, "SYSTEM")
