# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
import stat

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.util import atomic


def test_a_file_is_replaced_with_its_mode_whatever_the_mask(tmp_path):
    path = tmp_path / "ledger.json"
    path.write_text("the old one, which is longer")
    before = os.umask(0o077)
    try:
        atomic.write(str(path), "né", 0o640)
    finally:
        os.umask(before)
    assert path.read_bytes() == "né".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert os.listdir(tmp_path) == ["ledger.json"]


def test_who_has_the_old_file_open_reads_it_to_its_end(tmp_path):
    path = tmp_path / "enter"
    path.write_text("the old one")
    with open(path, encoding="utf-8") as reader:
        atomic.write(str(path), b"the new one")
        assert reader.read() == "the old one"
    assert path.read_text() == "the new one"


def test_what_cannot_be_written_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "journal.json"
    path.write_text("the old one")

    def full(unused_handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        atomic.write(str(path), "the new one")
    assert path.read_text() == "the old one"


def test_a_relative_name_is_in_this_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    atomic.write("ledger.json", "{}")
    assert (tmp_path / "ledger.json").read_text() == "{}"
