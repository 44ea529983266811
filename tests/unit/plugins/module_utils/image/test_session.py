# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.host import Ran
from ansible_collections.hygeia.golden.plugins.module_utils.image import disk, enter, keeper, lock, session
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import Disk
from ansible_collections.hygeia.golden.plugins.module_utils.image.processes import Process
from ansible_collections.hygeia.golden.plugins.module_utils.image.promote import Target
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import Session, reap
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError

ENTERED = {"root": {"number": 1}, "mounts": ["/"], "not_mounted": [], "os": {"ID": "debian"}, "python": True}
DEAD = {"pid": 1, "start": "0", "boot": "an earlier one"}


@pytest.fixture
def host(tmp_path, monkeypatch):
    """A build host on which nothing is mounted and every program succeeds."""
    source = tmp_path / "template.qcow2"
    source.write_text("the template")

    def entered(self, name, partition=None):
        (tmp_path / "work/web/used").touch()
        (tmp_path / "work/web/ended.json").write_text('{"clean": true, "why": "told to end"}')
        return ENTERED

    def flatten(self, overlay, compress, limit):
        os.makedirs(self.folder, exist_ok=True)
        with open(self.partial, "w", encoding="utf-8") as stream:
            stream.write("the image")

    monkeypatch.setattr(lock, "RUN", str(tmp_path / "run"))
    monkeypatch.setattr(session, "require_tools", lambda: None)
    monkeypatch.setattr(session, "run", lambda argv, limit=60: Ran(0, "", ""))
    monkeypatch.setattr(session, "owner", lambda: None)
    monkeypatch.setattr(Session, "_enter", entered)
    monkeypatch.setattr(disk, "inspect", lambda path: Disk(str(path), "qcow2", 1 << 20, 12, 0))
    monkeypatch.setattr(Target, "flatten", flatten)
    monkeypatch.setattr(Target, "require_space", lambda self, overlay: None)
    return tmp_path


@pytest.fixture
def web(host):
    """The session of the host's template, looked at afresh each time, as each call of the module does."""
    return lambda: Session(str(host / "work/web"))


@pytest.fixture
def source(host):
    return str(host / "template.qcow2")


def target(host):
    return Target(str(host / "golden"), "web", "1")


def test_from_open_to_promoted(host, web, source):
    assert web().open(source)
    assert web().facts()["source"]["sha256"] == disk.sha256(source)
    assert web().state == "open"
    assert web().close()
    assert web().state == "closed"
    image = web().promote(target(host), keep=3)
    assert open(image["path"], encoding="utf-8").read() == "the image"
    assert os.path.realpath(image["pointer"]) == image["path"]
    assert not os.path.exists(web().folder) and lock.holder(source) is None


def test_closing_and_discarding_twice_changes_nothing(web, source):
    web().open(source)
    assert (web().close(), web().close()) == (True, False)
    assert (web().discard(), web().discard()) == (True, False)
    assert lock.holder(source) is None


@pytest.mark.parametrize("state,act,sentence", [
    ("open", "promote", "is open, but must be closed for this"),
    ("discarded", "promote", "there is no session"),
    ("discarded", "close", "there is no session"),
])
def test_steps_that_are_out_of_turn(host, web, source, state, act, sentence):
    web().open(source)
    if state == "discarded":
        web().discard()
    with pytest.raises(ImageError, match=sentence):
        web().promote(target(host), keep=3) if act == "promote" else web().close()


def test_a_problem_while_opening_leaves_nothing(web, source, monkeypatch):
    def problem(self, name, partition=None):
        raise ImageError("it cannot be entered")

    monkeypatch.setattr(Session, "_enter", problem)
    with pytest.raises(ImageError, match="it cannot be entered"):
        web().open(source)
    assert not os.path.exists(web().folder) and lock.holder(source) is None


@pytest.mark.parametrize("ended,sentence", [
    ('{"clean": false, "why": "the disk is full"}', "its changes are discarded: the disk is full"),
    (None, "its changes are discarded: its keeper was killed"),
])
def test_what_did_not_end_cleanly_is_discarded(host, web, source, ended, sentence):
    web().open(source)
    path = host / "work/web/ended.json"
    path.write_text(ended) if ended else path.unlink()
    with pytest.raises(ImageError, match=sentence):
        web().close()
    assert not os.path.exists(web().folder)


def test_a_changed_template_is_not_promoted(host, web, source):
    web().open(source)
    web().close()
    with open(source, "a", encoding="utf-8") as stream:
        stream.write(" changed")
    with pytest.raises(ImageError, match="was changed by somebody else"):
        web().promote(target(host), keep=3)
    assert os.listdir(host / "golden") == [] and not os.path.exists(web().folder)


def test_check_mode_promotes_nothing(host, web, source):
    web().open(source)
    web().close()
    assert web().promote(target(host), keep=3, check=True)["removed"] == []
    assert not os.path.exists(host / "golden") and web().state == "closed"


