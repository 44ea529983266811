# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import hashlib
import json
import os
import struct
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion import promote
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.promote import Target
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import locks
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

DIGEST = "0123456789abcdef" * 4


@pytest.fixture(autouse=True)
def run_directory(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "RUN", str(tmp_path / "run"))


@pytest.fixture
def dest(tmp_path):
    directory = tmp_path / "golden"
    directory.mkdir()
    return directory


def image(dest, name, age, backing=b""):
    """A promoted image, or a clone with a backing file, of an age in seconds."""
    path = dest / name
    path.write_bytes(b"QFI\xfb" + struct.pack(">IQI", 3, 104 if backing else 0, len(backing)) + bytes(84) + backing)
    os.utime(path, (2e9 - age, 2e9 - age))
    return str(path)


def test_an_image_has_its_name_version_and_digest(dest):
    target = Target(str(dest), "web", "2025.1")
    Path(target.partial).write_text("x")
    path = target.publish(DIGEST)
    assert path == f"{dest}/web-2025.1-0123456789ab.qcow2"
    target.point(path)
    assert os.readlink(dest / "web.qcow2") == "web-2025.1-0123456789ab.qcow2"
    assert sorted(os.listdir(dest)) == ["web-2025.1-0123456789ab.qcow2", "web.qcow2"]


def test_the_pointer_moves_even_when_a_killed_run_left_a_new_one(dest):
    (dest / ".web.pointer").symlink_to("nowhere")
    (dest / "web.qcow2").symlink_to("old.qcow2")
    Target(str(dest), "web", "1").point(f"{dest}/web-1-0123456789ab.qcow2")
    assert os.readlink(dest / "web.qcow2") == "web-1-0123456789ab.qcow2"


def test_two_of_one_name_and_version_never_write_to_one_file(dest):
    assert Target(str(dest), "web", "1").partial != Target(str(dest), "web", "1").partial


def test_a_partial_file_that_is_there_is_never_written_to(dest, monkeypatch):
    target = Target(str(dest), "web", "1")
    Path(target.partial).write_text("somebody's")
    with pytest.raises(FileExistsError):
        target.flatten("overlay", False, 10)
    assert Path(target.partial).read_text() == "somebody's"


def published(dest, text=b"the image"):
    """A published image as a promotion has it in hand: target, path, digest and identity."""
    target = Target(str(dest), "web", "1", "ann")
    Path(target.partial).write_bytes(text)
    digest = hashlib.sha256(text).hexdigest()
    return target, target.publish(digest), digest, promote.identity(target.path(digest))


@pytest.mark.parametrize(
    "harm,sentence",
    [
        (lambda path: path.write_bytes(b"trunc"), "was changed or removed by another process"),
        (lambda path: path.unlink(), "cannot be read"),
    ],
)
def test_an_image_that_somebody_harmed_is_never_pointed_to(dest, harm, sentence):
    (dest / "web.qcow2").symlink_to("web-0-0123456789ab.qcow2")
    target, path, digest, identity = published(dest)
    harm(Path(path))
    with locks.image_store(str(dest)), pytest.raises(ImageError, match=sentence):
        target.move_to(path, digest, identity)
    assert os.readlink(dest / "web.qcow2") == "web-0-0123456789ab.qcow2"
    assert target.history.moves() == []


@pytest.mark.parametrize("before", [None, "web-0-0123456789ab.qcow2"])
def test_an_image_that_somebody_harmed_while_the_pointer_moved_takes_it_back(dest, monkeypatch, before):
    if before:
        (dest / "web.qcow2").symlink_to(before)
    target, path, digest, identity = published(dest)
    point = Target.point

    def point_and_truncate(self, where):
        point(self, where)
        if where == path:
            os.truncate(path, 3)

    monkeypatch.setattr(Target, "point", point_and_truncate)
    with locks.image_store(str(dest)), pytest.raises(ImageError, match="was changed or removed by another process"):
        target.move_to(path, digest, identity)
    assert target.current == before
    assert (target.history.moves(), [path.name for path in dest.glob(".web*")]) == ([], [])


def test_a_filesystem_that_numbers_files_anew_is_asked_for_the_bytes(dest):
    target, path, digest, unused_identity = published(dest)
    with locks.image_store(str(dest)):
        target.move_to(path, digest, (0, 0, 0, 0))
    assert target.current == os.path.basename(path)


