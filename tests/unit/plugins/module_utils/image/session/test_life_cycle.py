# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
import subprocess
import sys
import threading

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image import machine
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.promote import Target
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue import canaries
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import claim, directory, enter, labels, life_cycle, locks, residue
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.life_cycle import Session
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import Process
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

DEAD = {"pid": 1, "start": "0", "boot": "an earlier one"}


def target(host):
    return Target(str(host / "golden"), "web", "1")


def test_from_open_to_promoted(host, web, source):
    assert web().open(source)
    assert web().facts()["source"]["sha256"] == inspection.sha256(source)
    assert web().state == "open"
    assert web().close()
    assert web().state == "closed"
    image = web().promote(target(host), keep=3)
    assert open(image["path"], encoding="utf-8").read() == "the image"
    assert os.path.realpath(image["pointer"]) == image["path"]
    assert not os.path.exists(web().directory) and locks.holder(source) is None


def test_a_disk_that_holds_what_was_sealed_is_not_promoted(host, web, source, monkeypatch):
    monkeypatch.setattr(residue, "clean", lambda session: {"found": [{"what": "an SSH host key", "disk": 1, "offset": 4096}]})
    web().open(source)
    web().close()
    with pytest.raises(ImageError, match="not promoted, for its disk still holds what was sealed: an SSH host key at the byte 4096"):
        web().promote(target(host), keep=3)
    assert web().state == "closed" and not os.path.exists(host / "golden")


def test_closing_and_discarding_twice_changes_nothing(web, source):
    web().open(source)
    assert (web().close(), web().close()) == (True, False)
    assert (web().discard(), web().discard()) == (True, False)
    assert locks.holder(source) is None


@pytest.mark.parametrize(
    "state,act,sentence",
    [
        ("open", "promote", "is open, but must be closed or staged for this"),
        ("discarded", "promote", "there is no session"),
        ("discarded", "close", "there is no session"),
    ],
)
def test_steps_that_are_out_of_turn(host, web, source, state, act, sentence):
    web().open(source)
    if state == "discarded":
        web().discard()
    with pytest.raises(ImageError, match=sentence):
        web().promote(target(host), keep=3) if act == "promote" else web().close()


def test_a_problem_while_opening_leaves_nothing(web, source, monkeypatch):
    def problem(session, name, partition=None):
        raise ImageError("it cannot be entered")

    monkeypatch.setattr(enter, "enter", problem)
    with pytest.raises(ImageError, match="it cannot be entered"):
        web().open(source)
    assert not os.path.exists(web().directory) and locks.holder(source) is None


@pytest.mark.parametrize(
    "ended,sentence",
    [
        ('{"clean": false, "why": "the disk is full"}', "its changes are discarded: the disk is full"),
        (None, "its changes are discarded: its supervisor was killed"),
    ],
)
def test_what_did_not_end_cleanly_is_discarded(host, web, source, ended, sentence):
    web().open(source)
    path = host / "work/web/ended.json"
    path.write_text(ended) if ended else path.unlink()
    with pytest.raises(ImageError, match=sentence):
        web().close()
    assert not os.path.exists(web().directory)


def test_a_changed_template_is_not_promoted(host, web, source):
    web().open(source)
    web().close()
    with open(source, "a", encoding="utf-8") as stream:
        stream.write(" changed")
    with pytest.raises(ImageError, match="was changed by another process"):
        web().promote(target(host), keep=3)
    assert not list((host / "golden").glob("*web*")) and not os.path.exists(web().directory)


def test_check_mode_promotes_nothing(host, web, source):
    web().open(source)
    web().close()
    assert web().promote(target(host), keep=3, check=True)["removed"] == []
    assert not os.path.exists(host / "golden") and web().state == "closed"


def test_a_second_opener_learns_who_the_first_is(host, web, source):
    web().open(source)
    for other in (web(), Session(str(host / "work/other")), Session(str(host / "elsewhere/web"))):
        with pytest.raises(ImageError, match=rf"{source} is open in the session web since 20.* UTC by process {os.getpid()}: wait for it"):
            other.open(source)


