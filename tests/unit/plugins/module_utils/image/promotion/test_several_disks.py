# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An image of two disks: both are promoted, pointed to, rolled back to and removed together."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion import image_store, promote
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.image_store import ImageStore
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.promote import Target
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.rollback import roll_back
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import locks
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError


@pytest.fixture(autouse=True)
def run_directory(tmp_path, monkeypatch):
    monkeypatch.setattr(locks, "RUN", str(tmp_path / "run"))


@pytest.fixture
def dest(tmp_path):
    (tmp_path / "golden").mkdir()
    return tmp_path / "golden"


def staged(dest, version, *contents):
    """A target whose disks are written, and what a journal has of their files."""
    target = Target(str(dest), "web", version, "ann", disks=len(contents))
    files = {}
    for key, content in zip(["qcow2", *target.keys], contents):
        path = Path(target.partial_of(key))
        path.write_text(content)
        files[key] = {"sha256": hashlib.sha256(content.encode()).hexdigest(), "identity": promote.identity(str(path))}
    return target, files.pop("qcow2"), files


def promoted(dest, version, *contents):
    target, whole, files = staged(dest, version, *contents)
    path = target.publish(whole["sha256"], files)
    with locks.image_store(str(dest)):
        target.move_to(path, whole["sha256"], whole["identity"], files)
    return path[: -len(".qcow2")]


def pointers(dest):
    return {path.name: os.path.join(dest, os.readlink(path)) for path in dest.iterdir() if path.is_symlink()}


def both(stem):
    return {f"web{end}": f"{stem}{end}" for end in (".qcow2", "-disk2.qcow2")}


def test_the_pointers_of_both_move_together_and_back(dest):
    first = promoted(dest, "1", "system 1", "data 1")
    assert pointers(dest) == both(first)
    second = promoted(dest, "2", "system 2", "data 2")
    assert pointers(dest) == both(second)
    roll_back(ImageStore(str(dest), "web"), "1", "bob", "it breaks")
    assert pointers(dest) == both(first)


def test_an_image_of_one_disk_has_no_pointer_to_the_second_of_another(dest):
    promoted(dest, "1", "system 1", "data 1")
    only = promoted(dest, "2", "system 2")
    assert pointers(dest) == {"web.qcow2": f"{only}.qcow2"}


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_kill_while_the_pointers_move_never_leaves_disks_of_two_images(dest, monkeypatch, moment):
    """Whoever looks in between finds disks of one image; the next one to come completes what was begun, or takes it back."""
    first = promoted(dest, "1", "system 1", "data 1")
    target, whole, files = staged(dest, "2", "system 2", "data 2")
    path = target.publish(whole["sha256"], files)

    class Killed(BaseException):
        pass

    link = ImageStore._link

    def killed(self, pointer, name):
        if moment == "after":
            link(self, pointer, name)
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed), locks.image_store(str(dest)):
        patched.setattr(ImageStore, "_link", killed)
        patched.setattr(ImageStore, "_point_back", lambda *unused: None)
        patched.setattr(image_store.History, "settle", lambda unused: None)
        target.move_to(path, whole["sha256"], whole["identity"], files)
    stem = first if moment == "before" else path[: -len(".qcow2")]
    assert pointers(dest) == {"web.qcow2": f"{stem}.qcow2"}
    image_store.tidy(target.pointer, list(target.published(whole["sha256"]).values()), 10)
    assert pointers(dest) == both(stem)
    assert os.path.exists(path) is (moment == "after")


def test_a_move_that_fails_leaves_the_pointers_as_they_were(dest, monkeypatch):
    first = promoted(dest, "1", "system 1", "data 1")
    target, whole, files = staged(dest, "2", "system 2", "data 2")
    path = target.publish(whole["sha256"], files)
    Path(f"{path[: -len('.qcow2')]}-disk2.qcow2").write_text("somebody else's")
    with locks.image_store(str(dest)), pytest.raises(ImageError, match="-disk2.qcow2 was changed or removed by another process"):
        target.move_to(path, whole["sha256"], whole["identity"], files)
    assert pointers(dest) == both(first)
    point = Target.point

    def point_and_harm(self, where):
        point(self, where)
        os.truncate(f"{path[: -len('.qcow2')]}-disk2.qcow2", 1)

    Path(f"{path[: -len('.qcow2')]}-disk2.qcow2").write_text("data 2")
    monkeypatch.setattr(Target, "point", point_and_harm)
    with locks.image_store(str(dest)), pytest.raises(ImageError, match="-disk2.qcow2 was changed or removed by another process"):
        target.move_to(path, whole["sha256"], whole["identity"], files)
    assert pointers(dest) == both(first)


@pytest.mark.parametrize(
    "harm,sentence",
    [
        (
            Path.unlink,
            r"disk 2 of .*/web-1-.*\.qcow2 is not there, so the pointer stays at web-2-.*: restore .*, or choose another version",
        ),
        (lambda path: path.write_text("x"), r"-disk2.qcow2 is damaged, its SHA-256 was .*, so the pointer stays at web-2-"),
    ],
)
def test_an_image_whose_second_disk_is_harmed_is_not_gone_back_to(dest, harm, sentence):
    first, second = (promoted(dest, version, f"system {version}", f"data {version}") for version in "12")
    harm(Path(f"{first}-disk2.qcow2"))
    with pytest.raises(ImageError, match=sentence):
        roll_back(ImageStore(str(dest), "web"), "1", "bob", "it breaks")
    assert pointers(dest) == both(second)


def test_another_disk_is_never_replaced(dest):
    """The name is that of the first disk's bytes, which may be the same as before."""
    first = promoted(dest, "1", "system", "data")
    assert promoted(dest, "1", "system", "data") == first
    target, whole, files = staged(dest, "1", "system", "other data")
    with pytest.raises(ImageError, match="-disk2.qcow2 is there already and is another disk: promote the image with another version"):
        target.publish(whole["sha256"], files)
    assert Path(f"{first}-disk2.qcow2").read_text() == "data"


def test_an_old_image_goes_with_its_disks_unless_one_is_needed(dest):
    stems = [promoted(dest, version, f"system {version}", f"data {version}") for version in "123"]
    for age, stem in enumerate(stems):
        os.utime(f"{stem}.qcow2", (1e9 + age, 1e9 + age))
    backing = os.path.basename(f"{stems[1]}-disk2.qcow2").encode()
    (dest / "clone.img").write_bytes(
        b"QFI\xfb" + (3).to_bytes(4, "big") + (104).to_bytes(8, "big") + len(backing).to_bytes(4, "big") + bytes(84) + backing
    )
    assert ImageStore(str(dest), "web").prune(1) == [f"{stems[0]}-disk2.qcow2", f"{stems[0]}.qcow2"]


def test_a_name_like_that_of_a_disk_is_refused(dest):
    for name in ("web-disk2", "web-disk15"):
        with pytest.raises(ImageError, match=f"{name} would be called like the disk of another image"):
            ImageStore(str(dest), name)
    assert ImageStore(str(dest), "web-disk").name == "web-disk"
