# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.host import Ran
from ansible_collections.hygeia.golden.plugins.module_utils.image import disk
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError

PLAIN = {"format": "qcow2", "virtual-size": 1 << 30, "format-specific": {"type": "qcow2", "data": {"compat": "1.1", "corrupt": False}}}


@pytest.fixture
def template(tmp_path, monkeypatch):
    """A file about which qemu-img says what the test wants."""

    def make(info, check=Ran(0, "{}", ""), described=True):
        path = tmp_path / "template.qcow2"
        path.write_bytes(b"QFI\xfb")
        answers = {"info": Ran(0, json.dumps(info), "") if described else info, "check": check}
        monkeypatch.setattr(disk, "run", lambda argv, limit=60: answers[argv[1]])
        return str(path)

    return make


def test_a_plain_image_is_described(template):
    path = template(PLAIN)
    assert disk.inspect(path) == disk.Disk(path, "qcow2", 1 << 30, 4, 0)


def test_a_symbolic_link_is_resolved(template, tmp_path):
    path = template(PLAIN)
    (tmp_path / "link.qcow2").symlink_to(path)
    assert disk.inspect(str(tmp_path / "link.qcow2")).path == path


def test_leaked_clusters_are_no_damage(template):
    assert disk.inspect(template(PLAIN, check=Ran(3, '{"leaks": 4}', ""))).format == "qcow2"


@pytest.mark.parametrize("extra,sentence", [
    ({"backing-filename": "base.qcow2"}, "has the backing file base.qcow2: flatten it"),
    ({"full-backing-filename": "json:{}"}, "has the backing file json:{}: flatten it"),
    ({"format-specific": {"data": {"data-file": "x.raw"}}}, "keeps its data in x.raw"),
    ({"encrypted": True}, "is encrypted"),
    ({"format-specific": {"data": {"encrypt": {"format": "luks"}}}}, "is encrypted"),
    ({"format-specific": {"data": {"corrupt": True}}}, "is marked as corrupt"),
    ({"format": "vmdk"}, "has the format vmdk: convert it"),
    ({"virtual-size": 0}, "is empty"),
])
def test_what_could_harm_is_refused(template, extra, sentence):
    with pytest.raises(ImageError, match=sentence):
        disk.inspect(template({**PLAIN, **extra}))


@pytest.mark.parametrize("check,sentence", [
    (Ran(2, '{"corruptions": 3}', ""), "is damaged, qemu-img check found 3 errors: restore it"),
    (Ran(1, "", "qemu-img: Check failed: Input/output error"), "is damaged, qemu-img check says: qemu-img: Check failed"),
])
def test_damage_is_refused(template, check, sentence):
    with pytest.raises(ImageError, match=sentence):
        disk.inspect(template(PLAIN, check=check))


@pytest.mark.parametrize("complaint,sentence", [
    ('Failed to get shared "write" lock\nIs another process using the image?', "is being written by another process"),
    ("Could not open: Image is not in qcow2 format", "is no disk image that can be read"),
])
def test_what_cannot_be_read_is_refused(template, complaint, sentence):
    with pytest.raises(ImageError, match=sentence):
        disk.inspect(template(Ran(1, "", complaint), described=False))


@pytest.mark.parametrize("name", ["json:{}", "nbd:localhost", "template.qcow2", ""])
def test_only_an_absolute_path_is_a_source(name):
    with pytest.raises(ImageError, match="must be the absolute path"):
        disk.inspect(name)


def test_a_folder_is_no_source(tmp_path):
    with pytest.raises(ImageError, match="is not a regular file"):
        disk.inspect(str(tmp_path))


def test_the_digest_is_sha256(tmp_path):
    (tmp_path / "file").write_bytes(b"abc" * (1 << 20))
    assert disk.sha256(str(tmp_path / "file")) == "cc932bce1f4a5197761d0a4b0197f00a43a3eb6b0c0081b4add813521acac582"
