# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The index of runs and the history of images with real signatures, and everything that somebody could do to them afterwards."""

from __future__ import annotations

import json
import os
import shutil
import threading

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.history import History
from ansible_collections.hygeia.golden.plugins.module_utils.proofs import web
from ansible_collections.hygeia.golden.plugins.module_utils.signing import ssh, timestamps
from ansible_collections.hygeia.golden.plugins.module_utils.signing.history import verify
from ansible_collections.hygeia.golden.plugins.module_utils.signing.verification import Trust
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports import evidence, index

PIPELINE, STRANGER = "pipeline@example.org", "stranger@example.org"
TODAY = "2026-12-01"


class Site:
    """A directory of evidence, to which runs are added as the action adds them."""

    def __init__(self, directory, key):
        self.directory, self.key = directory, key
        self.index = directory / "runs.jsonl"

    def add(self, host, day, image=None, key=None):
        key = key or self.key
        run = {"host": host, "ended": f"2026-11-{day:02}T12:00:00Z", "verdict": "promoted"}
        with index.held(str(self.index)) as runs:
            manifest = json.dumps(
                {"host": host, "ended": run["ended"], "files": {}, "history": {"image": image, "runs": runs.head()}, "image": None}
            )
            files = {"manifest.json": manifest, "manifest.json.sig": ssh.sign(manifest.encode(), key)}
            path = str(self.directory / host / f"202611{day:02}T120000Z")
            path = evidence.written(path, files, note=lambda place: runs.note(place, run, manifest))
            runs.settle()
            runs.sign(run["ended"], lambda content: ssh.sign(content, key))
        return os.path.relpath(path, self.directory)

    def lines(self, change):
        """Change the lines of the index."""
        lines = self.index.read_text().splitlines(keepends=True)
        self.index.write_text("".join(change(lines)))


@pytest.fixture
def site(tmp_path, keys):
    site = Site(tmp_path / "evidence", str(keys / PIPELINE))
    for day in (1, 2, 3):
        site.add("web", day)
    site.add("db", 3)
    return site


@pytest.fixture
def trust(keys):
    return Trust(allowed_signers=str(keys / "allowed"))


def found(site, trust, **how):
    return verify(str(site.index), str(site.directory), trust, today=TODAY, **how)


def test_an_index_that_was_not_touched_verifies_to_its_end(site, trust):
    it = found(site, trust)
    assert (it.problems, it.notes, it.examination.entries, it.examination.confirmed) == ([], [], 4, 4)
    assert [signature["signer"] for signature in it.signatures] == [PIPELINE]
    head = json.loads((site.directory / "db/20261103T120000Z/manifest.json").read_text())["history"]["runs"]
    assert head["entries"] == 3, "a manifest has the end of the index before it"


CHANGES = {
    "entry 2 is missing": lambda site: site.lines(lambda lines: lines[:1] + lines[2:]),
    "entries 3 to 4 are missing at the end, by runs.jsonl.checkpoint": lambda site: site.lines(lambda lines: lines[:2]),
    "entry 3 is not the one that entry 4 was added to: it was edited": lambda site: site.lines(
        lambda lines: [line.replace("promoted", "refused") if place == 2 else line for place, line in enumerate(lines)]
    ),
    "entry 1 stands in line 2, after entry 2: entries were reordered": lambda site: site.lines(
        lambda lines: [lines[1], lines[0], *lines[2:]]
    ),
    "the evidence web/20261102T120000Z, which is in the index, is missing; it was to be kept until 2032-11-02": lambda site: shutil.rmtree(
        site.directory / "web/20261102T120000Z"
    ),
    "the evidence web/20261102T120000Z has another manifest.json than the index lists": lambda site: (
        site.directory / "web/20261102T120000Z/manifest.json"
    ).write_text("{}"),
    "the evidence web/20261105T120000Z is not in the index: it was put there by hand, or its run was killed": lambda site: shutil.copytree(
        site.directory / "web/20261102T120000Z", site.directory / "web/20261105T120000Z"
    ),
    "no checkpoint of runs.jsonl verifies, so nothing shows whether it was written anew or cut off at its end": lambda site: os.unlink(
        f"{site.index}.checkpoint"
    ),
    "there is no runs.jsonl in": lambda site: os.unlink(site.index),
}


@pytest.mark.parametrize("problem", CHANGES)
def test_every_change_is_named(site, trust, problem):
    CHANGES[problem](site)
    assert any(each.startswith(problem) for each in found(site, trust).problems), found(site, trust).problems


def test_a_checkpoint_by_a_stranger_does_not_count(site, trust, keys):
    site.add("web", 5, key=str(keys / STRANGER))
    problems = found(site, trust).problems
    assert problems[0].startswith("runs.jsonl.checkpoint is not by an allowed signer")
    assert problems[1].startswith("no checkpoint of runs.jsonl verifies")


@pytest.mark.parametrize("text", ["", "{}", "[" * 100_000, '{"payload": ""}'])
def test_what_is_no_checkpoint_is_reported(site, trust, text):
    (site.directory / "runs.jsonl.checkpoint").write_text(text)
    assert "runs.jsonl.checkpoint is not the checkpoint of a history" in found(site, trust).problems


def test_an_older_index_with_its_checkpoint_shows_beside_a_newer_copy(site, trust, tmp_path):
    older = {path: path.read_bytes() for path in (site.index, site.directory / "runs.jsonl.checkpoint")}
    shutil.rmtree(site.directory / site.add("web", 6))
    newer = tmp_path / "elsewhere.checkpoint"
    shutil.copy(f"{site.index}.checkpoint", newer)
    for path, content in older.items():
        path.write_bytes(content)
    assert found(site, trust).problems == []
    assert found(site, trust, checkpoint=str(newer)).problems == ["entry 5 is missing at the end, by elsewhere.checkpoint"]


