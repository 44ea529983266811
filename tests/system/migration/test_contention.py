# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A noisy neighbour is named, and a bound tames it."""

from __future__ import annotations

import pytest
from guests import define, message, module, start, statuses


@pytest.fixture
def neighbours(hosts, images):
    """Two guests of the first host that compute on one processor, and that nothing else of the machine displaces."""
    (hosts[0].group("cpu") / "cpu.shares").write_text("262144")
    names = ("clinical", "noisy")
    for name in names:
        define(hosts[0], images, name, word="busy")
        start(hosts[0], name)
    yield names
    for name in names:
        hosts[0].virsh("destroy", name)
        hosts[0].virsh("undefine", name)


def test_the_neighbour_that_makes_a_guest_wait_is_named_and_a_bound_tames_it(hosts, neighbours):
    asked = {"guests": ["clinical"], "uri": hosts[0].uri, "seconds": 4, "wait": 30}
    noisy = module("domain_contention_info", **asked)
    assert statuses(noisy)["processors"] == "fail", [record["observed"] for record in noisy["results"]]
    assert "; noisy used " in message(noisy, "processors")
    assert statuses(noisy)["memory"] == "pass"
    assert module("domain_bounds", guest="noisy", uri=hosts[0].uri, processors={"quota": 10000})["changed"]
    tamed = module("domain_contention_info", **asked)
    assert statuses(tamed)["processors"] == "pass", [record["observed"] for record in tamed["results"]]
