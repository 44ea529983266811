# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import journal, locks
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.settings import JOURNAL
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError


@pytest.fixture(autouse=True)
def run_directory(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "RUN", str(tmp_path / "run"))


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "template.qcow2"
    path.write_text("x")
    return str(path)


@pytest.fixture
def session(tmp_path, source):
    directory = tmp_path / "session"
    directory.mkdir()
    journal.Journal(str(directory)).record(state="open", source={"path": source})
    return str(directory)


def test_the_journal_survives_and_is_replaced_whole(tmp_path):
    written = journal.Journal(str(tmp_path))
    written.record(state="opening", step="claim")
    written.record(step="overlay")
    assert journal.load(str(tmp_path)) == {"state": "opening", "step": "overlay"}
    assert os.listdir(tmp_path) == ["journal.json"]
    assert os.stat(tmp_path / "journal.json").st_mode & 0o777 == 0o600


def test_no_journal_is_no_session(tmp_path):
    assert journal.load(str(tmp_path)) is None
    assert journal.load(str(tmp_path / "none")) is None


def test_a_claim_holds_for_every_name_of_the_same_file(tmp_path, source, session):
    os.link(source, tmp_path / "other.qcow2")
    assert locks.holder(source) is None
    with locks.mutex():
        locks.claim(source, session)
    assert locks.holder(source) == locks.holder(str(tmp_path / "other.qcow2")) == session


def test_a_claim_ends_with_its_session(source, session):
    locks.claim(source, session)
    os.unlink(os.path.join(session, JOURNAL))
    assert locks.holder(source) is None


def test_a_directory_that_has_another_source_now_holds_nothing(source, session):
    locks.claim(source, session)
    journal.Journal(session).record(state="open", source={"path": "/another"})
    assert locks.holder(source) is None


def test_only_the_holder_lets_go(tmp_path, source, session):
    locks.claim(source, session)
    locks.release(source, str(tmp_path / "another"))
    assert locks.holder(source) == session
    locks.release(source, session)
    assert locks.holder(source) is None
    locks.release(source, session)


def test_only_one_acts_on_a_session(session):
    with locks.action(session) as first, locks.action(session) as second:
        assert (first, second) == (True, False)
    with locks.action(session) as third:
        assert third


def test_only_one_opens_at_a_time():
    with locks.mutex(), pytest.raises(ImageError, match="another process has been opening templates"):
        with locks.mutex(limit=0.05):
            pass
