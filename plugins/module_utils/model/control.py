# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The part of a control that travels to a host."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import STAGES
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS

# A wanted value as a site's YAML gives it; each kind says what it takes.
Value = Any
# The expected values of one kind, by the names of its settings.
Settings = Mapping[str, Value]

# For the argument_spec of every module that takes controls.
CONTROLS_SPEC = {
    "type": "list",
    "elements": "dict",
    "required": True,
    "options": {
        "id": {"type": "str", "required": True},
        "settings": {"type": "dict", "required": True},
        "variants": {"type": "dict", "default": {}},
        "applies_to": {"type": "dict", "default": {}},
        "stages": {"type": "list", "elements": "str", "choices": list(STAGES), "default": list(STAGES)},
    },
}


class Packages(Protocol):
    """What knows which packages a system has."""

    def installed(self, name: str) -> bool:
        """Is a package there?"""


class System(Protocol):
    """What a control asks of a host, to see whether it applies there."""

    @property
    def systems(self) -> Sequence[str]:
        """What it may be called, the most exact name first."""

    @property
    def os_release(self) -> Mapping[str, str]:
        """What os-release(5) says."""

    @property
    def packages(self) -> Packages:
        """What is installed."""

    @property
    def container(self) -> bool:
        """Does it share its kernel with another?"""


@dataclass(frozen=True)
class Control:
    """``settings`` maps a kind to ``{name: value}``; ``applies_to`` says on which hosts it means anything.

    ``variants`` maps a system to the kinds that differ there.
    """

    id: str
    settings: Mapping[str, Settings]
    applies_to: Mapping[str, Any] = field(default_factory=dict)
    stages: tuple[str, ...] = STAGES
    variants: Mapping[str, Mapping[str, Settings]] = field(default_factory=dict)

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Control:
        given: dict[str, Any] = {name: data.get(name) or {} for name in ("applies_to", "variants")}
        return cls(data["id"], data["settings"], stages=tuple(data.get("stages") or STAGES), **given)

    def on(self, systems: Sequence[str]) -> Control:
        """This control as it is on a system that goes by these names, the most exact first."""
        variant = next((self.variants[name] for name in systems if name in self.variants), None)
        if variant is None:
            return self
        settings = {kind: values for kind, values in {**self.settings, **variant}.items() if values}
        return replace(self, settings=settings, variants={})

    def fitted(self, host: System) -> Control:
        """This control as it is on a host, which is asked what it is only when that matters."""
        return self.on(host.systems) if self.variants else self

    def meant_for(self, systems: Sequence[str]) -> bool:
        """Is a system that goes by these names among those that the control is for?"""
        wanted = each(self.applies_to.get("os"))
        return not wanted or any(name in systems for name in wanted)

    def excludes(self, other: Control) -> bool:
        """Is this for systems without a package that the other one is for?"""
        return bool(set(each(self.applies_to.get("without"))) & set(each(other.applies_to.get("package"))))

    def irrelevant(self, host: System) -> str:
        """Why this control does not apply to a host, in one sentence; else an empty string."""
        if self.applies_to.get("os") and not self.meant_for(host.systems):
            return f"meant for {' and '.join(each(self.applies_to['os']))}, not for {host.os_release.get('ID', 'linux')}"
        for package in each(self.applies_to.get("package")):
            if not any(host.packages.installed(choice) for choice in choices(package)):
                return f"{' or '.join(choices(package))} is not installed"
        there = next((package for package in each(self.applies_to.get("without")) if host.packages.installed(package)), None)
        if there:
            return f"{there} is installed"
        if self.applies_to.get("kernel") == "own" and host.container:
            return "a container has no kernel of its own"
        return ""


def each(value: Iterable[str] | None) -> list[str]:
    """A name or a list of names, as a list."""
    return [] if value is None else [value] if isinstance(value, str) else list(value)


def choices(name: str) -> list[str]:
    """The packages of ``a | b``, as a dependency writes them, the preferred one first."""
    return [choice.strip(BLANKS) for choice in name.split("|")]
