# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion import names
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    "key,end,disk,form",
    [
        ("qcow2", ".qcow2", 1, "qcow2"),
        ("gcp", ".tar.gz", 1, "gcp"),
        ("disk2.qcow2", "-disk2.qcow2", 2, "qcow2"),
        ("disk15.gcp", "-disk15.tar.gz", 15, "gcp"),
    ],
)
def test_a_file_has_a_key_and_an_end(key, end, disk, form):
    assert (names.end(key), names.disk_of(key), names.form_of(key)) == (end, disk, form)
    assert (names.key_of(end), names.key(form, disk), names.is_key(key)) == (key, key, True)


@pytest.mark.parametrize("text", ["", ".qcow", "-disk1.qcow2", "-disk0.qcow2", "-disk20.qcow2", "-disk02.qcow2", ".qcow2.bak", "-disk2"])
def test_what_is_no_end_of_a_file(text):
    assert names.key_of(text) is None


@given(st.lists(st.sampled_from([form for form in names.SUFFIXES if form != "qcow2"]), unique=True), st.integers(1, 15))
def test_every_file_of_an_image_has_a_name_of_its_own(formats, disks):
    keys = names.keys(formats, disks)
    assert len({names.end(key) for key in [*keys, names.QCOW2]}) == len(keys) + 1
    assert [names.key_of(names.end(key)) for key in keys] == keys
    assert all(names.key(names.QCOW2, disk) in keys for disk in range(2, disks + 1))
    assert [key for key in keys if names.form_of(key) == "ova"] == (["ova"] if "ova" in formats else [])


@pytest.mark.parametrize(
    "file,parts",
    [
        ("web-1.2-0123456789ab.qcow2", ("1.2", "0123456789ab", "qcow2")),
        ("web-1-0123456789ab-disk2.vmdk", ("1", "0123456789ab", "disk2.vmdk")),
        ("web-1-0123456789ab.tar.gz", ("1", "0123456789ab", "gcp")),
        ("web-1-0123456789ab.txt", None),
        ("web-1-0123456789ab", None),
        ("web-viewer-1-0123456789ab.qcow2", None),
        ("other-1-0123456789ab.qcow2", None),
    ],
)
def test_a_name_tells_version_digest_and_key(file, parts):
    assert names.named("web", file) == parts
