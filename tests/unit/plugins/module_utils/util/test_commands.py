# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Commands that print without end, never end, or do not listen."""

from __future__ import annotations

import subprocess
import sys

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.commands import TooMuch, captured

pytestmark = pytest.mark.timeout(60)


@pytest.mark.parametrize("command", ["yes", "yes >&2", "trap '' TERM PIPE; while :; do echo y; echo n >&2; done"])
def test_a_program_that_prints_without_end_is_ended(command):
    with pytest.raises(TooMuch):
        captured(["sh", "-c", command], most=1 << 20)


def test_a_host_says_so_in_one_sentence():
    assert Host().run(["yes"]).error == "yes printed more than 64 MB, more than it has to say: put the right program in its place"


@pytest.mark.parametrize("command", ["sleep 60", "exec >&- 2>&-; sleep 60", "sleep 60 & wait"])
def test_a_program_that_does_not_end_is_ended(command):
    with pytest.raises(subprocess.TimeoutExpired):
        captured(["sh", "-c", command], timeout=0.3)


def test_both_outputs_are_read_while_it_is_fed():
    script = "import sys; text = sys.stdin.buffer.read(); sys.stderr.buffer.write(text); sys.stdout.buffer.write(text[::-1])"
    given = bytes(range(256)) * 4000
    assert captured([sys.executable, "-c", script], given) == (0, given[::-1], given)


def test_one_that_does_not_listen_is_no_problem():
    assert captured(["sh", "-c", "echo done; exit 3"], b"x" * (1 << 20)) == (3, b"done\n", b"")


def test_nothing_to_read_is_the_end_of_the_input():
    assert captured(["cat"], b"") == captured(["cat"]) == (0, b"", b"")


def test_a_host_hands_over_any_bytes_and_counts_lines_as_before():
    assert Host().run(["cat"], "a\udcff\r\nb\rc\n").out == "a\udcff\nb\nc\n"
