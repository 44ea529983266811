# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is remembered of files: it is found again, ends after a period, and is nobody else's."""

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.manifest import digests
from hypothesis import given
from hypothesis import strategies as st

RECORDS = st.dictionaries(st.binary(min_size=16, max_size=16), st.binary(min_size=32, max_size=32))


@given(RECORDS, st.binary(min_size=16, max_size=16))
def test_what_was_kept_is_found_and_nothing_else(records, other):
    kept = digests.Digests()
    for key, digest in records.items():
        kept.keep(key, digest)
    again = digests.Digests(kept.content)
    assert {key: again.get(key) for key in records} == records
    assert again.get(other) == records.get(other)


def test_what_is_not_kept_again_is_forgotten():
    first = digests.Digests()
    first.keep(b"a" * 16, b"1" * 32)
    assert digests.Digests(first.content).content == b""


@pytest.mark.parametrize("change", ["content", "mtime", "chmod"])
def test_a_file_that_was_touched_is_another(tmp_path, change):
    path = tmp_path / "file"
    path.write_text("one")
    before = digests.key("/file", os.stat(path))
    if change == "content":
        path.write_text("two")
        os.utime(path, ns=(1, 1))
    elif change == "mtime":
        os.utime(path, ns=(1, 1))
    else:
        path.chmod(0o600)
    assert digests.key("/file", os.stat(path)) != before


def saved(path, since=1000):
    known = digests.Digests(since=since)
    known.keep(b"a" * 16, b"1" * 32)
    digests.save(str(path), known)


def test_a_cache_is_read_until_its_period_has_passed(tmp_path):
    cache = tmp_path / "deep/cache"
    saved(cache)
    assert digests.load(str(cache), 100, 1099).get(b"a" * 16) == b"1" * 32
    passed = digests.load(str(cache), 100, 1100)
    assert (passed.get(b"a" * 16), passed.since) == (None, 1100)
    assert oct(cache.stat().st_mode & 0o777) == "0o600" and oct(cache.parent.stat().st_mode & 0o777) == "0o700"


def test_a_cache_of_the_future_is_not_believed(tmp_path):
    saved(tmp_path / "cache", since=2000)
    assert digests.load(str(tmp_path / "cache"), 100, 1999).get(b"a" * 16) is None


def test_a_cache_that_others_can_write_is_not_believed(tmp_path):
    cache = tmp_path / "cache"
    saved(cache)
    cache.chmod(0o620)
    assert digests.load(str(cache), 100, 1001).get(b"a" * 16) is None


@pytest.mark.parametrize("content", [b"", b"hygeia", b"x" * 200])
def test_a_damaged_cache_is_no_cache(tmp_path, content):
    cache = tmp_path / "cache"
    cache.write_bytes(content)
    cache.chmod(0o600)
    assert digests.load(str(cache), 100, 1001).content == b""


def test_a_link_is_no_cache(tmp_path):
    saved(tmp_path / "cache")
    (tmp_path / "link").symlink_to("cache")
    assert digests.load(str(tmp_path / "link"), 100, 1001).get(b"a" * 16) is None
