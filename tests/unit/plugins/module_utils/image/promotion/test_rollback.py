# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import hashlib
import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion import rollback
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.image_store import ImageStore
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import locks
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.modules import image_rollback, image_versions_info


@pytest.fixture(autouse=True)
def run_directory(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "RUN", str(tmp_path / "run"))


@pytest.fixture
def dest(tmp_path):
    directory = tmp_path / "golden"
    directory.mkdir()
    return directory


@pytest.fixture
def promoted(dest):
    """Promote images of these contents; their paths."""

    def promote(*versions, content=None):
        paths = []
        for number, version in enumerate(versions):
            data = (content or version).encode()
            digest = hashlib.sha256(data).hexdigest()
            path = dest / f"web-{version}-{digest[:12]}.qcow2"
            path.write_bytes(data)
            os.utime(path, (1e9 + number, 1e9 + number))
            ImageStore(str(dest), "web").move(str(path), action="promoted", version=version, sha256=digest, by="ann", reason="")
            paths.append(path)
        return paths

    return promote


@pytest.fixture
def go(dest):
    def run(version, check=False, **params):
        return image_rollback.act(
            {"dest": str(dest), "name": "web", "version": version, "reason": "it breaks", "user": "bob", **params}, check
        )

    return run


def refusal(go, *arguments, **params):
    with pytest.raises(ImageError) as caught:
        go(*arguments, **params)
    return str(caught.value)


def test_back_and_forth(dest, promoted, go):
    paths = promoted("1", "2")
    found = go("1")
    assert (found["changed"], found["msg"]) == (True, "web is version 1 again.")
    assert os.path.realpath(dest / "web.qcow2") == str(paths[0]) == found["image"]["path"]
    move = ImageStore(str(dest), "web").history.moves()[-1]
    assert move == found["move"]
    assert {key: move[key] for key in ("action", "from", "image", "version", "by", "reason")} == {
        "action": "rolled_back",
        "from": paths[1].name,
        "image": paths[0].name,
        "version": "1",
        "by": "bob",
        "reason": "it breaks",
    }
    assert go("2")["changed"] is True
    assert os.path.realpath(dest / "web.qcow2") == str(paths[1])


def test_the_current_one_says_so(dest, promoted, go):
    promoted("1", "2")
    before = ImageStore(str(dest), "web").history.moves()
    found = go("2")
    assert (found["changed"], found["move"], found["msg"]) == (False, None, "web is version 2 already, so nothing was changed.")
    assert ImageStore(str(dest), "web").history.moves() == before


def test_check_mode_tells_and_moves_nothing(dest, promoted, go):
    paths = promoted("1", "2")
    listed = sorted(os.listdir(dest))
    found = go("1", check=True)
    assert (found["changed"], found["msg"]) == (True, "web would be version 1 again.")
    assert os.path.realpath(dest / "web.qcow2") == str(paths[1])
    assert sorted(os.listdir(dest)) == listed


def test_what_is_not_there_is_refused_with_what_is(dest, promoted, go):
    assert refusal(go, "1") == f"there is no promoted image of web in {dest}: correct the name or the directory"
    promoted("1", "2")
    assert refusal(go, "3") == f"there is no version 3 of web in {dest}: the kept ones are 2, 1"
    assert refusal(go, "1", name="we") == f"there is no promoted image of we in {dest}: correct the name or the directory"
    assert refusal(go, "1", dest=str(dest / "no")) == f"there is no promoted image of web in {dest}/no: correct the name or the directory"


def test_a_damaged_image_is_refused_and_the_pointer_stays(dest, promoted, go):
    paths = promoted("1", "2")
    with open(paths[0], "ab") as stream:
        stream.write(b"x")
    sentence = refusal(go, "1")
    assert f"{paths[0]} is damaged" in sentence and f"so the pointer stays at {paths[1].name}" in sentence
    assert os.path.realpath(dest / "web.qcow2") == str(paths[1])


def test_an_image_that_the_history_does_not_know_is_held_against_its_name(dest, promoted, go):
    paths = promoted("1", "2")
    os.unlink(dest / "web.history.jsonl")
    assert go("1")["changed"] is True
    paths[1].write_bytes(b"other")
    assert "is damaged" in refusal(go, "2")


def test_only_the_twelve_digits_of_a_name_are_not_enough_when_more_is_known(dest, promoted, go, monkeypatch):
    paths = promoted("1", "2")
    other = hashlib.sha256(b"1").hexdigest()[:12] + "0" * 52
    monkeypatch.setattr(rollback.inspection, "sha256", lambda path: other)
    assert f"{paths[0]} is damaged" in refusal(go, "1")


def test_two_images_of_one_version_are_distinguished(dest, promoted, go):
    paths = promoted("1", content="a") + promoted("1", content="b")
    sentence = refusal(go, "1")
    assert sentence.startswith("2 images of web have the version 1: say ")
    short = paths[0].name[len("web-") : -len(".qcow2")]
    assert short in sentence
    assert go(short)["changed"] is True


def test_no_reason_no_rollback(promoted, go):
    promoted("1", "2")
    assert refusal(go, "1", reason=" ") == "a rollback needs a reason: say why, for those who read the history later"


def test_an_image_that_changes_while_it_is_looked_at_is_refused(dest, promoted, go, monkeypatch):
    paths = promoted("1", "2")
    digest = rollback.inspection.sha256

    def and_then(path):
        found = digest(path)
        os.unlink(path)
        return found

    monkeypatch.setattr(rollback.inspection, "sha256", and_then)
    assert "was changed or removed while it was looked at" in refusal(go, "1")
    assert os.path.realpath(dest / "web.qcow2") == str(paths[1])


def test_a_pointer_that_leads_nowhere_can_be_moved(dest, promoted, go):
    paths = promoted("1", "2")
    os.unlink(paths[1])
    assert go("1")["changed"] is True
    assert os.path.realpath(dest / "web.qcow2") == str(paths[0])


def test_the_kept_versions_are_listed(dest, promoted, go):
    paths = promoted("1", "2")
    go("1")
    paths[1].write_bytes(b"other")
    found = image_versions_info.look(ImageStore(str(dest), "web"), verify=True)
    assert found["current"] == "1"
    assert [(image["version"], image["current"], image["intact"]) for image in found["versions"]] == [
        ("2", False, False),
        ("1", True, True),
    ]
    assert [move["action"] for move in found["history"]] == ["promoted", "promoted", "rolled_back"]
    assert found["versions"][1]["sha256"] == hashlib.sha256(b"1").hexdigest()
    assert image_versions_info.look(ImageStore(str(dest), "web"))["versions"][0]["intact"] is None
