# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is known of a machine's drift from run to run: what is new, goes on, changed again or is resolved, and since when.

A transition is one event, however often a machine is compared. What was not compared makes no transition: a difference in a category that
could not be read goes on, and so does everything on a machine that does not answer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import NOT_CHECKED, Record
from ansible_collections.hygeia.golden.plugins.plugin_utils.drift.records import ALL, check_of

SCHEMA = 1
NEW, CHANGED, RESOLVED, LOST, BACK, IMAGE = "new", "changed", "resolved", "not_compared", "compared_again", "image"
EVENTS = (NEW, CHANGED, RESOLVED, LOST, BACK, IMAGE)
_DIGITS = 32
# More events than that, of runs whose webhook did not answer, are not kept.
_MOST_KEPT = 1000

Event = dict[str, Any]


class BadState(ValueError):
    """A state that is none, with the reason."""


@dataclass
class Seen:
    """A difference as it was last seen."""

    category: str
    item: str
    name: str
    severity: str
    status: str
    digest: str
    first_seen: str
    last_seen: str


@dataclass
class State:
    """One machine: when it was last compared and with which image, what differed then, and events that nobody took yet."""

    compared: str = ""
    answers: bool = True
    image: str = ""
    seen: list[Seen] = field(default_factory=list)
    unsent: list[Event] = field(default_factory=list)


@dataclass(frozen=True)
class Run:
    """One comparison: when, with which image, and why there was none."""

    moment: str
    image: str
    reason: str = ""


def load(text: str | None) -> State:
    """The state of a text; of none, that of a machine which was never compared."""
    if text is None:
        return State()
    try:
        known = json.loads(text)
        if known.pop("schema") != SCHEMA:
            raise BadState(f"it is not of schema {SCHEMA}")
        seen = [Seen(**each) for each in known.pop("seen")]
        return State(seen=seen, **known)
    except (AttributeError, KeyError, TypeError, RecursionError, json.JSONDecodeError) as problem:
        raise BadState("it is damaged") from problem


def dump(state: State) -> str:
    return json.dumps({"schema": SCHEMA, **asdict(state)}, indent=1) + "\n"


def advanced(state: State, records: Sequence[Record], run: Run) -> tuple[State, list[Record], list[Event]]:
    """The state after a run, its records with when each difference was first and last seen, and the events of the transitions."""
    if run.reason:
        events = [_event(LOST, run, message=run.reason)] if state.answers else []
        return State(state.compared, False, state.image, state.seen, state.unsent), list(records), events
    events = [] if state.answers or not state.compared else [_event(BACK, run)]
    if state.image and state.image != run.image:
        events.append(_event(IMAGE, run, was=state.image, now=run.image))
    before = {(each.category, each.item): each for each in state.seen}
    now: dict[tuple[str, str], Seen] = {}
    kept = []
    for entry in records:
        about = entry.get("drift")
        if not about:
            kept.append(entry)
            continue
        key = (about["category"], about["item"])
        seen = _seen(entry, before.get(key), run.moment)
        if key not in before or before[key].digest != seen.digest:
            events.append(_of(CHANGED if key in before else NEW, entry, seen, run))
        now[key] = seen
        kept.append({**entry, "drift": {**about, "first_seen": seen.first_seen, "last_seen": seen.last_seen}})
    looked = _looked(records)
    for key, each in before.items():
        if key in now:
            continue
        if each.category in looked:
            events.append(_event(RESOLVED, run, **_facts(each)))
        else:
            now[key] = each
    return State(run.moment, True, run.image, list(now.values()), state.unsent), kept, events


def unsent(state: State, events: Sequence[Event]) -> State:
    """The state with events that somebody has still to take, the newest of too many."""
    return State(state.compared, state.answers, state.image, state.seen, [*state.unsent, *events][-_MOST_KEPT:])


def _looked(records: Sequence[Record]) -> set[str]:
    """The categories that were compared."""
    statuses: dict[str, set[str]] = {}
    for entry in records:
        statuses.setdefault(entry["control"], set()).add(entry["status"])
    return {name for name in ALL if statuses.get(check_of(name)) and NOT_CHECKED not in statuses[check_of(name)]}


def _seen(entry: Record, before: Seen | None, moment: str) -> Seen:
    about = entry["drift"]
    # The same difference, whoever explains it meanwhile, is the same as long as its value and its status are.
    text = json.dumps([entry["observed"], entry["status"]], sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
    first = before.first_seen if before else moment
    return Seen(about["category"], about["item"], about["class"], entry["severity"], entry["status"], digest, first, moment)


def _facts(seen: Seen) -> dict[str, str]:
    known = asdict(seen)
    return {
        "category": known["category"],
        "item": known["item"],
        "class": known["name"],
        "severity": known["severity"],
        "status": known["status"],
        "first_seen": known["first_seen"],
    }


def _of(event: str, entry: Record, seen: Seen, run: Run) -> Event:
    facts = {**_facts(seen), "explained_by": entry["drift"]["explained_by"], "message": entry["message"]}
    return _event(event, run, **facts, was=entry["expected"], now=entry["observed"])


def _event(event: str, run: Run, **facts: Any) -> Event:
    return {"event": event, "at": run.moment, **facts}


def message(host: str, state: State, events: Sequence[Event], most: int, image: Mapping[str, str]) -> dict[str, Any]:
    """What a webhook is sent: one message for all events of a run, of which at most so many have their words."""
    counts = {name: sum(event["event"] == name for event in events) for name in EVENTS}
    return {
        "schema": SCHEMA,
        "host": host,
        "image": {"id": image.get("id", ""), "version": image.get("version", ""), "sha256": state.image},
        "compared": state.answers,
        "last_compared": state.compared,
        "counts": {**counts, "open": len(state.seen)},
        "events": list(events[:most]),
        "more": max(0, len(events) - most),
    }
