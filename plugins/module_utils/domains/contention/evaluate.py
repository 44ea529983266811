# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether guests waited for what their neighbours used: a record for each aspect of each guest, with the neighbour where it is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.domains.contention.samples import Window
from ansible_collections.hygeia.golden.plugins.module_utils.domains.migration.evaluate import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.answer import Answer, judged, unknown, unneeded
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record

_READ_FROM = "virsh domstats, twice"
# A neighbour that uses less than this part of a processor, in percent, is not the reason why another one waits.
_MUCH = 25.0


@dataclass(frozen=True)
class Limits:
    """``wait`` in percent of the window for each processor, ``latency`` in milliseconds for each request to a disk."""

    wait: float
    latency: float


def evaluate(windows: Mapping[str, Window], guests: Mapping[str, str], limits: Limits) -> list[Record]:
    """``guests`` are the UUIDs of those to look at, by their names."""
    records = []
    for name, uuid in guests.items():
        others = {other: window for other, window in windows.items() if other != name}
        answers = {
            "processors": _processors(windows[name], others, limits),
            "memory": _memory(windows[name]),
            "disks": _disks(windows[name], others, limits),
        }
        records += [result(f"contention-{aspect}", name, uuid, answer) for aspect, answer in answers.items()]
    return records


def _processors(window: Window, others: Mapping[str, Window], limits: Limits) -> Answer:
    expected = {"waited %": limits.wait}
    if window.waited is None:
        return unknown("libvirt does not say how long its processors waited (vcpu.N.delay, from libvirt 7.4)", expected)
    observed = {"waited %": window.waited, "used %": window.used, "seconds": round(window.seconds, 1)}
    problems = []
    if window.waited > limits.wait:
        most = max(others, key=lambda name: others[name].used, default="")
        problems.append(f"its processors were ready and waited {window.waited:g}% of the time")
        if most and others[most].used >= _MUCH:
            problems.append(f"{most} used {others[most].used:g}% of a processor meanwhile, the most of all guests: bound it")
        else:
            problems.append("no other guest used much: look for a program of the host, or raise the quota of the guest itself")
    return judged(problems, expected, observed, _READ_FROM)


def _memory(window: Window) -> Answer:
    expected = {"taken KiB": 0, "swapped in KiB": 0}
    if window.taken is None:
        return unknown("libvirt has no figures of its memory", expected)
    observed = {"taken KiB": window.taken, "swapped in KiB": window.swapped}
    problems = [f"its balloon has taken {window.taken} KiB of its memory: give it back with virsh setmem"] if window.taken > 0 else []
    if window.swapped:
        problems.append(f"it read {window.swapped} KiB from its swap: give it more memory")
    return judged(problems, expected, observed, _READ_FROM)


def _disks(window: Window, others: Mapping[str, Window], limits: Limits) -> Answer:
    expected = {"milliseconds": limits.latency}
    if window.latency is None:
        return unneeded("it sent no request to a disk in the window")
    observed = {"milliseconds": window.latency, "requests": window.requests}
    problems = []
    if window.latency > limits.latency:
        problems.append(f"a request to its disks took {window.latency:g} ms on average")
        most = max(others, key=lambda name: others[name].requests, default="")
        if most and others[most].requests > window.requests:
            problems.append(f"{most} sent {others[most].requests} requests meanwhile, the most of all guests: bound its disks")
        else:
            problems.append("no other guest sent more than it did: look at the storage, or at its own limits")
    return judged(problems, expected, observed, _READ_FROM)