def test_a_second_opener_is_told_who_the_first_is(host, web, source):
    web().open(source)
    for other in (web(), Session(str(host / "work/other")), Session(str(host / "elsewhere/web"))):
        with pytest.raises(ImageError, match=rf"{source} is open in the session web since 20.* UTC by process {os.getpid()}: wait for it"):
            other.open(source)


def test_the_same_run_opens_once(web, source, monkeypatch):
    me = Process.of(os.getpid())
    monkeypatch.setattr(session, "owner", lambda: me)
    assert web().open(source)
    web().journal.record(keeper=me.dump())
    assert not web().open(source)


def test_another_runs_session_is_left_alone(web, source, monkeypatch):
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    web().open(source)
    web().journal.record(owner=Process.of(other.pid).dump())
    for act in ("close", "discard"):
        with pytest.raises(ImageError, match=f"belongs to process {other.pid}, which still runs: wait for it to end"):
            getattr(web(), act)()
    other.kill()
    other.wait()
    assert web().discard()


# -- reaping ----------------------------------------------------------------


@pytest.mark.parametrize("entries", [
    {"state": "opening"}, {"state": "closing"}, {"state": "promoting"}, {"state": "discarding"},
    {"state": "open", "owner": DEAD}, {"state": "closed", "owner": DEAD}, {"state": "open", "lease": -1},
])
def test_an_abandoned_session_is_reaped(host, web, source, entries):
    web().open(source)
    web().journal.record(**entries)
    reap(str(host / "work"))
    assert os.listdir(host / "work") == [] and lock.holder(source) is None


@pytest.mark.parametrize("state", ["open", "closed"])
def test_a_session_in_use_is_not_reaped(host, web, source, state):
    web().open(source)
    web().journal.record(state=state, owner=Process.of(os.getpid()).dump())
    reap(str(host / "work"))
    assert web().state == state


def test_a_session_that_is_acted_on_is_not_reaped(host, web, source):
    web().open(source)
    web().journal.record(state="promoting")
    with lock.action(web().folder):
        reap(str(host / "work"))
    assert web().state == "promoting"


def test_folders_that_are_no_sessions_are_never_touched(host):
    (host / "work/home").mkdir(parents=True)
    (host / "work/home/precious").write_text("mine")
    (host / "work/file").write_text("mine")
    reap(str(host / "work"))
    assert sorted(os.listdir(host / "work")) == ["file", "home"]
    assert (host / "work/home/precious").read_text() == "mine"


@pytest.mark.parametrize("pointed", [True, False])
def test_an_unfinished_promotion_is_taken_back_but_a_finished_one_stays(host, web, source, pointed):
    web().open(source)
    (host / "golden").mkdir()
    image, pointer = host / "golden/web-1-0123456789ab.qcow2", host / "golden/web.qcow2"
    image.write_text("the image")
    if pointed:
        pointer.symlink_to(image.name)
    web().journal.record(state="promoting", leftovers=[str(host / "golden/.web-1.partial"), str(image)], pointer=str(pointer))
    reap(str(host / "work"))
    assert image.exists() == pointed


def test_the_journal_goes_last(host, web, source, monkeypatch):
    """What could not be removed must still be found by the next one."""
    web().open(source)
    (host / "work/web/root").mkdir()

    def busy(path):
        raise OSError(16, "Device or resource busy", path)

    monkeypatch.setattr(keeper.shutil, "rmtree", busy)
    with pytest.raises(ImageError, match="the folder of the session web cannot be removed: .*busy"):
        web().discard()
    assert web().state == "discarding"


# -- the script -------------------------------------------------------------


def test_the_script_of_a_session_whose_worker_is_gone(tmp_path):
    folder = tmp_path / "my session"
    folder.mkdir()
    enter.write_open(str(folder), Process(**DEAD))
    ran = subprocess.run([str(folder / "enter"), "id"], capture_output=True, text=True, check=False)
    assert ran.returncode == 125
    assert ran.stderr == "hygeia.golden: the session my session is not open any more: its worker ended, open the template again\n"


def test_the_script_of_a_closed_session(tmp_path):
    enter.write_closed(str(tmp_path))
    ran = subprocess.run([str(tmp_path / "enter"), "--network", "id"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (125, "")
    assert "is closed: nothing can run in it until it is promoted or discarded" in ran.stderr


def test_a_long_idle_session_is_one_whose_last_command_is_long_ago(tmp_path):
    (tmp_path / "used").touch()
    os.utime(tmp_path / "used", (time.time() - 100, time.time() - 100))
    assert 99 < keeper.idle(str(tmp_path)) < 110
    keeper.note(str(tmp_path), {"clean": True, "why": "told to end"})
    assert json.loads((tmp_path / "ended.json").read_text()) == {"clean": True, "why": "told to end"}
