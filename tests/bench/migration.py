# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Print what planning 5,000 machines with 100,000 flows takes: figures to read, nothing is asserted."""

from __future__ import annotations

import json
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from ansible_collections.hygeia.golden.plugins.action.migration_plan import TEMPLATE
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration import export, page, plan, policy
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.read import inventory

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
import migration_files

MACHINES, FLOWS = 5_000, 100_000


def written(directory, names):
    """Flows of shared services and of applications, and a sheet of the site that lacks every fiftieth machine."""
    chance = random.Random(1)
    with open(directory / "flows.csv", "w", encoding="utf-8") as stream:
        stream.write("source,destination,protocol,port,count\n")
        for at in range(FLOWS):
            source, other = chance.randrange(len(names)), chance.randrange(len(names))
            destination, port = [(source // 5 * 5 + other % 5, 5432), (other % 10, 53), (10 + other % 4, 389), (other // 5 * 5, 443)][
                at % 4
            ]
            stream.write(f"{names[source]},{names[destination]},tcp,{port},{1 + at % 9}\n")
    with open(directory / "applications.csv", "w", encoding="utf-8") as stream:
        stream.write("Server,Application,Owner,Clinical tier\n")
        stream.writelines(
            f"{name},App {at // 5:04},Team {at % 17},{2 + at // 5 % 3 if at // 5 % 11 else 1}\n"
            for at, name in enumerate(names)
            if at % 50 != 7
        )


def main():
    """Each part with the processor time that it takes."""
    with tempfile.TemporaryDirectory() as scratch:
        directory = Path(scratch)
        machines = migration_files.many(MACHINES)
        book = migration_files.rvtools(directory / "all.xlsx", machines)
        written(directory, [name for name, *_rest in machines])
        today = migration_files.TODAY
        sources = [
            {"kind": "rvtools", "path": book},
            {"kind": "cmdb", "path": str(directory / "applications.csv"), "exported": today},
            {"kind": "flows", "path": str(directory / "flows.csv"), "exported": today},
        ]
        started = time.process_time()
        known = inventory(sources, today)
        read = time.process_time()
        made = plan.plan(known, policy.read(None))
        planned = time.process_time()
        text = page.rendered(made, TEMPLATE)
        files = [json.dumps(made, indent=1), export.waves_csv(made), export.aws_csv(made), export.azure_csv(made)]
        ended = time.process_time()
    print(f"{MACHINES} machines, {FLOWS} flows: read {read - started:.1f} s, plan {planned - read:.1f} s, write {ended - planned:.1f} s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"page {len(text) >> 10} KiB, plan {len(files[0]) >> 20} MiB, memory {peak} MiB, {len(made['waves'])} waves")


if __name__ == "__main__":
    main()
