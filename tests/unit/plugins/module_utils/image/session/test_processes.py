# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import Process, owner, wait_until

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def child():
    started = []

    def start(argv=None, **kwargs):
        started.append(subprocess.Popen(argv or SLEEP, **kwargs))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        for stream in filter(None, (process.stdout,)):
            stream.close()


def test_a_process_is_its_start_and_not_its_number(child):
    process = Process.of(child().pid)
    assert process.alive
    assert not Process(process.pid, "1", process.boot).alive
    assert not Process(process.pid, process.start, "another boot").alive
    assert Process.load(process.dump()) == process
    assert Process.load(None) is None


def test_a_dead_child_that_nobody_collected_is_not_alive(child):
    started = child()
    process = Process.of(started.pid)
    started.send_signal(signal.SIGKILL)
    assert wait_until(lambda: not process.alive, 5)
    assert process.stop(1), "there is nothing to do"


def test_a_signal_never_reaches_a_stranger(child):
    started = child()
    Process(started.pid, "1", "no boot").signal(signal.SIGKILL)
    assert started.poll() is None


def test_one_that_misses_the_first_signal_is_asked_again(child):
    """qemu-storage-daemon does when the signal comes just before it goes to sleep."""
    script = "from signal import *; signal(SIGTERM, lambda *unused: signal(SIGTERM, SIG_DFL)); print(1, flush=True)\nwhile 1: pause()"
    started = child([sys.executable, "-c", script], stdout=subprocess.PIPE)
    started.stdout.readline()
    assert Process.of(started.pid).ask(5)


def test_one_that_does_not_end_is_killed_past_the_limit(child):
    script = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True)\nwhile 1: signal.pause()"
    started = child([sys.executable, "-c", script], stdout=subprocess.PIPE)
    started.stdout.readline()
    assert Process.of(started.pid).stop(0.2) is False
    assert started.wait() == -signal.SIGKILL


def test_the_run_is_the_uppermost_of_the_same_name(child, tmp_path):
    """A module is the child of a forked worker, which is the child of the run."""
    program = tmp_path / "ansible-playbook"
    program.write_text("import os, subprocess, sys\nif os.fork():\n    os.wait()\nelse:\n    subprocess.run(sys.argv[1:])\n")
    run = child([sys.executable, str(program), *SLEEP])
    assert wait_until(lambda: len(family(run.pid)) == 3, 5)
    assert owner(family(run.pid)[-1]) == Process.of(run.pid)


def family(pid):
    """A process and its descendants, one a generation."""
    found = [pid]
    while True:
        with open(f"/proc/{found[-1]}/task/{found[-1]}/children", encoding="utf-8") as stream:
            children = stream.read().split()
        if not children:
            return found
        found.append(int(children[0]))


def test_without_ansible_there_is_no_run():
    assert owner(1) is None


def test_waiting_has_a_limit():
    assert wait_until(lambda: True, 0)
    assert not wait_until(lambda: False, 0.01)
