# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A storm of kills: of two sessions side by side, whatever of one is killed at whatever moment, the other comes to its end."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import subprocess
import time

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import wait_until

SECONDS = 35
NAMES = ("one", "two")
STATES = ("open", "closed", "promoted")
PARTS = ("supervisor", "sandbox", "daemon")


def journal(lab, name):
    """What a session's journal says now; nothing while there is none."""
    try:
        return json.loads((lab.work_dir / name / "journal.json").read_text())
    except FileNotFoundError:
        return {}


def advance(lab, name, state, source):
    """Begin the next step of a session."""
    return lab.start(state, session=name, source=source if state == "open" else None, name=name, keep=1)


def kill_something(dice, lab, name, module):
    """Kill the module or a part of its session at a moment of its way."""
    time.sleep(dice.choice((0, 0.1, 0.2, 0.3, 0.5)) * dice.random())
    parts = [process["pid"] for process in map(journal(lab, name).get, PARTS) if process]
    for pid in dice.sample([module.pid, *parts], 1 if dice.random() < 0.7 or not parts else 2):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def write(lab, name, text):
    """A file in the template, which is read back."""
    script = f"echo {text} > /storm && dd if=/dev/zero of=/big bs=64k count=20 2>/dev/null && cat /storm"
    return subprocess.run([lab.work_dir / name / "enter", "sh", "-c", script], capture_output=True, text=True, check=False)


def test_whatever_is_killed_of_one_session_the_other_one_ends_well(lab, plain, tmp_path):
    dice = random.Random(4)
    sources = {name: tmp_path / f"{name}.qcow2" for name in NAMES}
    for source in sources.values():
        shutil.copy(plain, source)
    digest, rounds, end = inspection.sha256(plain), 0, time.monotonic() + SECONDS
    while time.monotonic() < end:
        rounds += 1
        victim, other = dice.sample(NAMES, 2)
        struck = dice.choice(STATES)
        for state in STATES:
            running = {name: advance(lab, name, state, sources[name]) for name in NAMES}
            if state == struck:
                kill_something(dice, lab, victim, running[victim])
            running[victim].communicate(timeout=60)
            result = lab.result(running[other])
            assert "msg" not in result, f"round {rounds}: {victim} was struck as it was {struck}, and {other} says: {result['msg']}"
            if state == "open":
                ran = write(lab, other, rounds)
                assert (ran.returncode, ran.stdout) == (0, f"{rounds}\n"), ran.stderr
            elif state == "promoted":
                assert inspection.sha256(lab.dest / f"{other}.qcow2") == result["image"]["sha256"]
        pointer = lab.dest / f"{victim}.qcow2"
        assert not os.path.lexists(pointer) or f"-{inspection.sha256(pointer)[:12]}.qcow2" in os.readlink(pointer), "it names a whole image"
        lab.result(lab.start("discarded", session=victim))
    for name in NAMES:
        lab.do("open", session=name, source=sources[name])
        lab.do("discarded", session=name)
        assert wait_until(lambda: not lab.leftovers(), 15), lab.leftovers()
        assert inspection.sha256(sources[name]) == digest
    assert rounds >= 3
