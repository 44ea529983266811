# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The graph of groups: on a circle in the order in which they move, with a chord for what one asks of another."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.concerns import READINESS
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.dependencies import BETWEEN

_LARGE = {"width": 1000, "height": 760, "radius": 250}
# So few groups have room for names that stand upright, on a picture that a phone shows whole.
_FEW = 14
_SMALL = {"width": 640, "height": 420, "radius": 150}
# The groups with most dependencies are drawn, and the widest chords between them.
MOST_GROUPS, MOST_CHORDS = 48, 240
_LONGEST_NAME = 24


def picture(plan: Mapping[str, Any]) -> dict[str, Any] | None:
    """None where no group depends on another one."""
    pairs: Counter[tuple[str, str]] = Counter()
    for edge in plan["edges"]:
        if edge["sort"] == BETWEEN:
            pairs[edge["source"], edge["destination"]] += edge["count"]
    degree: Counter[str] = Counter(name for pair in pairs for name in pair)
    if not degree:
        return None
    chosen = set(sorted(degree, key=lambda name: (-degree[name], name))[:MOST_GROUPS])
    groups = [group for group in plan["groups"] if group["name"] in chosen]
    groups.sort(key=lambda group: (group["wave"] is None, group["wave"] or 0, group["name"]))
    states = {machine["id"]: machine["readiness"] for machine in plan["machines"]}
    few = len(groups) <= _FEW
    frame = _SMALL if few else _LARGE
    nodes = {group["name"]: _node(group, at, len(groups), states, frame, few) for at, group in enumerate(groups)}
    shown = sorted((pair for pair in pairs if set(pair) <= chosen), key=lambda pair: (-pairs[pair], pair))[:MOST_CHORDS]
    return {
        **frame,
        "few": few,
        "nodes": list(nodes.values()),
        "chords": [_chord(nodes[source], nodes[destination], pairs[source, destination], frame) for source, destination in shown],
        "left_out": len(degree) - len(chosen),
    }


def _node(group: Mapping[str, Any], at: int, count: int, states: Mapping[str, str], frame: Mapping[str, int], few: bool) -> dict[str, Any]:
    angle = 2 * math.pi * at / count - math.pi / 2
    x, y = math.cos(angle), math.sin(angle)
    size = round(min(15.0, 4 + 1.6 * len(group["machines"]) ** 0.5), 1)
    worst = min((states[name] for name in group["machines"]), key=READINESS.index)
    left, middle = x < -0.001, abs(x) < 0.001
    label = group["name"] if len(group["name"]) <= _LONGEST_NAME else group["name"][: _LONGEST_NAME - 1] + "…"
    # On the left half a name is turned round, so that nobody has to stand on their head.
    turn = 0.0 if few else math.degrees(angle) + (180 if left else 0)
    far = frame["radius"] + size + 8
    return {
        "name": group["name"],
        "label": label,
        "wave": group["wave"],
        "x": round(frame["width"] / 2 + frame["radius"] * x, 1),
        "y": round(frame["height"] / 2 + frame["radius"] * y, 1),
        "text_x": round(frame["width"] / 2 + far * x, 1),
        "text_y": round(frame["height"] / 2 + far * y, 1),
        "turn": round(turn, 1),
        "anchor": "middle" if few and middle else "end" if left else "start",
        "size": size,
        "tier_1": group["tier"] == 1,
        "readiness": worst,
        "full": f"{group['name']}: {len(group['machines'])} machines, tier {group['tier'] or 'unknown'}, "
        f"{'wave ' + str(group['wave']) if group['wave'] else 'in no wave'}, {worst}",
    }


def _chord(source: Mapping[str, Any], destination: Mapping[str, Any], count: int, frame: Mapping[str, int]) -> dict[str, Any]:
    """A curve that bends to the middle."""
    bend = [
        round((source[axis] + destination[axis]) / 2 * 0.3 + frame[side] / 2 * 0.7, 1) for axis, side in (("x", "width"), ("y", "height"))
    ]
    return {
        "path": f"M{source['x']} {source['y']} Q{bend[0]} {bend[1]} {destination['x']} {destination['y']}",
        "stroke": round(min(4.0, 0.8 + math.log10(count + 1)), 1),
        "same_wave": source["wave"] == destination["wave"] and source["wave"] is not None,
        "full": f"{source['name']} asks {destination['name']}: {count} connections",
    }
