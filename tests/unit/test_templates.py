# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The trees that the system tests start from are built once."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.tests.templates import roots


@pytest.fixture
def built(monkeypatch):
    """The file names of the trees that were built."""
    made = []

    def install(tar, unused_packages, unused_options, unused_script, output, unused_work):
        made.append(tar.name)
        with open(output, "w", encoding="utf-8") as stream:
            stream.write("a tree")

    monkeypatch.setattr(roots, "_install", install)
    return made


def test_a_tree_is_built_once_by_whatever_path_its_origin_is_found(tmp_path, built):
    """build.py finds the cache in the repository, and tests that import the collection find it behind a symbolic link."""
    (tmp_path / "cache").mkdir()
    (tmp_path / "link").symlink_to("cache")
    found = [roots.extended("base", tmp_path / way / "minimal-1.tar", ["python3"], tmp_path / "cache") for way in ("cache", "link")]
    assert found[0] == found[1]
    assert len(built) == 1


def test_a_tree_is_built_again_when_it_should_have_other_packages(tmp_path, built):
    for packages in (["python3"], ["python3", "sudo"]):
        last = roots.extended("base", tmp_path / "minimal-1.tar", packages, tmp_path)
    assert len(built) == 2
    assert list(tmp_path.glob("base-*.tar")) == [last]
