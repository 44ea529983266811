# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.domains.contention.evaluate import Limits, evaluate
from ansible_collections.hygeia.golden.plugins.module_utils.domains.contention.samples import Window, sample

# As virsh of libvirt 9.0 prints it, shortened.
PRINTED = """\
Domain: 'pacs'
  cpu.time=1000000000
  balloon.current=98304
  balloon.maximum=98304
  balloon.swap_in=8
  vcpu.current=2
  vcpu.0.state=1
  vcpu.0.delay=0
  vcpu.1.delay=0
  block.count=1
  block.0.name=vda
  block.0.rd.reqs=10
  block.0.rd.times=1000000
  block.0.wr.reqs=0
  block.0.wr.times=0

Domain: 'ai-training'
  cpu.time=0
  block.0.rd.reqs=0
  block.0.rd.times=0

"""
CALM = [("cpu.time=1000000000", "cpu.time=2000000000")]
WAITING = [("vcpu.0.delay=0", "vcpu.0.delay=8000000000")]
NOISE = [("cpu.time=0", "cpu.time=9000000000")]
SLOW = [("block.0.rd.reqs=10\n  block.0.rd.times=1000000", "block.0.rd.reqs=20\n  block.0.rd.times=1001000000")]


def records(*changes):
    after = PRINTED
    for old, new in changes:
        assert old in after
        after = after.replace(old, new, 1)
    first, last = sample(PRINTED), sample(after)
    windows = {name: Window(first[name], last[name], 10.0) for name in last}
    return {record["control"]: record for record in evaluate(windows, {"pacs": "1-2-3"}, Limits(5, 20))}


def test_a_guest_that_waits_for_nothing_passes():
    found = records(*CALM)
    assert {name: record["status"] for name, record in found.items()} == {
        "contention-processors-pacs": "pass",
        "contention-memory-pacs": "pass",
        "contention-disks-pacs": "not_applicable",
    }
    assert found["contention-processors-pacs"]["observed"] == {"waited %": 0.0, "used %": 10.0, "seconds": 10.0}


@pytest.mark.parametrize(
    ("aspect", "changes", "sentence"),
    [
        (
            "processors",
            WAITING + NOISE,
            "its processors were ready and waited 40% of the time; ai-training used 90% of a processor meanwhile, the most of all guests: bound it",
        ),
        (
            "processors",
            WAITING,
            "its processors were ready and waited 40% of the time; no other guest used much: look for a program of the host",
        ),
        ("memory", [("current=98304", "current=90000")], "its balloon has taken 8304 KiB of its memory: give it back with virsh setmem"),
        ("memory", [("swap_in=8", "swap_in=4104")], "it read 4096 KiB from its swap: give it more memory"),
        ("disks", SLOW, "a request to its disks took 100 ms on average; no other guest sent more than it did: look at the storage"),
        (
            "disks",
            [*SLOW, ("rd.reqs=0", "rd.reqs=5000")],
            "ai-training sent 5000 requests meanwhile, the most of all guests: bound its disks",
        ),
    ],
)
def test_each_contention_is_found_on_purpose(aspect, changes, sentence):
    found = records(*changes)[f"contention-{aspect}-pacs"]
    assert found["status"] == "fail" and sentence in found["message"], found


def test_what_libvirt_does_not_say_is_not_checked():
    lines = "\n".join(line for line in PRINTED.split("\n") if "delay" not in line and "balloon" not in line)
    window = Window(sample(lines)["pacs"], sample(lines)["pacs"], 10.0)
    statuses = [record["status"] for record in evaluate({"pacs": window}, {"pacs": "1-2-3"}, Limits(5, 20))]
    assert statuses == ["not_checked", "not_checked", "not_applicable"]
