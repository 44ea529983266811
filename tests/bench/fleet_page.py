# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Print what the page of all hosts costs: a store of 10,000 made-up hosts, 500 controls and 30 days, read and written as fleet.html."""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from datetime import date
from pathlib import Path

import simulated
from ansible_collections.hygeia.golden.plugins.action.fleet import TEMPLATE
from ansible_collections.hygeia.golden.plugins.plugin_utils.fleet import page, tables
from ansible_collections.hygeia.golden.plugins.plugin_utils.fleet.figures import Limits, figures
from ansible_collections.hygeia.golden.plugins.plugin_utils.store import compaction, engine, reading

TODAY = "2026-11-30"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--controls", type=int, default=500)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--store", type=Path, help="a store that exists already, or a directory to make it in and leave it")
    parser.add_argument("--page", type=Path, help="where to leave the page")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-fleet-") as scratch:
        store = options.store or Path(scratch) / "store"
        print(f"load of the machine: {', '.join(f'{load:.1f}' for load in os.getloadavg())}; {os.cpu_count()} cores")
        if not store.exists():
            measured(
                "making the store, which is no part of it",
                lambda: simulated.make(store, options.hosts, options.controls, options.days, date.fromisoformat(TODAY)),
            )
        found = measured("reading the store", lambda: read(store))
        text, others = measured("rendering the page and its tables", lambda: (page.rendered(found, TEMPLATE), tables.tables(found)))
    print(f"{len(found['hosts'])} hosts; the page has {len(text) / 1e6:.1f} MB, the tables {sum(map(len, others.values())) / 1e6:.1f} MB")
    print(f"memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")
    if options.page:
        options.page.write_text(text, encoding="utf-8")


def read(store):
    with compaction.held(str(store)), engine.connected() as database:
        limits = Limits(TODAY)
        reading.attached(database, str(store), limits.before(limits.forget))
        (rows,) = database.execute("SELECT count(*) FROM records").fetchone()
        print(f"{rows / 1e6:.1f} million records")
        return {**figures(database, limits), "title": "Fleet", "made": f"{TODAY}T12:00:00Z"}


def measured(name, action):
    before, began = os.times(), time.monotonic()
    answer = action()
    after = os.times()
    print(
        f"{name:62}{time.monotonic() - began:8.2f} s, {after.user + after.system - before.user - before.system:.2f} s of processors",
        flush=True,
    )
    return answer


if __name__ == "__main__":
    main()
