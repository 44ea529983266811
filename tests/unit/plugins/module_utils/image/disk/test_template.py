# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection, template
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.inspection import Disk
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError


@pytest.fixture
def disks(tmp_path, monkeypatch):
    """Files that are recognised by their ends, of one disk each or, as an OVA, of two."""

    def inspect_all(path):
        form = path.rpartition(".")[2]
        packed = form if form == "xz" else ""
        one = Disk(path, "raw" if packed else form, 1 << 20, 4, 0, (path,), {"driver": form}, packed)
        return [one] * (2 if form == "ova" else 1)

    def make(name):
        (tmp_path / name).write_text(name)
        return str(tmp_path / name)

    monkeypatch.setattr(inspection, "inspect_all", inspect_all)
    return make


def test_further_disks_come_after_those_of_the_file(disks):
    names = [disks(name) for name in ("web.ova", "b.vhdx", "c.raw.xz")]
    found = template.inspect(names[0], [(names[1], None), (names[2], "xz")])
    assert found.paths == [names[0], names[0], names[1], names[2]]
    assert found.files == names
    assert [disk["path"] for disk in template.each(found.source)] == found.paths


def test_one_disk_has_no_further_ones(disks):
    source = template.inspect(disks("web.qcow2")).source
    assert "disks" not in source
    assert template.with_digests(source, ["aa"]) == {**source, "sha256": "aa"}


def test_a_disk_is_there_once(disks, tmp_path):
    name = disks("web.qcow2")
    os.link(name, tmp_path / "same.qcow2")
    for path in (name, str(tmp_path / "same.qcow2")):
        with pytest.raises(ImageError, match=f"{path} is a disk of the template twice: name each of its disks once"):
            template.inspect(name, [(path, None)])


@pytest.mark.parametrize("name,form,really", [("b.vhdx", "vmdk", "vhdx"), ("b.raw.xz", "raw", "xz")])
def test_a_format_that_is_named_is_the_one_that_it_has(disks, name, form, really):
    path = disks(name)
    with pytest.raises(ImageError, match=f"{path} is named as {form}, but is {really}: correct its format, or leave it out"):
        template.inspect(disks("web.qcow2"), [(path, form)])


def test_more_disks_than_a_template_has(disks):
    more = [(disks(f"{number}.raw"), None) for number in range(15)]
    with pytest.raises(ImageError, match="web.qcow2 has 16 disks, and a template has 15 at most"):
        template.inspect(disks("web.qcow2"), more)


def test_the_digest_of_a_file_is_that_of_each_disk_in_it(disks):
    source = template.inspect(disks("web.ova"), [(disks("b.raw"), None)]).source
    digests = template.Digests(source).results()
    assert digests == [inspection.sha256(path) for path in [source["path"]] * 2 + [source["disks"][1]["path"]]]
    noted = template.with_digests(source, digests)
    assert template.changed(noted, digests) is None
    assert template.changed(noted, [*digests[:2], "other"]) == source["disks"][1]["path"]
