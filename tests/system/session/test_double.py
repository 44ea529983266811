# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Two runs promote an image of one name and version into one directory at the same moment, again and again."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.image_store import ImageStore

TRIALS = 30


@pytest.fixture
def pairs(lab, plain, tmp_path):
    """As many pairs of closed sessions with different contents as there are trials."""
    for name in ("one", "two"):
        source = tmp_path / f"{name}.qcow2"
        shutil.copy(plain, source)
        lab.directory = lab.work_dir / name
        lab.do("open", session=name, source=source)
        assert lab.run("dd", "if=/dev/urandom", "of=/content", "bs=1M", "count=3").returncode == 0
        lab.do("closed", session=name)
    return [[copied(lab, name, number) for name in ("one", "two")] for number in range(TRIALS)]


def copied(lab, name, number):
    """A closed session once more, under another name."""
    directory = lab.work_dir / f"{name}-{number}"
    shutil.copytree(lab.work_dir / name, directory)
    journal = json.loads((directory / "journal.json").read_text())
    (directory / "journal.json").write_text(json.dumps({**journal, "overlays": [str(directory / "overlay.qcow2")]}))
    return directory.name


def test_both_are_right_or_one_is_refused(lab, pairs, plain):
    for number, pair in enumerate(pairs):
        lab.dest = lab.place / f"golden-{number}"
        running = [lab.start("promoted", session=name, name="web") for name in pair]
        results = [lab.result(process) for process in running]
        promoted = [result["image"] for result in results if "image" in result]
        assert promoted, results
        for image in promoted:
            assert inspection.sha256(image["path"]) == image["sha256"]
        pointed = os.path.realpath(lab.dest / "web.qcow2")
        assert inspection.sha256(pointed) in [image["sha256"] for image in promoted]
        moves = ImageStore(str(lab.dest), "web").history.moves()
        assert [move["sha256"] for move in moves if move["image"] == os.path.basename(pointed)] == [inspection.sha256(pointed)]
        assert len(moves) == len(promoted)
        assert sorted(path.name for path in lab.dest.glob(".*")) == [".lock"]
        shutil.rmtree(lab.dest)
    for name in ("one", "two"):
        lab.do("discarded", session=name)
    lab.assert_clean(plain, inspection.sha256(plain))
