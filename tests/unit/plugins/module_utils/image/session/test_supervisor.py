# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""When a session ends by itself."""

from __future__ import annotations

import json
import os
import subprocess
import time

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import directory, supervisor

PLAN = {"lease": 0.5, "lifetime": 1.5, "owner": None}
UNUSED, TOO_LONG = "nothing ran in it for 0.5 s", "it was open for more than 1.5 s"


@pytest.fixture
def sandbox():
    """A process in a process namespace of its own, as the first one of a sandbox is: (it, a start of others beside it)."""
    first = subprocess.Popen(["unshare", "--pid", "--fork", "--kill-child", "sleep", "60"])
    inner = _wait_for_child(first.pid)
    started = []

    def beside(*command):
        started.append(subprocess.Popen(["nsenter", "--target", inner, "--pid", *command]))

    yield int(inner), beside
    for process in [*started, first]:
        process.kill()
        process.wait()


def _wait_for_child(parent):
    end = time.monotonic() + 5
    while time.monotonic() < end:
        with open(f"/proc/{parent}/task/{parent}/children", encoding="utf-8") as stream:
            found = stream.read().split()
        if found:
            return found[0]
        time.sleep(0.01)
    raise AssertionError("unshare started nothing")


@pytest.fixture
def plan(tmp_path):
    """A session in which the last command was started half a minute ago."""
    (tmp_path / "used").touch()
    os.utime(tmp_path / "used", (time.time() - 30,) * 2)
    return {**PLAN, "directory": str(tmp_path)}


@pytest.mark.skipif(os.getuid() != 0, reason="only root may make a process namespace")
class TestWatch:
    def test_one_without_an_owner_ends_when_nothing_runs_in_it_any_more(self, plan, sandbox):
        assert supervisor.watch(plan, sandbox[0], {}) == UNUSED

    def test_one_whose_run_still_goes_on_may_be_idle(self, plan, sandbox):
        assert supervisor.watch({**plan, "owner": {"pid": os.getpid()}}, sandbox[0], {}) == TOO_LONG

    def test_a_command_that_takes_its_time_is_not_idle(self, plan, sandbox):
        sandbox[1]("sleep", "60")
        assert supervisor.watch(plan, sandbox[0], {}) == TOO_LONG

    def test_one_that_was_used_just_now_stays(self, plan, sandbox):
        os.utime(os.path.join(plan["directory"], "used"))
        assert supervisor.watch({**plan, "lease": 60}, sandbox[0], {}) == TOO_LONG


def test_a_long_idle_session_is_one_whose_last_command_is_long_ago(tmp_path):
    (tmp_path / "used").touch()
    os.utime(tmp_path / "used", (time.time() - 100, time.time() - 100))
    assert 99 < directory.idle(str(tmp_path)) < 110
    supervisor.note(str(tmp_path), {"clean": True, "why": "asked to end"})
    assert json.loads((tmp_path / "ended.json").read_text()) == {"clean": True, "why": "asked to end"}
