# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The part of a control that travels to a host."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import STAGES

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


@dataclass(frozen=True)
class Control:
    """``settings`` maps a kind to ``{name: value}``; ``applies_to`` says on which hosts it means anything.

    ``variants`` maps a system to the kinds that differ there.
    """

    id: str
    settings: dict
    applies_to: dict = field(default_factory=dict)
    stages: tuple = STAGES
    variants: dict = field(default_factory=dict)

    @classmethod
    def load(cls, data):
        given = {name: data.get(name) or {} for name in ("applies_to", "variants")}
        return cls(data["id"], data["settings"], stages=tuple(data.get("stages") or STAGES), **given)

    def on(self, systems):
        """This control as it is on a system that goes by these names, the most exact first."""
        variant = next((self.variants[name] for name in systems if name in self.variants), None)
        if variant is None:
            return self
        settings = {kind: values for kind, values in {**self.settings, **variant}.items() if values}
        return replace(self, settings=settings, variants={})

    def meant_for(self, systems):
        """Is a system that goes by these names among those that the control is for?"""
        wanted = each(self.applies_to.get("os"))
        return not wanted or any(name in systems for name in wanted)

    def irrelevant(self, host):
        """Why this control does not apply to a host, in one sentence; else an empty string."""
        if not self.meant_for(host.systems):
            return f"meant for {' and '.join(each(self.applies_to['os']))}, not for {host.os_release.get('ID', 'linux')}"
        for package in each(self.applies_to.get("package")):
            if not any(host.packages.installed(choice) for choice in choices(package)):
                return f"{' or '.join(choices(package))} is not installed"
        if self.applies_to.get("kernel") == "own" and host.container:
            return "a container has no kernel of its own"
        return ""


def each(value):
    """A name or a list of names, as a list."""
    return [] if value is None else [value] if isinstance(value, str) else list(value)


def choices(name):
    """The packages of ``a | b``, as a dependency writes them, the preferred one first."""
    return [choice.strip() for choice in name.split("|")]
