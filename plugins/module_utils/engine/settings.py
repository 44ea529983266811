# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The settings of all controls, merged and grouped by kind: each kind runs once, however many controls use it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from ansible_collections.hygeia.golden.plugins.module_utils.kinds import KINDS
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control, Value

# The expected values of each kind.
Wanted = Mapping[str, Mapping[str, Value]]


class Conflict(Exception):
    """Two controls that cannot both be satisfied, or a kind that does not exist."""


class Settings:
    """The wanted settings of controls, added one control after the other; ``kinds`` are those that there are, in their order."""

    def __init__(self, controls: Iterable[Control] = (), kinds: Collection[str] = KINDS) -> None:
        self._kinds = kinds
        self._wanted: dict[str, dict[str, Value]] = {}
        self._owners: dict[tuple[str, str], str] = {}
        for control in controls:
            self.add(control)

    def add(self, control: Control) -> None:
        """Take a control's settings in, or raise Conflict and take none of them."""
        for kind, settings in control.settings.items():
            if kind not in self._kinds:
                raise Conflict(f"control {control.id}: there is no kind {kind}; choose one of {', '.join(self._kinds)}")
            known = self._wanted.get(kind, {})
            for name, value in settings.items():
                if name in known and known[name] != value:
                    raise Conflict(f"controls {self._owners[kind, name]} and {control.id} want different values of {kind}: {name}")
        for kind, settings in control.settings.items():
            known = self._wanted.setdefault(kind, {})
            for name, value in settings.items():
                known.setdefault(name, value)
                self._owners.setdefault((kind, name), control.id)

    def by_kind(self) -> Wanted:
        """``{kind: {name: value}}``, in the order in which kinds are enforced."""
        return {kind: self._wanted[kind] for kind in self._kinds if kind in self._wanted}


def by_kind(controls: Iterable[Control], kinds: Collection[str] = KINDS) -> Wanted:
    """The wanted settings of all controls as ``{kind: {name: value}}``, in the order in which kinds are enforced."""
    return Settings(controls, kinds).by_kind()


def compatible(controls: Iterable[Control]) -> list[list[Control]]:
    """The controls in groups without contradiction, for looking: nearly always one group.

    The baseline protects a file that the seal removes; both hold once it is gone.
    """
    groups: list[tuple[list[Control], dict[tuple[str, str], Value]]] = []
    for control in controls:
        settings = {(kind, name): value for kind, values in control.settings.items() for name, value in values.items()}
        fitting = (each for each in groups if all(each[1].get(key, value) == value for key, value in settings.items()))
        group, known = next(fitting, ([], {}))
        if not group:
            groups.append((group, known))
        group.append(control)
        known.update(settings)
    return [group for group, unused_settings in groups]
