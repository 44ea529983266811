# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a site requires of the agents on a host, as result records: are they present, are they configured, do they hold secrets?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.agents.credentials import readable_by_all
from ansible_collections.hygeia.golden.plugins.module_utils.agents.detect import CLASSES, DetectedAgent
from ansible_collections.hygeia.golden.plugins.module_utils.agents.entries import Agent
from ansible_collections.hygeia.golden.plugins.module_utils.agents.machines import is_one_of
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import Record

# What of a requirement is about the configuration, with the fact of an agent that answers it.
DEMANDS = ("destination", "encrypted", "recovery_point_hours", "retention_days", "signatures_days")
_MOST_NAMED = 5
_BEST_FIRST = (result.PASS, result.NOT_CHECKED, result.FAIL)


# One agent, or one of a class, that a site wants on its hosts, and what it demands of it.
Need = Mapping[str, Any]


@dataclass
class Verdict:
    """What was expected and observed of one demand or more; the sentences say what to do."""

    status: str = result.PASS
    expected: dict[str, Any] = field(default_factory=dict)
    observed: dict[str, Any] = field(default_factory=dict)
    sentences: list[str] = field(default_factory=list)
    places: list[str] = field(default_factory=list)

    def add(self, other: Verdict, prefix: str = "") -> None:
        self.status = result.worst([self.status, other.status])
        self.expected.update({f"{prefix}{name}": value for name, value in other.expected.items()})
        self.observed.update({f"{prefix}{name}": value for name, value in other.observed.items()})
        self.sentences += other.sentences
        self.places += other.places


def evaluated(agents: Sequence[Agent], found: list[DetectedAgent], required: Sequence[Need], stage: str, now: float) -> list[Record]:
    """The records of all classes that are required or that have an agent here."""
    records = []
    by_id = {agent["id"]: agent for agent in agents}
    for name in CLASSES:
        its = [need for need in required if _class(need, by_id) == name]
        here = [each for each in found if each.agent["class"] == name]
        if its:
            records.append(_record(name, "present", [(need, _present(need, by_id, agents, here)) for need in its], stage))
        demanding = [need for need in its if any(need.get(demand) for demand in DEMANDS) and _candidates(need, here)]
        if demanding:
            records.append(
                _record(name, "configured", [(need, _configured(need, _candidates(need, here), stage, now)) for need in demanding], stage)
            )
        if here:
            records.append(_credentials(name, here, stage))
    return records


def _class(need: Need, by_id: Mapping[str, Agent]) -> str:
    return need.get("class") or by_id[need["product"]]["class"]


def _candidates(need: Need, here: list[DetectedAgent]) -> list[DetectedAgent]:
    return [each for each in here if not need.get("product") or each.agent["id"] == need["product"]]


def _name(need: Need) -> str:
    return need.get("product") or f"any {need['class'].replace('_', ' ')} agent"


def _record(name: str, level: str, verdicts: list[tuple[Need, Verdict]], stage: str) -> Record:
    whole = Verdict()
    for need, verdict in verdicts:
        whole.add(verdict, f"{_name(need)}: ")
    places = ", ".join(dict.fromkeys(filter(None, whole.places)))
    message = "; ".join(dict.fromkeys(whole.sentences))
    return result.record(f"agents-{name.replace('_', '-')}-{level}", whole.status, stage, whole.expected, whole.observed, places, message)


# -- present ----------------------------------------------------------------------------------


def _present(need: Need, by_id: Mapping[str, Agent], agents: Sequence[Agent], here: list[DetectedAgent]) -> Verdict:
    candidates = _candidates(need, here)
    if not candidates:
        what = by_id[need["product"]]["title"] if need.get("product") else f"no {need['class'].replace('_', ' ')} agent"
        choice = (
            "" if need.get("product") else f", such as {_some([agent['title'] for agent in agents if agent['class'] == need['class']], 4)}"
        )
        sentence = f"{what} is {'not ' if need.get('product') else ''}installed: install {'it' if need.get('product') else 'one'}{choice}"
        return Verdict(result.FAIL, {"agent": "present"}, {"agent": "absent"}, [sentence])
    return _best([_starts(each) for each in candidates])


