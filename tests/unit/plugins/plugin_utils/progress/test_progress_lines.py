# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.progress import lines
from ansible_collections.hygeia.golden.plugins.plugin_utils.progress.state import Progress


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def progress(clock):
    return Progress(clock)


@pytest.mark.parametrize(("seconds", "text"), [(0.9, "0:00"), (61, "1:01"), (3599.9, "59:59"), (3723, "1:02:03")])
def test_durations_are_read_as_on_a_clock(seconds, text):
    assert lines.duration(seconds) == text


def test_a_host_that_works_has_its_step_the_time_in_it_and_its_task(clock, progress):
    progress.start("debian-12", "patch", "Download")
    clock.now += 62
    progress.start("web", "harden", "Apply the controls")
    assert lines.running(progress, 80, 20) == ["  debian-12  patch    1:02  Download", "  web        harden   0:00  Apply the controls"]


def test_a_step_ends_when_the_next_one_begins(clock, progress):
    assert progress.start("a", "patch", "Download") is None
    clock.now += 5
    assert progress.start("a", "patch", "Install") is None
    clock.now += 2
    assert progress.start("a", "harden", "Apply") == ("patch", 7)
    clock.now += 1
    assert progress.start("a", "", "A task of the play") == ("harden", 1)
    clock.now += 30
    assert progress.start("a", "patch", "Again") is None
    clock.now += 3
    progress.wait()
    assert progress.hosts["a"].steps == {"patch": 10, "harden": 1}
    assert progress.hosts["a"].elapsed(clock.now + 99) == 41


def test_lines_fit_the_terminal(progress):
    for number in range(30):
        progress.start(f"host-{number:02}", "verify", "A name that goes on and on, " * 5)
    shown = lines.running(progress, 60, 10)
    assert len(shown) == 10
    assert shown[-1] == "  and 21 more"
    assert max(map(len, shown)) == 59


def test_nothing_that_a_terminal_obeys_is_printed(progress):
    progress.start("evil\x1b[2J", "patch\x07", "\x9b31m\u202egnp.exe")
    (line,) = lines.running(progress, 80, 5)
    assert line.isprintable()
    assert lines.printable("two\nlines") == "two\nlines"


def test_the_table_names_what_failed_and_the_longest_steps(clock, progress):
    progress.start("b", "image open", "Open")
    clock.now += 0.4
    progress.start("b", "verify", "Boot")
    clock.now += 100
    progress.fail("b")
    progress.start("a", "patch", "Install")
    clock.now += 10
    progress.wait()
    counts = {
        "b": {"ok": 3, "changed": 2, "failures": 1},
        "a": {"ok": 3, "changed": 0, "failures": 0, "rescued": 1},
        "c": {"ok": 0, "unreachable": 1, "changed": 0, "failures": 0},
    }
    assert list(lines.summary(progress, counts)) == [
        "host  outcome           changed  elapsed  longest steps",
        "a     ok                      0     0:10  patch 0:10",
        "b     failed in verify        2     1:50  verify 1:50",
        "c     unreachable             0     0:00",
    ]
