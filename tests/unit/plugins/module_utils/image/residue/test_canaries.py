# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue import canaries
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue.search import SHORTEST

PASSING = ["deleted on /", "cut short and deleted on /"]


def listed(tree):
    return sorted(str(path.relative_to(tree)) for path in tree.rglob("*") if not path.is_dir())


@pytest.fixture
def tree(tmp_path):
    place = tmp_path / "tree"
    for directory in ("etc/ssh", "root", "var/log", "var/tmp"):
        (place / directory).mkdir(parents=True)
    return place


def test_those_in_places_of_sealing_stay_until_they_are_removed(tree):
    planted, missing = canaries.plant(str(tree), ["/"], "seed")
    assert (planted, missing) == ([*PASSING, *canaries.KEPT], [])
    assert listed(tree) == sorted(path.lstrip("/") for path in canaries.KEPT.values())
    patterns = canaries.patterns("seed", planted)
    for kind, path in canaries.KEPT.items():
        content = (tree / path.lstrip("/")).read_bytes()
        assert [what for pattern, what in patterns.items() if content.count(pattern) == canaries.BLOCKS] == [
            f"the canary of the kind {kind}"
        ]
    canaries.remove(str(tree))
    assert listed(tree) == []
    canaries.remove(str(tree))


def test_whoever_does_not_know_the_seed_cannot_tell_them():
    one, other = canaries.patterns("1", PASSING), canaries.patterns("2", PASSING)
    assert not one.keys() & other.keys()
    assert all(len(pattern) >= SHORTEST for pattern in one)


def test_a_link_leads_nowhere_out_of_the_tree(tree, tmp_path):
    """Neither one for the directory, nor one in the canary's own place."""
    outside = tmp_path / "outside"
    outside.mkdir()
    os.rmdir(tree / "root")
    (tree / "root").symlink_to(outside)
    (tree / "var/tmp/.hygeia-canary").symlink_to(outside / "file")
    (tree / ".hygeia-canary").symlink_to(outside / "file")
    planted, missing = canaries.plant(str(tree), ["/"], "seed")
    canaries.remove(str(tree))
    assert planted == ["host key", "log"]
    assert missing == ["no canary could be planted on / of the template: File exists"]
    assert listed(outside) == []


def test_where_none_can_be_planted_is_reported(tree):
    (tree / "boot").write_text("")
    planted, missing = canaries.plant(str(tree), ["/", "/boot"], "seed")
    assert planted == [*PASSING, *canaries.KEPT]
    assert missing == ["no canary could be planted on /boot of the template: Not a directory"]
