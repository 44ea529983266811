# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Killed before any of its changes, a rollback happened and is recorded, or it did not and is not."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.image_store import ImageStore
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import locks

DRIVER = Path(__file__).parent / "roll_back.py"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def dest(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "RUN", str(tmp_path / "run"))
    directory = tmp_path / "golden"
    directory.mkdir()
    for version in ("1", "2"):
        digest = hashlib.sha256(version.encode()).hexdigest()
        path = directory / f"web-{version}-{digest[:12]}.qcow2"
        path.write_text(version)
        ImageStore(str(directory), "web").move(str(path), action="promoted", version=version, sha256=digest, by="ann", reason="")
    return directory


def go(dest, version, kill_at=0):
    params = {"dest": str(dest), "name": "web", "version": version, "reason": "it breaks", "user": "bob"}
    return subprocess.run(
        [sys.executable, DRIVER, json.dumps(params)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "KILL_AT": str(kill_at)},
    )


def state(dest):
    """What the pointer names, and what the history says that it names."""
    store = ImageStore(str(dest), "web")
    return store.current, store.history.moves()[-1]["image"]


def test_killed_before_each_change(dest):
    whole = json.loads(go(dest, "1").stdout)
    assert whole["changed"] is True and whole["changes"] >= 6
    images = sorted(path.name for path in dest.glob("web-*"))
    wanted = "2"
    for number in range(1, whole["changes"] + 1):
        before = ImageStore(str(dest), "web").current
        done = go(dest, wanted, number)
        assert done.returncode == -signal.SIGKILL, f"there is no change {number}: {done.stdout}"
        pointed, recorded = state(dest)
        assert pointed == recorded, f"killed before change {number}, the history does not tell what the pointer names"
        assert (dest / "web.qcow2").exists()
        happened = pointed != before
        again = json.loads(go(dest, wanted).stdout)
        assert again["changed"] is not happened
        assert [path.name for path in dest.glob(".*")] == [".lock"], "the next one puts away what was left"
        lines = [json.loads(line) for line in (dest / "web.history.jsonl").read_text().splitlines()]
        assert [line["image"] for line in lines] == [move["image"] for move in ImageStore(str(dest), "web").history.moves()]
        assert all(one["image"] != other["image"] for one, other in zip(lines, lines[1:])), "each move is recorded once"
        assert all(one["image"] == other["from"] for one, other in zip(lines, lines[1:])), "no move is left out"
        wanted = {"1": "2", "2": "1"}[wanted]
    assert sorted(path.name for path in dest.glob("web-*")) == images, "no image is ever removed"


def test_two_at_once(dest):
    """Both end, and the one that came too late says that nothing was left to do."""
    params = [{"dest": str(dest), "name": "web", "version": "1", "reason": "it breaks", "user": name} for name in ("ann", "bob")]
    running = [subprocess.Popen([sys.executable, DRIVER, json.dumps(one)], stdout=subprocess.PIPE, text=True) for one in params]
    results = [json.loads(process.communicate(timeout=60)[0]) for process in running]
    assert all("version 1" in result["msg"] for result in results)
    assert sorted(result["changed"] for result in results) == [False, True]
    pointed, recorded = state(dest)
    assert pointed == recorded
