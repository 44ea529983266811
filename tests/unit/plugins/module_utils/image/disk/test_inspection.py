# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json
import tarfile

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import fuse_export, inspection
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

PLAIN = {"format": "qcow2", "virtual-size": 1 << 30, "format-specific": {"type": "qcow2", "data": {"compat": "1.1", "corrupt": False}}}


@pytest.fixture
def template(tmp_path, monkeypatch):
    """A file about which qemu-img says what the test wants."""

    def make(info, check=CommandResult(0, "{}", ""), described=True):
        path = tmp_path / "template.qcow2"
        path.write_bytes(b"QFI\xfb")
        answers = {"info": CommandResult(0, json.dumps(info), "") if described else info, "check": check}
        monkeypatch.setattr(inspection, "run", lambda argv, limit=60: answers[argv[1]])
        return str(path)

    return make


def test_a_plain_image_is_described(template):
    path = template(PLAIN)
    assert inspection.inspect(path) == inspection.Disk(path, "qcow2", 1 << 30, 4, 0, (path,), fuse_export.qcow2(path))


def test_a_symbolic_link_is_resolved(template, tmp_path):
    path = template(PLAIN)
    (tmp_path / "link.qcow2").symlink_to(path)
    assert inspection.inspect(str(tmp_path / "link.qcow2")).path == path


def test_leaked_clusters_are_no_damage(template):
    assert inspection.inspect(template(PLAIN, check=CommandResult(3, '{"leaks": 4}', ""))).format == "qcow2"


@pytest.mark.parametrize(
    "extra,sentence",
    [
        ({"backing-filename": "base.qcow2"}, "has the backing file base.qcow2: flatten it"),
        ({"full-backing-filename": "json:{}"}, "has the backing file json:{}: flatten it"),
        ({"format-specific": {"data": {"data-file": "x.raw"}}}, "keeps its data in x.raw"),
        ({"encrypted": True}, "is encrypted"),
        ({"format-specific": {"data": {"encrypt": {"format": "luks"}}}}, "is encrypted"),
        ({"format-specific": {"data": {"corrupt": True}}}, "is marked as corrupt"),
        ({"virtual-size": 0}, "is empty"),
    ],
)
def test_what_could_harm_is_refused(template, extra, sentence):
    with pytest.raises(ImageError, match=sentence):
        inspection.inspect(template({**PLAIN, **extra}))


@pytest.mark.parametrize(
    "start,sentence",
    [
        (b"BZh9", "is compressed with bzip2 and no disk image: unpack it with 'bunzip2' first"),
        (b"PK\x03\x04", "is a zip file and"),
        (b"", "is an empty file"),
        (b"QED\0", "has the format qed: convert it with 'qemu-img convert -O qcow2' first"),
        (b"COWD", "is a delta of VMware's old kind"),
    ],
)
def test_what_is_packed_is_distinguished_from_a_disk(template, tmp_path, start, sentence):
    path = template({**PLAIN, "format": "raw"})
    (tmp_path / "template.qcow2").write_bytes(start)
    with pytest.raises(ImageError, match=sentence):
        inspection.inspect(path)


def test_a_tar_archive_is_distinguished_from_a_disk(tmp_path):
    (tmp_path / "x.vmdk").write_bytes(b"KDMV" + bytes(1000))
    with tarfile.open(tmp_path / "x.tar", "w") as archive:
        archive.add(tmp_path / "x.vmdk", "x.vmdk")
    with pytest.raises(ImageError, match="is a tar archive"):
        inspection.inspect(str(tmp_path / "x.tar"))


@pytest.mark.parametrize(
    "check,sentence",
    [
        (CommandResult(2, '{"corruptions": 3}', ""), "is damaged, qemu-img check found 3 errors: restore it"),
        (CommandResult(1, "", "qemu-img: Check failed: Input/output error"), "is damaged, qemu-img check says: qemu-img: Check failed"),
    ],
)
def test_damage_is_refused(template, check, sentence):
    with pytest.raises(ImageError, match=sentence):
        inspection.inspect(template(PLAIN, check=check))


@pytest.mark.parametrize(
    "error,sentence",
    [
        ('Failed to get shared "write" lock\nIs another process using the image?', "is being written by another process"),
        ("Could not open: Image is not in qcow2 format", "is no disk image that can be read"),
    ],
)
def test_what_cannot_be_read_is_refused(template, error, sentence):
    with pytest.raises(ImageError, match=sentence):
        inspection.inspect(template(CommandResult(1, "", error), described=False))


@pytest.mark.parametrize("name", ["json:{}", "nbd:localhost", "template.qcow2", ""])
def test_only_an_absolute_path_is_a_source(name):
    with pytest.raises(ImageError, match="must be the absolute path"):
        inspection.inspect(name)


def test_a_directory_is_no_source(tmp_path):
    with pytest.raises(ImageError, match="is not a regular file"):
        inspection.inspect(str(tmp_path))


def test_the_digest_is_sha256(tmp_path):
    (tmp_path / "file").write_bytes(b"abc" * (1 << 20))
    assert inspection.sha256(str(tmp_path / "file")) == "cc932bce1f4a5197761d0a4b0197f00a43a3eb6b0c0081b4add813521acac582"
