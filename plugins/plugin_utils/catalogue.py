# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The policy: frameworks, controls, checks, profiles and waivers from the collection and from a site's own folders."""

from __future__ import annotations

import copy
import difflib
import fnmatch
import glob
import os
import re

from ansible_collections.hygeia.golden.plugins.module_utils.kinds import KINDS
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control, each
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import STAGES
from ansible_collections.hygeia.golden.plugins.plugin_utils import checks, schema
from ansible_collections.hygeia.golden.plugins.plugin_utils.documents import PolicyError, load
from ansible_collections.hygeia.golden.plugins.plugin_utils.records import SEVERITIES

BASELINE = os.path.normpath(os.path.join(os.path.dirname(__file__), "../../roles/baseline/files"))

# What os-release of a system says it is like, for systems that controls name.
LIKE = {"ubuntu": ("debian",)}


class Catalogue:
    """Everything that the folders say; a later folder adds to the earlier ones and replaces nothing.

    The collection's own folder comes first. It is checked with ``strict``,
    when the collection is tested, a site's folders each time they are read.
    What is wrong raises PolicyError, or is kept in ``problems`` when the
    catalogue is ``lenient``.
    """

    def __init__(self, folders=(), baseline=BASELINE, strict=False, lenient=False):
        self.frameworks = {}
        self.controls = {}
        self.checks = {}
        self.agents = {}
        self.profiles = {}
        self.waivers = []
        self.problems = []
        self._places = {}
        self._waiver_places = []
        self._read(baseline, check=strict)
        self._ours = frozenset([*self.controls, *self.checks, *self.profiles])
        for folder in folders:
            self._try(self._read, os.path.abspath(os.path.expanduser(folder)), True)
        self.problems += self._bad_references()
        for profile in self.profiles:
            if strict or profile not in self._ours:
                self._try(self.resolve, profile)
        if self.problems and not lenient:
            raise PolicyError(*self.problems)

    # -- reading ------------------------------------------------------------

    def _read(self, folder, check):
        if not os.path.isdir(folder):
            raise PolicyError(f"{folder} is no folder; a policy is a folder with controls, checks, agents, profiles, waivers or frameworks in it.")
        for document in self._documents(folder, "frameworks", "framework", check):
            self._framework(document)
        for document in self._documents(folder, "controls", "controls", check):
            for index, control in enumerate(document.data):
                self._control(control, document, index)
        for document in self._documents(folder, "checks", "checks", check):
            for index, entry in enumerate(document.data):
                self._check(entry, document.place(index))
        for document in self._documents(folder, "agents", "agents", check):
            for index, agent in enumerate(document.data):
                if self._unique("agent", agent["id"], document.place(index)):
                    self.agents[agent["id"]] = agent
        for document in self._documents(folder, "profiles", "profile", check):
            self._profile(document)
        for document in self._documents(folder, "waivers", "waivers", check):
            self.problems += self.add_waivers(document.data, document.place)

    def _documents(self, folder, section, name, check):
        """The files of one section that can be used; what is wrong with the others is kept for the end."""
        for path in sorted(glob.glob(os.path.join(glob.escape(folder), section, "*.y*ml"))):
            document = self._try(load, path)
            problems = document and check and schema.complaints(document.data, name, document.place)
            self.problems += problems or []
            if document and not problems:
                yield document

    def _try(self, function, *arguments):
        try:
            return function(*arguments)
        except PolicyError as problem:
            self.problems += str(problem).splitlines()
            return None

    def _unique(self, section, identifier, place):
        """Is this the first of its id? If not, say where the other one is."""
        first = self._places.setdefault((section, identifier), place)
        if first != place:
            self.problems.append(f"{place}: {section} {identifier} is in {first} too; give one of them another id.")
        return first == place

    def _framework(self, document):
        framework = {"pattern": "", "citations": {}, **document.data}
        if self._unique("framework", framework["id"], document.place()):
            self.frameworks[framework["id"]] = framework

    def _control(self, control, document, index):
        place = document.place(index)
        if not self._unique("control", control["id"], place):
            return
        for kind in (kind for settings in _faces(control) for kind in settings):
            if kind not in KINDS:
                self.problems.append(f"{place}: control {control['id']}: there is no kind {kind}; {_known(kind, KINDS)}.")
        area = control["id"].split("-", maxsplit=1)[0]
        self.controls[control["id"]] = {"applies_to": {}, "variants": {}, "stages": list(STAGES), **control, "area": area}

    def _check(self, check, place):
        """An id that ends in an asterisk stands for many; none of them may be a control."""
        if not self._unique("check", check["id"], place):
            return
        for name in fnmatch.filter(self.controls, check["id"]):
            self.problems.append(f"{place}: check {check['id']}: {name} is a control; give the check another id.")
        self.checks[check["id"]] = check

    def _profile(self, document):
        """A profile chooses among the controls of its own folder and of those before it."""
        profile = {"extends": "", "controls": [], "remove": [], "set": {}, "serves": [], **document.data}
        if self._unique("profile", profile["id"], document.place()):
            self.profiles[profile["id"]] = {**profile, "among": list(self.controls)}

    def add_waivers(self, waivers, place):
        """Take waivers over; complain of those for a control or check that there is not."""
        self.waivers += waivers
        self._waiver_places += [place(index) for index in range(len(waivers))]
        return [
            f"{place(index)}: waiver {name}: there is no such control; {_known(name, [*self.controls, *self.checks])}."
            for index, name in enumerate(waiver["control"] for waiver in waivers)
            if name not in self.controls and checks.meant(self.checks, name) is None
        ]

    def add_waivers_of_play(self, waivers):
        """Waivers from the inventory are held to the same rules as those from a file."""
        if waivers:
            problems = schema.complaints(waivers, "waivers", _place_in_play) or self.add_waivers(waivers, _place_in_play)
            if problems:
                raise PolicyError(*problems)

    def _bad_references(self):
        cited = [("control", control) for control in self.controls.values()] + [("check", check) for check in self.checks.values()]
        for section, control in cited:
            here = f"{self._places[section, control['id']]}: {section} {control['id']}: references"
            for name, citations in control["references"].items():
                if name not in self.frameworks:
                    yield f"{here}: there is no framework {name}; {_known(name, self.frameworks)}."
                    continue
                ours = control["references"].get("nist_800_53", [])
                yield from (f"{here}: {name}: {problem}" for problem in self._bad_citations(self.frameworks[name], citations, ours))

    @staticmethod
    def _bad_citations(framework, citations, ours):
        """What is wrong with citations of a control that cites ``ours`` of NIST SP 800-53."""
        for citation in citations:
            entry = framework["citations"].get(citation, {})
            if entry.get("out_of_reach"):
                yield f"{citation} is out of reach of a system ({entry['out_of_reach']}); leave it out."
            elif not entry and not (framework["pattern"] and re.match(framework["pattern"], citation)):
                yield f"{citation} is no citation of {framework['title']}; {_known(citation, framework['citations'])}."
            elif not _leads(ours, entry.get("through")):
                yield f"{citation} takes one of {', '.join(entry['through'])} under nist_800_53; cite one that fits, or leave it out."

    # -- choosing -----------------------------------------------------------

    def resolve(self, profile, remove=(), values=None):
        """The controls of a profile, with the values it sets, less those that the site removes and with its values."""
        site = {"id": "", "extends": profile, "controls": [], "remove": list(remove), "set": values or {}, "serves": [], "among": []}
        chosen = self._chosen(site, ())
        controls = [chosen[name] for name in self.controls if name in chosen]
        problems = _conflicts(controls)
        if problems:
            raise PolicyError(*(f"profile {profile}: {problem}" for problem in problems))
        return controls

    def _chosen(self, profile, descendants):
        here = self._profile_place(profile)
        chain = (*descendants, profile["id"])
        if profile["id"] in descendants:
            raise PolicyError(f"{here}: it extends itself ({' extends '.join(name for name in chain if name)}); break the circle.")
        parent = profile["extends"]
        if parent and parent not in self.profiles:
            raise PolicyError(f"{here}: there is no profile {parent}; {_known(parent, self.profiles)}.")
        chosen = self._chosen(self.profiles[parent], chain) if parent else {}
        added = _matching(profile["controls"], profile["among"], here, "controls")
        chosen = {**{name: self.controls[name] for name in added if self._wanted(name, profile, here)}, **chosen}
        for name in _matching(profile["remove"], chosen, here, "remove"):
            del chosen[name]
        for name, settings in profile["set"].items():
            chosen[name] = _adjusted(chosen.get(name), name, settings, here)
        return chosen

    def _wanted(self, name, profile, here):
        """Does a control that a pattern means pass the profile's level, severity and frameworks? A name in full always does."""
        for framework in profile["serves"]:
            if framework not in self.frameworks:
                raise PolicyError(f"{here}: serves: there is no framework {framework}; {_known(framework, self.frameworks)}.")
        control = self.controls[name]
        return name in profile["controls"] or (
            control["level"] <= profile.get("level", 2)
            and SEVERITIES.index(control["severity"]) >= SEVERITIES.index(profile.get("severity", "low"))
            and (not profile["serves"] or any(framework in control["references"] for framework in profile["serves"]))
        )

    def _profile_place(self, profile):
        """The subject of a message about a profile; without an id it is what the play's variables ask for."""
        name = profile["id"]
        return f"{self._places['profile', name]}: profile {name}" if name else "the variables of the play"

    # -- the site's part ------------------------------------------------------

    def unused(self):
        """The site's controls that no profile chooses, so that nobody would ever look at them."""
        used = {name for profile in self.profiles.values() for name in self._try(self._chosen, profile, ()) or ()}
        return [name for name in self.controls if name not in used and name not in self._ours]

    def expired(self, today):
        """The waivers that ended before a day, each with its place."""
        return [(place, waiver) for place, waiver in zip(self._waiver_places, self.waivers) if waiver["until"] < today]

    def wanted_by_site(self):
        """Every setting that the site's own controls and profiles write down, as (where, kind, name, value)."""
        for control in (self.controls[name] for name in self.controls if name not in self._ours):
            where = f"{self._places['control', control['id']]}: control {control['id']}"
            yield from (entry for settings in _faces(control) for entry in _entries(where, settings))
        for profile in (self.profiles[name] for name in self.profiles if name not in self._ours):
            for identifier, settings in profile["set"].items():
                yield from _entries(f"{self._profile_place(profile)}: set: {identifier}", settings)


