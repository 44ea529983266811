# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
import time

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import cleanup, locks, reaper
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.life_cycle import Session
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import Process
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.reaper import reap
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError

DEAD = {"pid": 1, "start": "0", "boot": "an earlier one"}


@pytest.mark.parametrize(
    "entries",
    [
        {"state": "opening"},
        {"state": "closing"},
        {"state": "promoting"},
        {"state": "discarding"},
        {"state": "open", "owner": DEAD},
        {"state": "closed", "owner": DEAD},
        {"state": "open", "lease": -1},
    ],
)
def test_an_abandoned_session_is_reaped(host, web, source, entries):
    web().open(source)
    web().journal.record(**entries)
    reap(str(host / "work"))
    assert os.listdir(host / "work") == [] and locks.holder(source) is None


@pytest.mark.parametrize("state", ["open", "closed"])
def test_a_session_in_use_is_not_reaped(host, web, source, state):
    web().open(source)
    web().journal.record(state=state, owner=Process.of(os.getpid()).dump())
    reap(str(host / "work"))
    assert web().state == state


def test_a_session_that_is_acted_on_is_not_reaped(host, web, source):
    web().open(source)
    web().journal.record(state="promoting")
    with locks.action(web().directory):
        reap(str(host / "work"))
    assert web().state == "promoting"


def test_directories_that_are_no_sessions_are_never_touched(host):
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


def test_what_cannot_be_removed_now_is_reported_and_removed_later(host, web, source, monkeypatch):
    """A directory of images that turned read-only keeps nobody from working, not even this template."""
    web().open(source)
    (host / "golden").mkdir()
    partial, pointer = host / "golden/.web-1.partial", host / "golden/web.qcow2"
    partial.write_text("half an image")
    web().journal.record(state="promoting", leftovers=[str(partial)], pointer=str(pointer))

    def read_only(*unused):
        raise OSError(30, "Read-only file system")

    with monkeypatch.context() as patch:
        patch.setattr(cleanup.image_store, "tidy", read_only)
        errors = reap(str(host / "work"))
        assert errors == [f"{partial} cannot be removed (Read-only file system): a later run that opens a template tries again"]
        again = web()
        assert again.open(source) and again.warnings == errors
        assert again.discard()
        assert [name.rpartition(".")[2] for name in os.listdir(host / "work")] == ["left"]
    assert partial.exists()
    assert reap(str(host / "work")) == []
    assert not partial.exists() and os.listdir(host / "work") == []


def test_a_directory_of_images_that_is_gone_holds_nothing_up(host, web, source):
    web().open(source)
    (host / "golden").write_text("a file in its place")
    web().journal.record(state="promoting", leftovers=[str(host / "golden/.web-1.partial")], pointer=str(host / "golden/web.qcow2"))
    assert reap(str(host / "work")) == [] and os.listdir(host / "work") == []


def fifo(path):
    os.mkfifo(path)


DAMAGE = {
    "empty": (lambda path: path.write_text(""), "is damaged"),
    "truncated": (lambda path: path.write_text('{"state": "open", "ver'), "is damaged"),
    "no JSON": (lambda path: path.write_text("state: open"), "is damaged"),
    "bytes": (lambda path: path.write_bytes(b"\xff\xfe\x00{"), "is damaged"),
    "deep": (lambda path: path.write_text("[" * 200000), "is damaged"),
    "long": (lambda path: path.write_text(" " * (2 << 20) + "{}"), "is damaged"),
    "a list": (lambda path: path.write_text("[1, 2]"), "is no journal"),
    "another shape": (lambda path: path.write_text('{"state": "open", "supervisor": 7}'), "is no journal"),
    "another source": (lambda path: path.write_text('{"state": "open", "source": "x"}'), "is no journal"),
    "other leftovers": (lambda path: path.write_text('{"state": "promoting", "leftovers": {"a": 1}}'), "is no journal"),
    "a directory": (lambda path: path.mkdir(), "cannot be read"),
    "a pipe": (fifo, "cannot be read"),
}


@pytest.mark.parametrize("harm,why", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_journal_is_reported_and_holds_up_nobody_else(host, web, source, harm, why):
    web().open(source)
    path = host / "work/web/journal.json"
    path.unlink()
    harm(path)
    other_source = host / "other.qcow2"
    other_source.write_text("another template")
    other = Session(str(host / "work/other"))
    assert other.open(str(other_source))
    sentence = other.warnings[0]
    assert len(other.warnings) == 1 and sentence.startswith(f"{path} {why}"), sentence
    assert sentence.endswith("so that nothing is known of this session: end what still runs of it, and remove its directory")
    for act in (lambda: web().open(source), lambda: web().discard(), lambda: Session(str(host / "work/third")).open(source)):
        with pytest.raises(ImageError, match=str(path)):
            act()


@pytest.mark.parametrize("claim", ["", "[]", '{"directory": 1}', "\0"])
def test_a_damaged_claim_claims_nothing(web, source, claim):
    web().open(source)
    web().discard()
    with open(locks._claim(source), "w", encoding="utf-8") as stream:
        stream.write(claim)
    assert locks.holder(source) is None
    assert web().open(source)


def test_one_that_hangs_is_gone_round(host, web, source, monkeypatch):
    web().open(source)
    web().journal.record(state="promoting", daemon=DEAD)
    other_source = host / "other.qcow2"
    other_source.write_text("another template")
    clean_up = reaper.clean_up

    def hang(session):
        if session.name == "web":
            time.sleep(3)
        clean_up(session)

    monkeypatch.setattr(reaper, "clean_up", hang)
    monkeypatch.setattr(reaper, "PATIENCE", 0.5)
    other = Session(str(host / "work/other"))
    start = time.monotonic()
    assert other.open(str(other_source))
    assert time.monotonic() - start < 5
    sentence = (
        f"what a killed run left of the session {host}/work/web could not be cleaned up within 0.5 s and is skipped: "
        "look at its processes (daemon 1)"
    )
    assert other.warnings == [sentence]
    with pytest.raises(ImageError, match="is open in the session web"):
        web().open(source)


def test_others_may_open_while_something_is_put_away(host, web, source, monkeypatch):
    web().open(source)
    web().journal.record(state="promoting")
    other_source = host / "other.qcow2"
    other_source.write_text("another template")

    def look(session):
        with locks.mutex(limit=0):
            return ["the mutex is free"]

    monkeypatch.setattr(reaper, "_put_away", look)
    other = Session(str(host / "work/other"))
    assert other.open(str(other_source))
    assert other.warnings == ["the mutex is free"]


def test_a_directory_whose_opener_was_killed_at_once_goes_in_time(host):
    fresh, old = (host / f"work/.web.{digit * 16}.new" for digit in "01")
    for directory in (fresh, old):
        directory.mkdir(parents=True)
    os.utime(old, (1, 1))
    reap(str(host / "work"))
    assert os.listdir(host / "work") == [fresh.name]
