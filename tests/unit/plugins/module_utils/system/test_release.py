# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import gzip
import json
import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system import release
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.modules import image_stamp, release_info

STATUS = "Package: bash\nStatus: install ok installed\nArchitecture: amd64\nVersion: {}\n\n"
CHANGELOG = "bash (5.2-1) unstable; urgency=medium\n\n  * New.\n\n -- Ann <ann@example.org>  {}\n"
PARAMS = {"id": "debian-12", "version": "1", "source": "debian-12.qcow2", "profile": "hipaa", "built": None}


@pytest.fixture
def root(tmp_path):
    files = {"etc/os-release": 'ID=debian\nVERSION_ID="12"\n', "var/lib/dpkg/status": STATUS.format("5.2-1")}
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def changelog(root, package, day, name="changelog.Debian.gz"):
    path = root / "usr/share/doc" / package / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.open(path, "wt") as stream:
        stream.write(CHANGELOG.format(day))


def test_what_is_stamped_is_read_back(root):
    stamped = image_stamp.act(Host(str(root)), PARAMS)
    assert stamped["changed"] is True
    assert (
        release.read(Host(str(root)))
        == stamped["image"]
        == {"id": "debian-12", "version": "1", "source": "debian-12.qcow2", "profile": "hipaa"}
    )
    assert (root / "etc/image-release").read_text().startswith('IMAGE_ID="debian-12"\nIMAGE_VERSION="1"\n')
    assert json.loads((root / "usr/share/hygeia/manifest.json").read_text())["packages"] == [["bash", "amd64", "5.2-1"]]
    assert oct(os.stat(root / "etc/image-release").st_mode & 0o777) == "0o644"
    assert image_stamp.act(Host(str(root)), PARAMS)["changed"] is False


def test_every_file_of_a_template_is_named(root):
    disks = [{"path": f"/srv/data {number}.vhdx", "sha256": str(number) * 64} for number in (2, 3)]
    stamped = image_stamp.act(Host(str(root)), {**PARAMS, "source_sha256": "1" * 64, "source_disks": disks})
    assert stamped["image"]["source_disks"] == [{"source": f"data {number}.vhdx", "sha256": str(number) * 64} for number in (2, 3)]
    assert release.read(Host(str(root))) == stamped["image"]
    assert (root / "etc/image-release").read_text().splitlines()[2:8] == [
        'SOURCE="debian-12.qcow2"',
        f'SOURCE_SHA256="{"1" * 64}"',
        'SOURCE_DISK2="data 2.vhdx"',
        f'SOURCE_DISK2_SHA256="{"2" * 64}"',
        'SOURCE_DISK3="data 3.vhdx"',
        f'SOURCE_DISK3_SHA256="{"3" * 64}"',
    ]
    assert json.loads((root / "usr/share/hygeia/manifest.json").read_text())["image"] == stamped["image"]


def test_check_mode_tells_and_writes_nothing(root):
    stamped = image_stamp.act(Host(str(root), check=True), PARAMS)
    assert stamped["changed"] is True and len(stamped["diff"]) == 2
    assert not (root / "etc/image-release").exists()


def test_the_patch_level_is_the_day_of_the_newest_update(root):
    changelog(root, "bash", "Sat, 10 Oct 2026 23:30:00 +0200")
    changelog(root, "openssl", "Tue, 10 Nov 2026 12:00:00 +0000")
    changelog(root, "odd", "never")
    changelog(root, "native", "Wed, 11 Nov 2026 12:00:00 +0000", "changelog.gz")
    assert image_stamp.act(Host(str(root)), PARAMS)["image"]["patch_level"] == "2026-11-11"


def test_a_changelog_that_is_cut_off_stops_nothing(root):
    changelog(root, "bash", "Sat, 10 Oct 2026 12:00:00 +0000")
    path = root / "usr/share/doc/bash/changelog.Debian.gz"
    path.write_bytes(path.read_bytes()[:20])
    assert release.patch_level(Host(str(root))) == ""


@pytest.mark.parametrize("value", ['say "$HOME" `id` \\', "two\nlines"])
def test_values_cannot_break_out(root, value):
    image_stamp.act(Host(str(root)), {**PARAMS, "profile": value})
    lines = (root / "etc/image-release").read_text().splitlines()
    assert len(lines) == 4
    assert release.read(Host(str(root)))["profile"] == " ".join(value.split())


def test_what_has_changed_since(root):
    image_stamp.act(Host(str(root)), PARAMS)
    (root / "var/lib/dpkg/status").write_text(STATUS.format("5.2-2") + STATUS.format("1").replace("bash", "vim"))
    found = release_info.detect(Host(str(root), check=True))
    assert found["image"]["version"] == "1"
    assert found["changes"] == [{"package": "bash", "from": "5.2-1", "to": "5.2-2"}, {"package": "vim", "from": "", "to": "1"}]


@pytest.mark.parametrize("text", [None, "", "[]", '{"packages": 7}'])
def test_a_system_that_came_from_no_image_is_not_said_to_be_unchanged(root, text):
    if text is not None:
        os.makedirs(root / "usr/share/hygeia")
        (root / "usr/share/hygeia/manifest.json").write_text(text)
    found = release_info.detect(Host(str(root), check=True))
    assert (found["image"], found["changes"]) == ({}, None)
    assert found["system"] == {"id": "debian", "version": "12", "names": ["debian-12", "debian"], "manager": "dpkg"}
