# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Kinds that are made up, so that the engine is tested and no software's format."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.kinds import KINDS
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import IN_USE, LOCKOUT, Change, Kind, Observation, Plan, Refusal
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting


class Note(Kind):
    """Settings that are files of one line in ``/notes``; it counts how often it looks."""

    name = "note"
    looks = 0
    reloads = 0
    asked = []

    def absent(self):
        return "there are no notes here" if self.host.exists("/no-notes") else ""

    def plan(self, wanted, partial=False):
        for name, value in wanted.items():
            if value == "unspeakable":
                raise BadSetting(f"{name} cannot be {value}")
        if "explode" in wanted.values():
            raise RuntimeError("the notes are on fire")
        plan = Plan()
        for name, value in wanted.items():
            if value == "harm":
                plan.refusals.append(Refusal(frozenset([name]), f"{name} would do harm"))
            else:
                plan.changes += self.install(f"/notes/{name}", self.plain(value), [name])
        gone = [] if partial else [path for path in self.host.glob("/notes/*") if path.rpartition("/")[2] not in wanted]
        plan.changes += [change for path in gone for change in self.uninstall(path, [])]
        for name in wanted:
            if name == "stuck":
                plan.changes.append(Change("/notes/stuck", "", "x", frozenset([name]), self._fail))
        return plan

    def refusals(self, due):
        type(self).asked.append(sorted(due))
        for name in due:
            if name in ("used", "door"):
                yield Refusal(frozenset([name]), f"{name} is in use", {"used": IN_USE, "door": LOCKOUT}[name])

    @staticmethod
    def _fail():
        raise OSError("No space left on device")

    def reload(self, changes):
        type(self).reloads += 1
        if any("unloadable" in change.names for change in changes):
            raise RuntimeError("the reader did not take it")

    def observe(self, wanted):
        type(self).looks += 1
        for name, value in wanted.items():
            if value == "unspeakable":
                raise BadSetting(f"{name} cannot be {value}")
            if value == "explode":
                raise RuntimeError("the notes are on fire")
        return {
            name: Observation(self.host.read(f"/notes/{name}"), f"/notes/{name}", f"{name} was read")
            for name in wanted
            if name != "ignored"
        }

    def satisfies(self, name, wanted, value):
        if name == "shapeless":
            raise TypeError("a list is not a number")
        return super().satisfies(name, wanted, value)


class Installer(Kind):
    """Installs packages, in name alone."""

    name = "installer"

    def plan(self, wanted, partial=False):
        missing = [name for name in wanted if not self.host.packages.installed(name)]
        for name in missing:
            self.host.packages.plan(name, True)
        return Plan([Change(name, "", "installed", frozenset([name]), lambda: None) for name in missing])


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    real = dict(KINDS)
    KINDS.clear()
    KINDS.update({kind.name: kind for kind in (Installer, Note)})
    monkeypatch.setattr(Note, "looks", 0)
    monkeypatch.setattr(Note, "reloads", 0)
    monkeypatch.setattr(Note, "asked", [])
    yield {"note": Note, "installer": Installer}
    KINDS.clear()
    KINDS.update(real)  # in their order
