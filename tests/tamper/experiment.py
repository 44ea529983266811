# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tampering with the controls of a hardened tree, round by round, and what each round says of each control."""

from __future__ import annotations

import importlib
from fnmatch import fnmatchcase
from functools import cached_property

from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control, each
from ansible_collections.hygeia.golden.tests.tamper import rounds

# What a control may say before it is tampered with: that it holds, or that what it is about is not there yet.
RIGHT = ("pass", "not_applicable")


class Experiment:
    """``audit(controls, tamper)`` looks at a copy of the tree that ``tamper(root)`` was let at.

    ``systems`` are the names of the tree's system, ``undecided`` maps controls
    that it cannot show to the reason, and ``sees_too`` maps controls to
    patterns of other controls' settings that are theirs to see as well.
    """

    def __init__(self, audit, controls, systems=(), undecided=None, sees_too=None, alone=False):
        self._audit = audit
        self._systems = systems
        self._controls = {control["id"]: Control.load(control).on(systems) for control in controls}
        self._undecided = undecided or {}
        self._sees_too = sees_too or {}
        self._alone = alone
        self._untampered = {}

    def beyond(self, control):
        """Why the tree cannot show that a control is wrong when it is, in one sentence; else an empty string."""
        if control in self._undecided:
            return self._undecided[control]
        if not self._controls[control].meant_for(self._systems):
            return "it is meant for other systems"
        if "offline" not in self._controls[control].stages:
            return "only a running system shows it"
        return "" if self._turns(control) else "a good and a bad system show it"

    def failures(self, control):
        """What is not as it should be with one control, in sentences."""
        before = self._before[control]
        if self.beyond(control):
            return [_sentence("on the hardened tree it", before)] if before["status"] == "error" else []
        found = [_sentence("on the hardened tree it", before)] if before["status"] not in RIGHT else []
        own = {(kind, name) for kind, names in self._settings[control].items() for name in names}
        harmless, dragged = set(), []
        for tampered, records in self._rounds:
            hit = [one for one in tampered if (one.kind, one.name) in own]
            found += [error for one in hit for error in self._missed(one, records[control])]
            if hit or any(map(self._grounds, tampered)):
                continue
            if records[control]["status"] == before["status"]:
                harmless.update(tampered)
            elif not any(self._seen_too(control, one) for one in tampered):
                dragged.append((tampered, records[control]))
        for tampered, record in dragged:
            suspects = [one.label for one in tampered if one not in harmless] or [one.label for one in tampered]
            found.append(_sentence("untouched it", record) + f" when one of these was tampered with: {', '.join(suspects)}")
        return list(dict.fromkeys(found))

    def _missed(self, one, after):
        """What is wrong with the record of a control of which one setting was tampered with."""
        if one in self._untampered:
            yield f"{one.label} could not be tampered with: {self._untampered[one]}"
        elif after["status"] != "fail":
            yield _sentence(f"with {one.label} tampered with it", after)
        elif one.label not in after["expected"]:
            yield f"with {one.label} tampered with it fails for other reasons: {after['message']}"

    def _seen_too(self, control, one):
        return any(fnmatchcase(one.label, pattern) for pattern in self._sees_too.get(control, ()))

    def _grounds(self, one):
        """Is this tampered with in a tree of its own, where others may then not apply?"""
        if one.kind == "package" and not self._needed.intersection(one.name.replace("|", " ").split()):
            return False  # nothing else is about it
        alone = getattr(_tampering(one.kind), "alone", None)
        return bool(alone and alone(one.name, self._wanted(one)))

    @cached_property
    def _needed(self):
        """The packages that controls must have to apply, or whose files they compare."""
        controls = self._controls.values()
        return {
            name for control in controls for name in (*each(control.applies_to.get("package")), *control.settings.get("package_files", ()))
        }

    def _wanted(self, one):
        return self._settings[one.control][one.kind][one.name]

    def _turns(self, control):
        """The settings of a control that can be tampered with in a tree."""
        settings = self._settings[control]
        return [rounds.Tampered(control, kind, name) for kind in settings if hasattr(_tampering(kind), "tamper") for name in settings[kind]]

    @cached_property
    def _before(self):
        return self._audit(list(self._controls.values()))

    @cached_property
    def _settings(self):
        return {name: control.settings for name, control in self._controls.items()}

    @cached_property
    def _rounds(self):
        """The settings that each round tampers with and the records afterwards."""
        turns = {control: self._turns(control) for control in self._settings if not self.beyond(control)}
        grounds = [one for ones in turns.values() for one in ones if self._grounds(one)]
        rest = {control: [one for one in ones if one not in grounds] for control, ones in turns.items()}
        rest = {control: ones for control, ones in rest.items() if ones}
        plan = rounds.alone(rest) if self._alone else rounds.together(rest)
        return [(tampered, self._tamper(tampered)) for tampered in [*plan, *([one] for one in grounds)]]

    def _tamper(self, tampered):
        def tamper(root):
            done = set()
            for one in tampered:
                if (one.kind, one.name) in done:
                    continue
                done.add((one.kind, one.name))
                try:
                    _tampering(one.kind).tamper(root, one.name, self._wanted(one))
                except Exception as problem:  # that of one control is no reason to say nothing about the others
                    self._untampered[one] = repr(problem)

        return self._audit(list(self._controls.values()), tamper)


def _tampering(kind):
    return importlib.import_module(f"ansible_collections.hygeia.golden.tests.tamper.{kind}")


def _sentence(when, record):
    return f"{when} says {record['status']}: {record['message']} {record['observed'] or ''}".strip()