def _best(verdicts: list[Verdict]) -> Verdict:
    """Of several agents one is enough: the one that fits best speaks, and when all fail, all do."""
    status = next(status for status in _BEST_FIRST if any(each.status == status for each in verdicts))
    best = [each for each in verdicts if each.status == status]
    if status != result.FAIL:
        return best[0]
    whole = Verdict(status)
    for each in best:
        whole.add(each)
    return whole


def _starts(each: DetectedAgent) -> Verdict:
    seen = f"{each.title} ({each.evidence}{f', {each.unit} {each.state.value or each.state.status}' if each.unit else ''})"
    verdict = Verdict(each.starts, {"agent": "present"}, {"agent": seen}, [], [each.state.read_from])
    if each.starts == result.NOT_CHECKED:
        verdict.sentences.append(f"{each.title} is installed, but {each.state.message}")
    elif each.starts == result.FAIL:
        verdict.sentences.append(f"{each.title} is installed, but {_cure(each)}")
    return verdict


def _cure(each: DetectedAgent) -> str:
    unit, state = each.unit, each.state.value
    if state == "masked":
        return f"{unit} is masked, so it cannot start: run systemctl unmask {unit} and systemctl enable --now {unit}"
    if state == "disabled":
        return f"{unit} is disabled, so it does not start by itself: run systemctl enable --now {unit}"
    if state == "not installed":
        return f"there is no unit {unit}, so it does not start by itself: install its service"
    return f"{each.state.message or f'{unit} is {state}'}: run systemctl status {unit} and start it"


# -- configured -------------------------------------------------------------------------------


def _configured(need: Need, candidates: list[DetectedAgent], stage: str, now: float) -> Verdict:
    starting = [each for each in candidates if each.starts == result.PASS] or candidates
    return _best([_fits(need, each, stage, now) for each in starting])


def _fits(need: Need, each: DetectedAgent, stage: str, now: float) -> Verdict:
    whole = Verdict(places=[entry.path for entry in each.configuration.entries[:1]])
    for sentence in each.configuration.problems:
        whole.add(Verdict(result.NOT_CHECKED, sentences=[f"{each.title}: {sentence}"]))
    for demand in (demand for demand in DEMANDS if need.get(demand)):
        fact, evaluate = _EVALUATORS[demand]
        verdict = evaluate(each, need[demand], stage, now)
        if verdict is None:
            unread = each.unread(fact)
            # What is not read may stand in what was not understood.
            status = result.NOT_CHECKED if unread or each.configuration.problems else result.FAIL
            verdict = Verdict(status, {fact: need[demand]}, {fact: None}, [f"{each.title}: {unread or _MISSING[fact]}"])
        whole.add(verdict)
    return whole


def _destination(each: DetectedAgent, wanted: list[str], unused_stage: str, unused_now: float) -> Verdict | None:
    ways = each.facts.ways()
    if not ways:
        return None
    observed = sorted({way.destination for way in ways})
    wrong = [way for way in ways if not is_one_of(way.destination, wanted)]
    sentences = [
        f"{each.title} sends to {way.destination} ({way.place}), which is none of {', '.join(wanted)}: correct it there" for way in wrong
    ]
    return _verdict(not wrong, {"destination": wanted}, {"destination": observed}, sentences, [way.place for way in wrong or ways])


def _encrypted(each: DetectedAgent, unused_wanted: bool, unused_stage: str, unused_now: float) -> Verdict | None:
    ways = each.facts.ways()
    if not ways or (each.unread("encrypted") and any(way.encrypted is None for way in ways)):
        return None
    plain = [way for way in ways if not way.encrypted]
    sentences = [f"{each.title} sends to {way.destination} without encryption ({way.place}): turn it on there" for way in plain]
    return _verdict(not plain, {"encrypted": True}, {"encrypted": not plain}, sentences, [way.place for way in plain])


def _recovery_point(each: DetectedAgent, wanted: int, stage: str, now: float) -> Verdict | None:
    fact = each.facts.schedule()
    if fact is None:
        return None
    sentences = []
    if fact.value > wanted:
        sentences.append(
            f"{each.title} may run only every {fact.value:g} hours ({fact.place}), and {wanted} are allowed: let it run more often"
        )
    observed = {"hours between backups": fact.value}
    last = each.facts.last_success() if stage == "live" else None
    if last and now - last.value > wanted * 3600:
        observed["hours since the last success"] = round((now - last.value) / 3600, 1)
        ago = f"{observed['hours since the last success']:g} hours ago"
        sentences.append(f"{each.title} last succeeded {ago} ({last.place}): look at journalctl -u {last.place}")
    return _verdict(not sentences, {"hours between backups": wanted}, observed, sentences, [fact.place])