def _place_in_play(index):
    return "the waivers of the play" if index is None else f"the waivers of the play, number {index + 1}"


def _leads(ours, through):
    """Is one of the NIST controls, or an enhancement of one, among ours? A citation that names none is free."""
    return not through or any(one == other or one.startswith(f"{other}(") for one in ours for other in through)


def _matching(globs, names, here, field):
    """The names that any of the globs means; one that means none is a mistake."""
    found = {}
    for pattern in globs:
        meant = fnmatch.filter(names, pattern)
        if not meant:
            raise PolicyError(f"{here}: {field}: {pattern} means no control there; {_known(pattern, names)}.")
        found.update(dict.fromkeys(meant))
    return list(found)


def _adjusted(control, identifier, settings, here):
    """A control with other values for settings that it has."""
    where = f"{here}: set: {identifier}"
    if control is None:
        raise PolicyError(f"{where}: the profile has no such control; add it under controls or leave it out here.")
    adjusted = copy.deepcopy(control)
    for kind, values in settings.items():
        there = [face[kind] for face in _faces(adjusted) if kind in face]
        for name, value in values.items():
            if not any(name in face for face in there):
                known = [known for face in there for known in face] or adjusted["settings"]
                raise PolicyError(f"{where}: the control has no setting {kind}: {name}; {_known(name, known)}.")
            for face in there:
                face.update({name: value} if name in face else {})
    return adjusted


