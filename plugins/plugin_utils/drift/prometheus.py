# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The drift of a machine as metrics, in the text format that the textfile collector of node_exporter reads.

See https://prometheus.io/docs/instrumenting/exposition_formats/.
"""

from __future__ import annotations

import calendar
import time
from collections import Counter
from collections.abc import Iterable, Sequence

from ansible_collections.hygeia.golden.plugins.plugin_utils.drift.classes import CLASSES
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift.state import EVENTS, Event, State
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import SEVERITIES

_METRICS = {
    "hygeia_drift_compared": "Whether the last run compared the machine with its image.",
    "hygeia_drift_compared_timestamp_seconds": "When the machine was last compared with its image.",
    "hygeia_drift_differences": "Differences between the machine and its image.",
    "hygeia_drift_transitions": "Transitions in the last run.",
}
_ESCAPED = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})


def text(host: str, state: State, events: Sequence[Event]) -> str:
    counts = Counter((each.name, each.severity, each.status) for each in state.seen)
    # Every class is there, since a series that comes and goes makes no alert.
    every = {(name, severity, "fail") for name in CLASSES for severity in SEVERITIES} | counts.keys()
    transitions = Counter(event["event"] for event in events)
    values: dict[str, list[tuple[dict[str, str], int]]] = {
        "hygeia_drift_compared": [({}, int(state.answers))],
        "hygeia_drift_compared_timestamp_seconds": [({}, _seconds(state.compared))] if state.compared else [],
        "hygeia_drift_differences": [
            ({"class": name, "severity": severity, "status": status}, counts[name, severity, status])
            for name, severity, status in sorted(every)
        ],
        "hygeia_drift_transitions": [({"event": event}, transitions[event]) for event in EVENTS],
    }
    return "".join(_metric(name, host, samples) for name, samples in values.items())


def _metric(name: str, host: str, samples: Iterable[tuple[dict[str, str], int]]) -> str:
    lines = [f"# HELP {name} {_METRICS[name]}", f"# TYPE {name} gauge"]
    for labels, value in samples:
        shown = ",".join(f'{label}="{content.translate(_ESCAPED)}"' for label, content in {"host": host, **labels}.items())
        lines.append(f"{name}{{{shown}}} {value}")
    return "".join(f"{line}\n" for line in lines)


def _seconds(moment: str) -> int:
    return calendar.timegm(time.strptime(moment, "%Y-%m-%dT%H:%M:%SZ"))
