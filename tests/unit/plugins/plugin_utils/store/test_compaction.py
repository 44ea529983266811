# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files of days that are over are merged, and a merge that is killed loses and doubles nothing."""

from __future__ import annotations

import os

import duckdb
import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.store import compaction, engine, parquet


def compacted(site):
    with compaction.held(str(site.store)), engine.connected(threads=1) as database:
        return compaction.compacted(database, str(site.store), "2026-11-30")


def rows(site, kind="records"):
    return sorted(
        duckdb.read_parquet(str(site.store / f"v1/kind={kind}/*/*.parquet"))
        .select("host", "control" if kind == "records" else "run")
        .fetchall()
    )


@pytest.fixture
def fleet(site, record):
    for day in (27, 28, 29, 30):
        for host in "abc":
            site.run(host, f"2026-11-{day}T08:00:00Z", record("a-b"), record("a-c"))
    return site


def test_days_that_are_over_have_one_file_with_the_same_rows(fleet):
    before = rows(fleet)
    assert compacted(fleet) == 2 * 2 * 3
    assert rows(fleet) == before
    counts = {path.name: len(list(path.iterdir())) for path in sorted((fleet.store / "v1/kind=records").iterdir())}
    assert counts == {"day=2026-11-27": 1, "day=2026-11-28": 1, "day=2026-11-29": 3, "day=2026-11-30": 3}
    assert compacted(fleet) == 0


def test_a_run_that_comes_late_is_merged_too(fleet, record):
    compacted(fleet)
    fleet.run("d", "2026-11-27T09:00:00Z", record("a-b"))
    before = rows(fleet)
    assert compacted(fleet) == 4
    assert rows(fleet) == before


def test_a_run_that_is_written_again_after_a_merge_counts_once(fleet, record):
    compacted(fleet)
    place = fleet.run("a", "2026-11-27T08:00:00Z", record("a-new"), stored=False)
    text = (place / "manifest.json").read_text().replace('"ended": "2026-11-27T08:00:00Z"', '"ended": "2026-11-27T08:05:00Z"')
    (place / "manifest.json").write_text(text)
    fleet.load(place)
    compacted(fleet)
    first = parquet.partition(str(fleet.store), "records", "2026-11-27")
    assert sorted(duckdb.read_parquet(f"{first}/*.parquet").select("host", "control").fetchall()) == [
        ("a", "a-new"), ("b", "a-b"), ("b", "a-c"), ("c", "a-b"), ("c", "a-c"),
    ]  # fmt: skip


@pytest.mark.parametrize("step", ["before the merged file", "after the merged file", "amid the removal"])
def test_a_merge_that_is_killed_is_ended_by_the_next(fleet, step, monkeypatch):
    before, real = rows(fleet), {"copied": compaction.copied, "unlink": os.unlink}
    calls = []

    def killed(*arguments):
        calls.append(arguments)
        if step == "after the merged file":
            real["copied"](*arguments)
        raise KeyboardInterrupt

    def one_more(path, **known):
        if str(path).endswith(".parquet"):
            calls.append(path)
            if len(calls) > 1:
                raise KeyboardInterrupt
        real["unlink"](path, **known)

    monkeypatch.setattr(*((compaction.os, "unlink", one_more) if step == "amid the removal" else (compaction, "copied", killed)))
    with pytest.raises(KeyboardInterrupt):
        compacted(fleet)
    monkeypatch.undo()
    compacted(fleet)
    assert rows(fleet) == before
    assert not list(fleet.store.glob("v1/*/*/.*"))


def test_what_is_no_partition_is_left_alone(fleet):
    stray = fleet.store / "v1/kind=records/day=someday"
    stray.mkdir()
    (stray / "x.parquet").write_text("")
    (fleet.store / "v1/kind=records/README").write_text("")
    compacted(fleet)
    assert (stray / "x.parquet").exists()