def _faces(control):
    """The settings of a control, and those of each of its variants."""
    return [control["settings"], *control.get("variants", {}).values()]


def _entries(where, settings):
    return ((where, kind, name, value) for kind, values in settings.items() for name, value in values.items())


def _conflicts(controls):
    """Pairs of controls that can meet on one system and want different values of one setting."""
    loaded = [Control.load(control) for control in controls]
    told = (conflict for systems in _systems(loaded) for conflict in _conflicts_on(systems, loaded))
    return list(dict.fromkeys(told))


def _conflicts_on(systems, controls):
    owners = {}
    for control in (control.on(systems) for control in controls if control.meant_for(systems)):
        for kind, values in control.settings.items():
            for name, value in values.items():
                other, theirs = owners.setdefault((kind, name), (control.id, value))
                if theirs != value:
                    yield (
                        f"controls {other} and {control.id} want different values of {kind}: {name} "
                        f"({theirs} and {value}); remove one or set one."
                    )


def _systems(controls):
    """Every system that the controls tell apart, by its names as a host would give them; one that none names is there too."""
    named = {name for control in controls for name in [*control.variants, *each(control.applies_to.get("os"))]}
    plain = ((name, name.split("-", maxsplit=1)[0]) for name in sorted(named))
    return [(), *(list(dict.fromkeys([*names, *LIKE.get(names[1], ())])) for names in plain)]


def _known(name, names):
    """The end of a sentence about a name that is not there."""
    close = difflib.get_close_matches(str(name), list(names), 1)
    if close:
        return f"did you mean {close[0]}"
    return f"known are {', '.join(names)}" if 0 < len(names) <= 20 else "check its spelling"