def _retention(each: DetectedAgent, wanted: int, unused_stage: str, unused_now: float) -> Verdict | None:
    fact = each.facts.retention()
    if fact is None:
        return None
    days = fact.value / 24
    sentence = f"{each.title} keeps copies for {days:g} days ({fact.place}), and {wanted} are asked for: keep more of them"
    return _verdict(days >= wanted, {"days kept": wanted}, {"days kept": round(days, 1)}, [sentence], [fact.place])


def _signatures(each: DetectedAgent, wanted: int, stage: str, now: float) -> Verdict | None:
    fact = each.facts.signatures(now)
    if fact is None and stage != "live" and each.agent.get("signatures"):
        sentence = f"{each.title} has no signatures that can be dated yet: look at the running host"
        return Verdict(result.NOT_CHECKED, {"days since signatures": wanted}, {}, [sentence])
    if fact is None:
        return None
    age = round(fact.value, 1)
    verdict = _verdict(
        fact.value <= wanted,
        {"days since signatures": wanted},
        {"days since signatures": age},
        [f"{each.title} has signatures that are {age:g} days old ({fact.place}), and {wanted} are allowed: let it update them"],
        [fact.place],
    )
    if verdict.status == result.FAIL and stage != "live":
        verdict.status = result.NOT_CHECKED
        verdict.sentences = [
            f"{each.title} has signatures that are {age:g} days old; it renews them where it runs: look at the running host"
        ]
    return verdict


def _verdict(right: bool, expected: dict[str, Any], observed: dict[str, Any], sentences: list[str], places: list[str]) -> Verdict:
    return Verdict(result.PASS if right else result.FAIL, expected, observed, [] if right else sentences, places)


# For each demand the fact that answers it and how it is evaluated.
_EVALUATORS: dict[str, tuple[str, Callable[[DetectedAgent, Any, str, float], Verdict | None]]] = {
    "destination": ("destination", _destination),
    "encrypted": ("encrypted", _encrypted),
    "recovery_point_hours": ("schedule", _recovery_point),
    "retention_days": ("retention", _retention),
    "signatures_days": ("signatures", _signatures),
}
_MISSING = {
    "destination": "its configuration names no other machine to send to: name the site's there",
    "encrypted": "its configuration names no way to another machine that could be encrypted: name the site's there",
    "schedule": "nothing starts it by itself: write a timer or a line of cron that does",
    "retention": "its configuration does not say how long copies are kept: say it there",
    "signatures": "it has no signatures that can be dated: let it fetch them",
}


# -- credentials ------------------------------------------------------------------------------


def _credentials(name: str, here: list[DetectedAgent], stage: str) -> Record:
    """A secret in a template is everybody's; on a running host it may not be open to everybody."""
    control = f"agents-{name.replace('_', '-')}-credentials"
    problems = [f"{each.title}: {sentence}" for each in here for sentence in each.configuration.problems]
    sentences, observed = list(problems), {}
    for each in here:
        found = each.credentials if stage != "live" else readable_by_all(each.credentials, each.host)
        if found:
            observed[each.agent["id"]] = [str(credential) for credential in found]
            where = _some([str(credential) for credential in found], _MOST_NAMED)
            sentences.append(
                f"{each.title} has credentials in this template ({where}): take them out, and give each machine its own when it is made"
                if stage != "live"
                else f"everybody on this host may read credentials of {each.title} ({where}): take that away from others with chmod o-r"
            )
    status = result.FAIL if observed else result.NOT_CHECKED if problems else result.PASS
    expected: dict[str, list[str]] = {each.agent["id"]: [] for each in here}
    places = list(dict.fromkeys(entry.path for each in here for entry in each.configuration.entries))
    return result.record(control, status, stage, expected, {**expected, **observed}, _some(places, _MOST_NAMED), "; ".join(sentences))


def _some(names: list[str], most: int) -> str:
    return ", ".join(names if len(names) <= most else [*names[:most], f"and {len(names) - most} more"])