def test_a_second_opener_may_wait(host, web, source, monkeypatch):
    web().open(source)
    looks = []

    def pause(unused_seconds):
        looks.append(1)
        if len(looks) == 3:
            web().discard()

    monkeypatch.setattr(claim.time, "sleep", pause)
    other = Session(str(host / "work/other"))
    assert other.open(source, wait=60)
    assert len(looks) == 3 and other.state == "open"


def test_the_same_run_opens_once(web, source, monkeypatch):
    me = Process.of(os.getpid())
    monkeypatch.setattr(life_cycle, "owner", lambda: me)
    assert web().open(source)
    web().journal.record(supervisor=me.dump())
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


def test_a_session_is_of_the_run_that_the_controller_tells_of(web, source):
    run_of = Process.of(os.getpid())
    assert web().open(source, run_of=run_of)
    assert web().journal["owner"] == run_of.dump()


def test_a_run_that_ended_at_once_leaves_nothing(host, web, source):
    """The module may go on for a while when the run is killed; its session does not."""
    with pytest.raises(ImageError, match="whoever asked for the session web has ended, and it is discarded"):
        web().open(source, run_of=Process(**DEAD))
    assert os.listdir(host / "work") == [] and locks.holder(source) is None


def test_a_module_that_nobody_waits_for_any_more_leaves_nothing(host, web, source, monkeypatch):
    above = iter([[20, 10, 1], [20, 1]])
    monkeypatch.setattr(life_cycle, "askers", lambda: next(above))
    with pytest.raises(ImageError, match="has ended, and it is discarded"):
        web().open(source)
    assert os.listdir(host / "work") == []


def test_the_journal_goes_last(host, web, source, monkeypatch):
    """What could not be removed must still be found by the next one."""
    web().open(source)
    (host / "work/web/root").mkdir()

    def busy(path):
        raise OSError(16, "Device or resource busy", path)

    monkeypatch.setattr(directory.shutil, "rmtree", busy)
    with pytest.raises(ImageError, match="the directory of the session web cannot be removed: .*busy"):
        web().discard()
    assert web().state == "discarding"


def test_a_file_in_the_place_of_the_directory_of_images_is_refused_before_anything_is_lost(host, web, source, monkeypatch):
    monkeypatch.undo()
    (host / "golden").write_text("a file")
    with pytest.raises(ImageError, match="golden is no directory, so that no image can be promoted to it: choose another"):
        target(host).require_space(["overlay"])


@pytest.mark.parametrize(
    ("work", "act", "doing"),
    [
        ((canaries, "plant"), "plant", "canaries were planted"),
        ((canaries, "remove"), "close", "canaries were removed"),
        ((labels, "apply"), "label", "files were labelled"),
        ((labels, "apply"), "close", "files were labelled"),
    ],
)
def test_a_disk_that_hangs_holds_nobody_up(web, source, monkeypatch, work, act, doing):
    """Whoever reads it is left behind, and the session is discarded."""
    released = threading.Event()
    monkeypatch.setattr(Session, "_entered", lambda self: True)
    monkeypatch.setattr(enter, "tree", lambda session: "/nonexistent")
    monkeypatch.setattr(enter, "host", lambda session: Host("/nonexistent"))
    monkeypatch.setattr(labels, "PATIENCE", 0.1)
    monkeypatch.setattr(*work, lambda *arguments: released.wait(60))
    web().open(source)
    web().journal.record(canaries={"seed": "", "planted": [], "missing": []}) if act == "close" else None
    session = web()
    session.limits.teardown = 0.1
    try:
        with pytest.raises(
            ImageError, match=f"the session web is discarded: the template's disk did not answer within 0.1 s while {doing}"
        ):
            getattr(session, act)()
    finally:
        released.set()
    assert not os.path.exists(session.directory) and locks.holder(source) is None


def test_the_machine_of_a_disk_that_hangs_is_that_of_the_template(web, source, monkeypatch):
    released = threading.Event()
    monkeypatch.setattr(Session, "_entered", lambda self: True)
    monkeypatch.setattr(enter, "tree", lambda session: "/nonexistent")
    monkeypatch.setattr(enter, "host", lambda session: Host("/nonexistent"))
    monkeypatch.setattr(machine, "of", lambda *arguments: released.wait(60))
    web().open(source)
    session = web()
    session.limits.teardown = 0.1
    try:
        assert session.close()
    finally:
        released.set()
    assert web().journal["machine"] == {}
