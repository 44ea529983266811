# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The policy: frameworks, controls, checks, profiles and waivers from the collection and from a site's own directories."""

from __future__ import annotations

import copy
import fnmatch
import os
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from ansible_collections.hygeia.golden.plugins.module_utils.manifest.selection import FILES, NOTHING, RIGHTS
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control, Settings, each
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import STAGES
from ansible_collections.hygeia.golden.plugins.module_utils.util import patterns
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import checks, parsed, residue_rules, schema, vetoes
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.areas import area_of
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.derivation import derive
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry, PolicyError, sentences
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.families import LINUX, family_of
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.loader import Loader, unknown_kinds
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.spelling import suggestion
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import SEVERITIES

BASELINE = os.path.normpath(os.path.join(os.path.dirname(__file__), "../../../roles/baseline/files"))

# What os-release of a system says it is like, for systems that controls name.
LIKE = {"ubuntu": ("debian",)}
# The control that removes from a template what agents are enrolled by.
ENROLMENTS = "seal-agent-enrolments"

Result = TypeVar("Result")


class Catalogue:
    """Everything that the directories say; a later directory adds to the earlier ones and replaces nothing.

    The collection's own directory comes first. It is checked with ``strict``,
    when the collection is tested, a site's directories each time they are read.
    What is wrong raises PolicyError, or is kept in ``problems`` when the
    catalogue is ``lenient``.
    """

    def __init__(self, directories: Sequence[str] = (), baseline: str = BASELINE, strict: bool = False, lenient: bool = False) -> None:
        self.frameworks: dict[str, Entry] = {}
        self.controls: dict[str, Entry] = {}
        self.checks: dict[str, Entry] = {}
        self.agents: dict[str, Entry] = {}
        self.platforms: dict[str, Entry] = {}
        self.tenants: dict[str, Entry] = {}
        # The rules of the residue scan, each of which is a check too.
        self.residue: dict[str, Entry] = {}
        # What is compared of a running machine with its image, and what may differ.
        self.drift: dict[str, Entry] = {}
        self.profiles: dict[str, Entry] = {}
        self.waivers: list[Entry] = []
        self.problems: list[str] = []
        self._places: dict[tuple[str, str], str] = {}
        self._waiver_places: list[str] = []
        self._loader = Loader(self.problems)
        self._add(baseline, check=strict)
        parsed.keep()
        self._ours = frozenset([*self.controls, *self.checks, *self.profiles])
        self._our_frameworks = frozenset(self.frameworks)
        for directory in directories:
            self._try(self._add, os.path.abspath(os.path.expanduser(directory)), True)
        for name in self.residue.keys() - self._ours:
            self.residue[name]["limited"] = "patterns" in self.residue[name]
        self.problems += [*self._bad_kinds(strict), *self._bad_references(strict), *self._bad_vetoes(), *self._bad_shares()]
        self.problems += self._bad_rules(strict)
        derive(self.frameworks, [*self.controls.values(), *self.checks.values()])
        for profile in self.profiles:
            if strict or profile not in self._ours:
                self._try(self.resolve, profile)
        self.problems = sentences(self.problems)
        if self.problems and not lenient:
            raise PolicyError(*self.problems)

    # -- reading ------------------------------------------------------------

    def _add(self, directory: str, check: bool) -> None:
        add = {
            "frameworks": self._framework,
            "controls": self._control,
            "checks": self._check,
            "agents": self._agent,
            "platforms": self._platform,
            "tenants": self._tenant,
            "residue": self._rule,
            "drift": self._drift_rule,
            "profiles": self._profile,
            "waivers": self._waiver,
        }
        for section, entry, place in self._loader.entries(directory, check):
            add[section](entry, place)

    def _try(self, function: Callable[..., Result], *arguments: Any) -> Result | None:
        """What a function returns; what it finds wrong is kept for the end."""
        try:
            return function(*arguments)
        except PolicyError as problem:
            self.problems += str(problem).splitlines()
            return None

    def _unique(self, section: str, identifier: str, place: str) -> bool:
        """Is this the first of its id? If not, say where the other one is."""
        first = self._places.setdefault((section, identifier), place)
        if first != place:
            self.problems.append(f"{place}: {section} {identifier} is in {first} too; give one of them another id.")
        return first == place

    def _framework(self, framework: Entry, place: str) -> None:
        framework = {"pattern": "", "citations": {}, **framework}
        if self._unique("framework", framework["id"], place):
            self.frameworks[framework["id"]] = framework

    def _control(self, control: Entry, place: str) -> None:
        if not self._unique("control", control["id"], place):
            return
        self.controls[control["id"]] = {"applies_to": {}, "variants": {}, "stages": list(STAGES), **control, "area": area_of(control["id"])}

    def _check(self, check: Entry, place: str) -> None:
        """An id that ends in an asterisk stands for many; none of them may be a control."""
        if not self._unique("check", check["id"], place):
            return
        for name in fnmatch.filter(self.controls, check["id"]):
            self.problems.append(f"{place}: check {check['id']}: {name} is a control; give the check another id.")
        self.checks[check["id"]] = check

    def _agent(self, agent: Entry, place: str) -> None:
        if self._unique("agent", agent["id"], place):
            self.agents[agent["id"]] = agent
            self._seal(agent)

    def _seal(self, agent: Entry) -> None:
        """What an agent is enrolled by is for a control of sealing to remove."""
        control = self.controls.get(ENROLMENTS)
        if control and agent.get("identity"):
            files = {path: {"state": state} for path, state in agent["identity"].items()}
            control["settings"] = {**control["settings"], "file": {**control["settings"].get("file", {}), **files}}

    def _platform(self, platform: Entry, place: str) -> None:
        if self._unique("platform", platform["id"], place):
            self.platforms[platform["id"]] = platform

    def _tenant(self, tenant: Entry, place: str) -> None:
        if self._unique("tenant", tenant["id"], place):
            self.tenants[tenant["id"]] = {"hypervisors": ["*"], "administrators": [], "shares": [], **tenant}

    def _rule(self, rule: Entry, place: str) -> None:
        """A rule of the residue scan is a check; the patterns of a site run with a limit."""
        self._check({name: rule[name] for name in residue_rules.OF_CHECK}, place)
        if self._places["check", rule["id"]] == place:
            self.residue[rule["id"]] = {**rule, "limited": False}

    def _drift_rule(self, rule: Entry, place: str) -> None:
        if not self._unique("drift", rule["id"], place):
            return
        here = f"{place}: rule {rule['id']}"
        if ("compare" in rule) == ("class" in rule):
            self.problems.append(f"{here}: write either compare, for what is not compared, or class, for what may differ.")
        elif "compare" in rule and (alone := [name for name in ("change", "until", "hosts") if name in rule]):
            self.problems.append(f"{here}: {alone[0]} is for a rule with class; leave it out.")
        elif rule.get("compare") == RIGHTS and set(rule["items"]) != {FILES}:
            self.problems.append(f"{here}: only {FILES} have rights; write compare: {NOTHING}.")
        self.drift[rule["id"]] = rule

    def _profile(self, profile: Entry, place: str) -> None:
        """A profile chooses among the controls of its own directory and of those before it."""
        profile = {"extends": "", "controls": [], "remove": [], "set": {}, "serves": [], **profile}
        if self._unique("profile", profile["id"], place):
            self.profiles[profile["id"]] = {**profile, "among": list(self.controls)}

    def _waiver(self, waiver: Entry, place: str) -> None:
        self.problems += self.add_waivers([waiver], [place])

    def add_waivers(self, waivers: Sequence[Entry], places: Sequence[str]) -> list[str]:
        """Add waivers; the errors are those for a control or check that does not exist."""
        self.waivers += waivers
        self._waiver_places += places
        return [
            f"{place}: waiver {name}: there is no such control; {suggestion(name, [*self.controls, *self.checks])}."
            for place, name in zip(places, (waiver["control"] for waiver in waivers))
            if name not in self.controls
            and checks.matching(self.checks, name) is None
            and not any(self._loader.may_define(section, name) for section in ("controls", "checks"))
        ] + [
            f"{place}: waiver {waiver['control']}: path and hash are those of a find of the residue scan; leave them out."
            for place, waiver in zip(places, waivers)
            if "path" in waiver and waiver["control"] in {*self.controls, *self.checks} - self.residue.keys()
        ]

    def add_waivers_of_play(self, waivers: Sequence[Entry]) -> None:
        """Waivers from the inventory are held to the same rules as those from a file."""
        if waivers:
            problems = schema.problems(waivers, "waivers", _place_in_play) or self.add_waivers(
                waivers, [_place_in_play(index) for index in range(len(waivers))]
            )
            if problems:
                raise PolicyError(*problems)

    def _bad_kinds(self, strict: bool) -> Iterator[str]:
        for control in self.controls.values():
            if strict or control["id"] not in self._ours:
                yield from unknown_kinds(control, self._places["control", control["id"]])

    def _bad_references(self, strict: bool) -> Iterator[str]:
        every = [("control", control) for control in self.controls.values()] + [("check", check) for check in self.checks.values()]
        cited = [(section, control) for section, control in every if strict or control["id"] not in self._ours]
        matching = self._matching_citations(control["references"] for unused_section, control in cited)
        for section, control in cited:
            here = f"{self._places[section, control['id']]}: {section} {control['id']}: references"
            for name, citations in control["references"].items():
                if name in self.frameworks:
                    ours = control["references"].get("nist_800_53", [])
                    yield from (
                        f"{here}: {name}: {problem}" for problem in _bad_citations(self.frameworks[name], citations, ours, matching[name])
                    )
                elif not self._loader.may_define("frameworks", name):
                    yield f"{here}: there is no framework {name}; {suggestion(name, self.frameworks)}."

    def _matching_citations(self, references: Iterable[Mapping[str, Sequence[str]]]) -> dict[str, set[str]]:
        """For each framework those of all citations that its pattern takes; a site's pattern may be one that never ends."""
        asked: dict[str, set[str]] = {}
        for name, citations in (entry for each_of in references for entry in each_of.items()):
            asked.setdefault(name, set()).update(citations)
        found = {}
        for name, cited in asked.items():
            pattern = self.frameworks.get(name, {}).get("pattern")
            if pattern and name in self._our_frameworks:
                found[name] = {citation for citation in cited if re.match(pattern, citation)}
            else:
                found[name] = self._try(self._taken, name, pattern, sorted(cited)) or set() if pattern else set()
        return found

    def _taken(self, name: str, pattern: str, citations: Sequence[str]) -> set[str]:
        try:
            return {citation for citation, taken in zip(citations, patterns.found(pattern, citations, "match")) if taken}
        except patterns.BadPattern as problem:
            raise PolicyError(f"{self._places['framework', name]}: pattern {problem}.") from problem

    def _bad_vetoes(self) -> Iterator[str]:
        """Vetoes of controls that there are not."""
        for platform in self.platforms.values():
            here = f"{self._places['platform', platform['id']]}: platform {platform['id']}: vetoes"
            for name in platform.get("vetoes", {}):
                if name not in self.controls and not self._loader.may_define("controls", name):
                    yield f"{here}: there is no control {name}; {suggestion(name, self.controls)}."

    def _bad_shares(self) -> Iterator[str]:
        """What a tenant shares with itself, or with tenants that there are not."""
        for tenant in self.tenants.values():
            here = f"{self._places['tenant', tenant['id']]}: tenant {tenant['id']}: shares"
            for name in (name for share in tenant["shares"] for name in share["with"]):
                others = [other for other in self.tenants if other != tenant["id"]]
                if name == tenant["id"]:
                    yield f"{here}: with: {name} is this tenant itself; name the other one."
                elif name not in self.tenants and not self._loader.may_define("tenants", name):
                    yield f"{here}: with: there is no tenant {name}; {suggestion(name, others)}."

    def _bad_rules(self, strict: bool) -> Iterator[str]:
        """Rules of the residue scan that do not find their own examples."""
        for rule in (rule for name, rule in self.residue.items() if strict or name not in self._ours):
            yield from (f"{self._places['check', rule['id']]}: rule {rule['id']}: {problem}." for problem in residue_rules.problems(rule))

    # -- choosing -----------------------------------------------------------

    def resolve(
        self,
        profile: str,
        remove: Sequence[str] = (),
        values: dict[str, Any] | None = None,
        add: Sequence[str] = (),
        platforms: Sequence[str] = (),
        family: str = LINUX,
    ) -> list[Entry]:
        """The controls of a profile, with the values it sets, and those that the site adds, less those it removes, with its values.

        They are those for a ``family`` of systems. None of them may take from one of the ``platforms`` what that needs.
        """
        site = {
            "id": "",
            "extends": profile,
            "controls": list(add),
            "remove": list(remove),
            "set": values or {},
            "serves": [],
            "among": list(self.controls),
        }
        problems: list[str] = []
        chosen = self._chosen(site, (), problems)
        controls = [chosen[name] for name in self.controls if name in chosen and family_of(chosen[name]) == family]
        conflicts = [*self._conflicts(controls), *vetoes.conflicts(controls, self.chosen_platforms(platforms), self._places)]
        problems = problems or [f"profile {profile}: {problem}" for problem in conflicts]
        if problems:
            raise PolicyError(*problems)
        return controls

    def chosen_platforms(self, names: Sequence[str]) -> list[Entry]:
        """The platforms of these names."""
        unknown = [name for name in names if name not in self.platforms]
        if unknown:
            raise PolicyError(f"there is no platform {unknown[0]}; {suggestion(unknown[0], self.platforms)}.")
        return [self.platforms[name] for name in names]

    def chosen_rules(self, section: str, names: Sequence[str]) -> list[Entry]:
        """The rules of these names, or all of them, of the section ``residue`` or ``drift``."""
        rules: dict[str, Entry] = getattr(self, section)
        unknown = [name for name in names if name not in rules]
        if unknown:
            raise PolicyError(f"there is no rule {unknown[0]}; known are {', '.join(rules)}")
        return [rule for name, rule in rules.items() if not names or name in names]

    def _chosen(self, profile: Entry, descendants: tuple[str, ...], problems: list[str]) -> dict[str, Entry]:
        """The controls of a profile by their ids; what is wrong with it is added to the problems."""
        here = self._profile_place(profile)
        chain = (*descendants, profile["id"])
        if profile["id"] in descendants:
            problems.append(f"{here}: it extends itself ({' extends '.join(name for name in chain if name)}); break the circle.")
            return {}
        parent = profile["extends"]
        if parent and parent not in self.profiles and not self._loader.may_define("profiles", parent):
            problems.append(f"{here}: there is no profile {parent}; {suggestion(parent, self.profiles)}.")
        chosen = self._chosen(self.profiles[parent], chain, problems) if parent in self.profiles else {}
        problems += [
            f"{here}: serves: there is no framework {name}; {suggestion(name, self.frameworks)}."
            for name in profile["serves"]
            if name not in self.frameworks and not self._loader.may_define("frameworks", name)
        ]
        added = self._matching(profile["controls"], profile["among"], f"{here}: controls", problems)
        chosen = {**{name: self.controls[name] for name in added if self._wanted(name, profile)}, **chosen}
        for name in self._matching(profile["remove"], chosen, f"{here}: remove", problems):
            del chosen[name]
        for name, settings in profile["set"].items():
            if name in chosen:
                chosen[name] = _adjusted(chosen[name], settings, f"{here}: set: {name}", problems)
            elif not self._loader.may_define("controls", name):
                problems.append(f"{here}: set: {name}: {self._lacking(name, profile)}.")
        return chosen

    def _lacking(self, name: str, profile: Entry) -> str:
        """Why a value cannot be set, and what to do."""
        if name not in self.controls:
            return f"there is no such control; {suggestion(name, self.controls)}"
        how = "under controls" if profile["id"] else "with baseline_add"
        return f"the profile has no such control; add it {how} or leave it out here"

    def _matching(self, globs: Sequence[str], names: Collection[str], here: str, problems: list[str]) -> list[str]:
        """The names that any of the globs means; one that means none is a mistake."""
        found = {}
        for pattern in globs:
            matching = fnmatch.filter(names, pattern)
            if not matching and not self._loader.may_define("controls", pattern):
                problems.append(f"{here}: {pattern} means no control there; {suggestion(pattern, names)}.")
            found.update(dict.fromkeys(matching))
        return list(found)

    def _wanted(self, name: str, profile: Entry) -> bool:
        """Does a control that a pattern means pass the profile's level, severity and frameworks? A name in full always does."""
        control = self.controls[name]
        return name in profile["controls"] or (
            control["level"] <= profile.get("level", 2)
            and SEVERITIES.index(control["severity"]) >= SEVERITIES.index(profile.get("severity", "low"))
            and (not profile["serves"] or any(framework in control["references"] for framework in profile["serves"]))
        )

    def _conflicts(self, controls: Sequence[Entry]) -> list[str]:
        """Pairs of controls that can meet on one system and want different values of one setting."""
        loaded = [Control.load(control) for control in controls]
        conflicts = (conflict for systems in _systems(loaded) for conflict in self._conflicts_on(systems, loaded))
        return list(dict.fromkeys(conflicts))

    def _conflicts_on(self, systems: Sequence[str], controls: list[Control]) -> Iterator[str]:
        owners: dict[tuple[str, str], tuple[Control, Any]] = {}
        for control in (control.on(systems) for control in controls if control.meant_for(systems)):
            for kind, values in control.settings.items():
                for name, value in values.items():
                    other, theirs = owners.setdefault((kind, name), (control, value))
                    if theirs != value and not (control.excludes(other) or other.excludes(control)):
                        yield (
                            f"controls {self._located(other.id)} and {self._located(control.id)} want different values of {kind}: {name} "
                            f"({theirs} and {value}); remove one or set one."
                        )

    def _located(self, control: str) -> str:
        return f"{control} ({self._places['control', control]})"

    def _profile_place(self, profile: Entry) -> str:
        """The subject of a message about a profile; without an id it is what the play's variables ask for."""
        name = profile["id"]
        return f"{self._places['profile', name]}: profile {name}" if name else "the variables of the play"

    # -- the site's part ------------------------------------------------------

    def unused(self) -> list[str]:
        """The site's controls that no profile chooses, so that nobody would ever look at them."""
        used = {name for profile in self.profiles.values() for name in self._chosen(profile, (), [])}
        return [name for name in self.controls if name not in used and name not in self._ours]

    def expired(self, today: str) -> list[tuple[str, dict[str, str]]]:
        """The waivers that ended before a day, each with its place."""
        return [(place, waiver) for place, waiver in zip(self._waiver_places, self.waivers) if waiver["until"] < today]

    def wanted_by_site(self) -> Iterator[tuple[str, str, str, int | str | dict[str, str]]]:
        """Every setting that the site's own controls and profiles write down, as (where, kind, name, value)."""
        for control in (self.controls[name] for name in self.controls if name not in self._ours):
            where = f"{self._places['control', control['id']]}: control {control['id']}"
            yield from (entry for settings in _faces(control) for entry in _entries(where, settings))
        for profile in (self.profiles[name] for name in self.profiles if name not in self._ours):
            for identifier, settings in profile["set"].items():
                yield from _entries(f"{self._profile_place(profile)}: set: {identifier}", settings)


