# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The guard is run as the program that it is, with a qemu that is a shell script."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot.guest import guard_program
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import Process, wait_until

# Does what qemu does when it is asked for its power button over QMP, and nothing otherwise.
OBEDIENT = "echo $$ >$PID; while read -r line; do case $line in *system_powerdown*) exit 0;; esac; done"
STUBBORN = "echo $$ >$PID; trap '' TERM; while :; do sleep 0.05; done"


@pytest.fixture
def guarded(tmp_path):
    """Start a guard over a script; gives the guard, and the process that stands for qemu."""
    guards = []

    def start(script, owner=None, lifetime=60, limit=5, wait=True):
        pid = tmp_path / "pid"
        plan = {
            "directory": str(tmp_path),
            "qemu": ["sh", "-c", f"PID={pid}; {script}"],
            "owner": owner,
            "lifetime": lifetime,
            "limit": limit,
        }
        program = tmp_path / "guard.pyz"
        program.write_bytes(guard_program())
        guards.append(subprocess.Popen([sys.executable, "-I", str(program), json.dumps(plan)], start_new_session=True))
        assert not wait or wait_until(lambda: pid.exists() and pid.read_text().strip(), 10)
        return guards[-1], Process.of(int(pid.read_text())) if wait else None

    yield start
    for guard in guards:
        guard.kill()
        guard.wait()


def ended(tmp_path):
    return json.loads(Path(tmp_path, "ended.json").read_text())


def test_asked_to_end_it_presses_the_power_button(guarded, tmp_path):
    guard, qemu = guarded(OBEDIENT)
    guard.send_signal(signal.SIGTERM)
    assert guard.wait(5) == 0
    assert not qemu.alive
    assert ended(tmp_path) == {"clean": True, "why": "asked to end"}


def test_a_guest_that_does_not_shut_down_is_killed(guarded, tmp_path):
    guard, qemu = guarded(STUBBORN, limit=0.3)
    guard.send_signal(signal.SIGTERM)
    guard.wait(5)
    assert not qemu.alive
    assert ended(tmp_path)["clean"] is False


def test_being_asked_again_and_again_changes_nothing(guarded, tmp_path):
    guard, unused_qemu = guarded(OBEDIENT)
    while guard.poll() is None:
        guard.send_signal(signal.SIGTERM)
        time.sleep(0.01)
    assert ended(tmp_path)["clean"] is True


def test_a_killed_guard_takes_qemu_with_it(guarded):
    guard, qemu = guarded(STUBBORN)
    guard.kill()
    assert qemu.ended(5)


def test_the_end_of_the_run_is_the_end_of_the_guest(guarded, tmp_path):
    with subprocess.Popen(["sleep", "60"]) as run:
        guard, qemu = guarded(STUBBORN, owner=Process.of(run.pid).dump())
        run.kill()
    guard.wait(5)
    assert not qemu.alive
    assert ended(tmp_path) == {"clean": False, "why": "its Ansible run ended"}


def test_a_run_that_ended_before_is_seen_too(guarded, tmp_path):
    with subprocess.Popen(["true"]) as run:
        owner = {"pid": run.pid, "start": "0", "boot": ""}
    guard, unused_qemu = guarded(STUBBORN, owner=owner, wait=False)
    guard.wait(5)
    assert ended(tmp_path)["why"] == "its Ansible run ended"


def test_no_guest_runs_for_ever(guarded, tmp_path):
    guard, qemu = guarded(STUBBORN, lifetime=0.3)
    guard.wait(5)
    assert not qemu.alive
    assert ended(tmp_path)["why"] == "it ran for more than 0.3 s"


def test_what_qemu_says_is_read_so_that_it_never_waits(guarded, tmp_path):
    guarded("echo $$ >$PID; yes | head -c 300000; touch $PID.said; sleep 60")
    assert wait_until((tmp_path / "pid.said").exists, 5)


def test_a_session_that_is_gone_is_no_obstacle(guarded, tmp_path):
    guard, unused_qemu = guarded(OBEDIENT)
    for path in tmp_path.iterdir():
        path.unlink()
    tmp_path.rmdir()
    guard.send_signal(signal.SIGTERM)
    assert guard.wait(5) == 0
    tmp_path.mkdir()
