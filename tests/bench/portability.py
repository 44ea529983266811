# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What portability_info costs beyond opening a template: all platforms of the collection, with its own guest agents.

python tests/bench/portability.py TEMPLATE
"""

from __future__ import annotations

import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

from ansible_collections.hygeia.golden.plugins.module_utils.image.session.life_cycle import Session
from ansible_collections.hygeia.golden.plugins.modules import portability_info
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue

TIMES = 5


def measure(template, scratch):
    """The seconds of one call, and those that processors spent on it; the platforms, and the results of all of them."""
    catalogue = Catalogue()
    directory = str(scratch / "portability")
    params = {
        "platforms": list(catalogue.platforms.values()),
        "agents": [agent for agent in catalogue.agents.values() if agent["class"] == "guest_tools"],
        "session": directory,
        "root": None,
        "stage": None,
    }
    session = Session(directory)
    session.open(str(template.resolve()))
    try:
        costs, results = zip(*(timed(params) for unused_turn in range(TIMES)))
    finally:
        session.discard()
    return [statistics.median(each) for each in zip(*costs)], len(params["platforms"]), len(results[0])


def timed(params):
    began, before = time.monotonic(), spent()
    results = portability_info.found(params)["results"]
    return (time.monotonic() - began, spent() - before), results


def spent():
    """The seconds of processors that this process and the programs that it waited for have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def line(figures):
    (seconds, processors), platforms, results = figures
    return (
        f"portability_info, {results} results for {platforms} platforms, beyond opening: {seconds:.2f} s, {processors:.2f} s of processors"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bench-") as place:
        print(line(measure(Path(sys.argv[1]), Path(place))))
