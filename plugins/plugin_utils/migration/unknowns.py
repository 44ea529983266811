# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What nobody knows yet, gathered from all parts of a plan: each with how many machines, some of them, and who can find out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.inventory.notes import CONFLICT, GUESS, SOURCE
from ansible_collections.hygeia.golden.plugins.plugin_utils.migration.not_one_to_one import ASK

# So many are named; plan.json has the rest in its other parts.
_NAMED = 8


def unknowns(
    inventory: Mapping[str, Any],
    depends: Mapping[str, Any],
    found: Mapping[str, Any],
    when: Mapping[str, Any],
    hosts: Mapping[str, Any],
    advice: Mapping[str, Any],
    unplaced: Sequence[str],
) -> list[dict[str, Any]]:
    """The largest gaps first."""
    labels = {machine["id"]: machine["label"] for machine in inventory["machines"]}
    measured = {name for name, series in inventory["samples"].items() if series}
    by_records = {
        sort: [
            record["control"][len(sort) :]
            for record in inventory["records"]
            if record["control"].startswith(sort) and record["status"] != "pass"
        ]
        for sort in (CONFLICT, GUESS, SOURCE)
    }

    def without(field: str) -> list[str]:
        return [machine["id"] for machine in inventory["machines"] if not machine[field]]

    rows = [
        ("What it talks to", depends["silent"], "Observe connections for a month, nights included."),
        ("Which application it belongs to", without("application"), "Ask for it in the CMDB."),
        ("Who owns it", without("owner"), "Ask for it in the CMDB; nobody else can accept downtime."),
        ("How much care depends on it", without("tier"), "Agree on the clinical tier with those who give the care."),
        ("Its load", [name for name in labels if name not in measured], "Collect samples of a month; until then the configuration counts."),
        ("Its processors or memory", [name for each in hosts["clusters"] for name in each["unsized"]], "Look in the platform."),
        ("Whether it is still needed", [row["machine"] for row in advice["advice"] if row["advice"] == ASK], "Ask the owner; it is off."),
        ("Where its flows belong", list(unplaced), "Add its addresses to the CMDB."),
        ("Whether two sources can both be right", by_records[CONFLICT], "Correct one of them; the records name both values."),
        ("Whether a guess is right", by_records[GUESS], "Look at the records of the plan."),
        ("How old a source is", by_records[SOURCE], "Give the day of its export."),
        *(
            (f"Whether this holds: {each['title']}", _of_concern(found, each["id"]), "Read it from the platform, or say it under assume.")
            for each in found["concerns"]
            if each["unknown"]
        ),
    ]
    known = [
        {
            "what": what,
            "count": len(set(names)),
            "examples": [labels.get(name, name) for name in sorted(set(names))[:_NAMED]],
            "remedy": remedy,
        }
        for what, names, remedy in rows
        if names
    ]
    if hosts["assumed_host"]:
        known.append({"what": "Which hosts will be bought", "count": 1, "examples": [], "remedy": "Name one under sizing, host."})
    if not when["waves"]:
        known.append({"what": "When anything can move", "count": 1, "examples": [], "remedy": "See the reasons of what is not scheduled."})
    return sorted(known, key=lambda row: (-int(str(row["count"])), str(row["what"])))


def _of_concern(found: Mapping[str, Any], concern: str) -> list[str]:
    return [name for name, states in found["machines"].items() if concern in states["unknown"]]