def _place_in_play(index: int | None = None) -> str:
    return "the waivers of the play" if index is None else f"the waivers of the play, number {index + 1}"


def _leads(ours: Sequence[str], through: Sequence[str] | None) -> bool:
    """Is one of the NIST controls, or an enhancement of one, among ours? A citation that names none is free."""
    return not through or any(one == other or one.startswith(f"{other}(") for one in ours for other in through)


def _bad_citations(framework: Entry, citations: Sequence[str], ours: Sequence[str], matching: set[str]) -> Iterator[str]:
    """What is wrong with citations of a control that cites ``ours`` of NIST SP 800-53; ``matching`` are those that the pattern takes."""
    for citation in citations:
        entry = framework["citations"].get(citation, {})
        if entry.get("out_of_reach"):
            yield f"{citation} is out of reach of a system ({entry['out_of_reach']}); leave it out."
        elif not entry and citation not in matching:
            yield f"{citation} is not a citation of {framework['title']}; {suggestion(citation, framework['citations'])}."
        elif not _leads(ours, entry.get("through")):
            yield f"{citation} takes one of {', '.join(entry['through'])} under nist_800_53; cite one that fits, or leave it out."


def _adjusted(control: Entry, settings: Settings, where: str, problems: list[str]) -> Entry:
    """A control with other values for settings that it has."""
    adjusted = copy.deepcopy(control)
    for kind, values in settings.items():
        there = [face[kind] for face in _faces(adjusted) if kind in face]
        for name, value in values.items():
            if not any(name in face for face in there):
                known = [known for face in there for known in face] or adjusted["settings"]
                problems.append(f"{where}: the control has no setting {kind}: {name}; {suggestion(name, known)}.")
            for face in there:
                face.update({name: value} if name in face else {})
    return adjusted


def _faces(control: Entry) -> list[dict[str, dict[str, Any]]]:
    """The settings of a control, and those of each of its variants."""
    return [control["settings"], *control.get("variants", {}).values()]


def _entries(where: str, settings: Settings) -> Iterator[tuple[str, str, str, Any]]:
    return ((where, kind, name, value) for kind, values in settings.items() for name, value in values.items())


def _systems(controls: list[Control]) -> list[Sequence[str]]:
    """Every system that the controls tell apart, by its names as a host would give them; one that none names is there too."""
    named = {name for control in controls for name in [*control.variants, *each(control.applies_to.get("os"))]}
    plain = ((name, name.split("-", maxsplit=1)[0]) for name in sorted(named))
    return [(), *(list(dict.fromkeys([*names, *LIKE.get(names[1], ())])) for names in plain)]