@pytest.mark.parametrize(
    "dest_,name,version,sentence",
    [
        ("golden", "web", "1", "must be an absolute directory"),
        ("/x", "../web", "1", "cannot be an image's name"),
        ("/x", "", "1", "cannot be an image's name"),
        ("/x", "web", "1-2", "cannot be an image's version"),
        ("/x", "web", "1/2", "cannot be an image's version"),
    ],
)
def test_names_that_would_be_taken_wrongly(dest_, name, version, sentence):
    with pytest.raises(ImageError, match=sentence):
        Target(dest_, name, version)


def test_a_file_of_its_own_is_never_replaced_by_the_pointer(dest):
    (dest / "web.qcow2").write_text("a template")
    with pytest.raises(ImageError, match="is a file of its own, not a pointer"):
        Target(str(dest), "web", "1")


def test_the_newest_stay(dest):
    old = [image(dest, f"web-{age}-0123456789ab.qcow2", age) for age in (1, 2, 3, 4)]
    (dest / "web.qcow2").symlink_to(os.path.basename(old[0]))
    assert Target(str(dest), "web", "1").prune(2) == old[2:]


def test_what_makes_up_an_image_goes_with_it(dest):
    old = [image(dest, f"web-{age}-0123456789ab.qcow2", age) for age in (1, 2)]
    for name in ("web-1-0123456789ab", "web-2-0123456789ab"):
        (dest / f"{name}.manifest.json").write_text("{}")
    target = Target(str(dest), "web", "1")
    assert len(target.kept()) == 2 and target.prune(1) == [str(dest / "web-2-0123456789ab.manifest.json"), old[1]]
    assert (dest / "web-1-0123456789ab.manifest.json").exists()


def test_images_of_another_name_that_begins_alike_stay(dest):
    for name in ("web-shop-1-0123456789ab.qcow2", "web-1.qcow2", "website-1-0123456789ab.qcow2", "web-1-0123456789ab.qcow2.bak"):
        image(dest, name, 9)
    assert Target(str(dest), "web", "1").kept() == []


@pytest.mark.parametrize("backing", [b"NAME", b"/srv/golden/NAME", b'json:{"file.filename":"NAME"}'])
def test_one_that_a_clone_backs_on_stays(dest, backing):
    old = [image(dest, f"web-{age}-0123456789ab.qcow2", age) for age in (1, 2, 3)]
    image(dest, "clone.img", 0, backing.replace(b"NAME", os.path.basename(old[2]).encode()))
    assert Target(str(dest), "web", "1").prune(1) == [old[1]]


def test_one_that_the_pointer_names_stays(dest):
    old = [image(dest, f"web-{age}-0123456789ab.qcow2", age) for age in (1, 2)]
    (dest / "web.qcow2").symlink_to(os.path.basename(old[1]))
    assert Target(str(dest), "web", "1").prune(1) == []


def test_one_that_somebody_went_back_to_stays(dest):
    old = [image(dest, f"web-{age}-0123456789ab.qcow2", age) for age in (1, 2, 3)]
    target = Target(str(dest), "web", "1")
    target.move(old[2], action="rolled_back", version="3", sha256=DIGEST, by="ann", reason="it works")
    target.move(old[0], action="promoted", version="1", sha256=DIGEST, by="ann", reason="")
    assert target.prune(1) == [old[1]]


def test_one_that_a_session_has_open_stays(dest, monkeypatch):
    old = [image(dest, f"web-{age}-0123456789ab.qcow2", age) for age in (1, 2)]
    monkeypatch.setattr(locks, "holder", {old[1]: "/session"}.get)
    assert Target(str(dest), "web", "1").prune(1) == []


@pytest.mark.parametrize("free,refused", [(100, False), (99, True)])
def test_room_is_looked_for_before(dest, monkeypatch, free, refused):
    monkeypatch.setattr(promote, "run", lambda argv, limit: CommandResult(0, json.dumps({"required": 100}), ""))
    monkeypatch.setattr(promote, "free_space", lambda directory: free)
    target = Target(str(dest / "not" / "yet"), "web", "1")
    if refused:
        with pytest.raises(ImageError, match="has 99 B free, but the image may need 100 B: make room there"):
            target.require_space(["overlay"])
    else:
        target.require_space(["overlay"])