def test_evidence_that_need_not_be_kept_any_more_may_be_missing(site, trust):
    shutil.rmtree(site.directory / "web/20261101T120000Z")
    it = verify(str(site.index), str(site.directory), trust, today="2032-11-02")
    assert it.problems == []
    assert it.notes == ["the evidence web/20261101T120000Z, which is in the index, is missing; it was to be kept until 2032-11-01"]


def test_runs_from_before_the_index_are_counted_and_not_accused(tmp_path, keys, trust):
    site = Site(tmp_path / "evidence", str(keys / PIPELINE))
    site.add("web", 1)
    for name in ("runs.jsonl", "runs.jsonl.checkpoint"):
        os.unlink(site.directory / name)
    site.add("web", 2)
    it = found(site, trust)
    assert (it.problems, it.notes) == ([], ["1 run ended before the index begins, so that it says nothing about them"])


def test_a_run_that_was_killed_before_it_was_added_is_added_by_the_next(site, trust, monkeypatch):
    monkeypatch.setattr(index.Index, "settle", lambda self: None)
    killed = site.add("db", 7)
    monkeypatch.undo()
    site.add("web", 8)
    it = found(site, trust)
    assert it.problems == [] and it.examination.entries == 6
    assert json.loads(site.index.read_text().splitlines()[4])["run"] == killed


def test_a_run_that_was_killed_before_it_was_written_is_not_added(site, trust, monkeypatch):
    monkeypatch.setattr(evidence, "_moved", lambda *unused: "/nowhere")
    site.add("db", 7)
    monkeypatch.undo()
    site.add("web", 8)
    it = found(site, trust)
    assert it.problems == [] and it.examination.entries == 5


def test_runs_that_end_at_the_same_time_are_all_in_one_chain(site, trust):
    threads = [threading.Thread(target=site.add, args=(f"host-{number}", 9)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    it = found(site, trust)
    assert (it.problems, it.examination.entries) == ([], 12)


def test_a_time_stamp_of_the_checkpoint_is_required_where_its_authority_is_named(site, keys, authority):
    trust = Trust(allowed_signers=str(keys / "allowed"), timestamp_authorities=str(keys / "ca.pem"))
    assert any("there is no runs.jsonl.checkpoint.tsr in" in problem for problem in found(site, trust).problems)
    content = (site.directory / "runs.jsonl.checkpoint").read_bytes()
    reply = web.posted(authority, timestamps.query(content), timestamps.QUERY_TYPE, 20)
    (site.directory / "runs.jsonl.checkpoint.tsr").write_bytes(reply)
    it = found(site, trust)
    assert it.problems == [] and it.signatures[0]["stamped"].startswith("20")
    site.add("web", 5)
    assert not (site.directory / "runs.jsonl.checkpoint.tsr").exists(), "it was of the checkpoint before"


# -- the history of images -------------------------------------------------------------


@pytest.fixture
def images(tmp_path, site):
    """Three promotions, of which signed evidence knows."""
    (tmp_path / "golden").mkdir()
    history = History(str(tmp_path / "golden/web.qcow2"))
    for version in (1, 2, 3):
        move = {"action": "promoted", "image": f"web-{version}-0123456789ab.qcow2", "sha256": "0" * 64}
        history.note(**move)
        if os.path.lexists(history.pointer):
            os.unlink(history.pointer)
        os.symlink(move["image"], history.pointer)
        history.settle()
        site.add("web", 10 + version, image=history.head())
    return history


def test_a_history_of_images_is_confirmed_by_signed_evidence(images, site, trust):
    it = verify(images.path, str(site.directory), trust)
    assert (it.problems, it.notes, it.examination.confirmed, len(it.signatures)) == ([], [], 3, 3)


def test_a_history_of_images_that_was_cut_off_or_written_anew_is_found(images, site, trust):
    with open(images.path, encoding="utf-8") as stream:
        lines = stream.readlines()
    with open(images.path, "w", encoding="utf-8") as stream:
        stream.writelines(lines[:2])
    gone = "entry 3 is missing at the end, by the evidence web/20261113T120000Z"
    assert verify(images.path, str(site.directory), trust).problems == [gone]
    with open(images.path, "w", encoding="utf-8") as stream:
        stream.writelines([*lines[:2], lines[2].replace("promoted", "rolled_back")])
    [problem] = verify(images.path, str(site.directory), trust).problems
    assert problem.startswith("entry 3 is not the one that the evidence web/20261113T120000Z names: an entry after number 2 was changed")


def test_without_signed_evidence_nothing_is_confirmed(images, tmp_path, trust):
    (tmp_path / "empty").mkdir()
    [problem] = verify(images.path, str(tmp_path / "empty"), trust).problems
    assert problem.startswith("no signed evidence in ") and "names web.history.jsonl" in problem


def test_evidence_that_was_changed_confirms_nothing(images, site, trust):
    path = site.directory / "web/20261113T120000Z/manifest.json"
    path.write_text(path.read_text().replace('"entries": 3', '"entries": 2'))
    problems = verify(images.path, str(site.directory), trust).problems
    assert len(problems) == 1 and problems[0].startswith(
        "the evidence web/20261113T120000Z does not verify: manifest.json.sig does not verify"
    )
