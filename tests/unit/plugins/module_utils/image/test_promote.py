# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json
import os
import struct

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.host import Ran
from ansible_collections.hygeia.golden.plugins.module_utils.image import lock, promote
from ansible_collections.hygeia.golden.plugins.module_utils.image.promote import Target
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError

DIGEST = "0123456789abcdef" * 4


@pytest.fixture(autouse=True)
def run_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "RUN", str(tmp_path / "run"))


@pytest.fixture
def dest(tmp_path):
    folder = tmp_path / "golden"
    folder.mkdir()
    return folder


def image(dest, name, age, backing=b""):
    """A promoted image, or a clone with a backing file, of an age in seconds."""
    path = dest / name
    path.write_bytes(b"QFI\xfb" + struct.pack(">IQI", 3, 104 if backing else 0, len(backing)) + bytes(84) + backing)
    os.utime(path, (2e9 - age, 2e9 - age))
    return str(path)


def test_an_image_has_its_name_version_and_digest(dest):
    target = Target(str(dest), "web", "2025.1")
    (dest / ".web-2025.1.partial").write_text("x")
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


@pytest.mark.parametrize("dest_,name,version,sentence", [
    ("golden", "web", "1", "must be an absolute folder"),
    ("/x", "../web", "1", "cannot be an image's name"),
    ("/x", "", "1", "cannot be an image's name"),
    ("/x", "web", "1-2", "cannot be an image's version"),
    ("/x", "web", "1/2", "cannot be an image's version"),
])
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
    monkeypatch.setattr(lock, "holder", {old[1]: "/session"}.get)
    assert Target(str(dest), "web", "1").prune(1) == []


@pytest.mark.parametrize("free,refused", [(100, False), (99, True)])
def test_room_is_looked_for_before(dest, monkeypatch, free, refused):
    monkeypatch.setattr(promote, "run", lambda argv, limit: Ran(0, json.dumps({"required": 100}), ""))
    monkeypatch.setattr(promote, "free_space", lambda folder: free)
    target = Target(str(dest / "not" / "yet"), "web", "1")
    if refused:
        with pytest.raises(ImageError, match="has 99 B free, but the image may need 100 B: make room there"):
            target.require_space("overlay")
    else:
        target.require_space("overlay")
