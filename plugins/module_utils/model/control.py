# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The part of a control that travels to a host."""

from __future__ import annotations

from dataclasses import dataclass, field

from ansible_collections.hygeia.golden.plugins.module_utils.model.result import STAGES

# For the argument_spec of every module that takes controls.
CONTROLS_SPEC = {
    "type": "list",
    "elements": "dict",
    "required": True,
    "options": {
        "id": {"type": "str", "required": True},
        "settings": {"type": "dict", "required": True},
        "applies_to": {"type": "dict", "default": {}},
        "stages": {"type": "list", "elements": "str", "choices": list(STAGES), "default": list(STAGES)},
    },
}


@dataclass(frozen=True)
class Control:
    """``settings`` maps a kind to ``{name: value}``; ``applies_to`` says on which hosts it means anything."""

    id: str
    settings: dict
    applies_to: dict = field(default_factory=dict)
    stages: tuple = STAGES

    @classmethod
    def load(cls, data):
        return cls(data["id"], data["settings"], data.get("applies_to") or {}, tuple(data.get("stages") or STAGES))

    def irrelevant(self, host):
        """Why this control does not apply to a host, in one sentence; else an empty string."""
        for package in _each(self.applies_to.get("package")):
            if not host.packages.installed(package):
                return f"{package} is not installed"
        if self.applies_to.get("kernel") == "own" and host.container:
            return "a container has no kernel of its own"
        systems = _each(self.applies_to.get("os"))
        here = host.os_release.get("ID", "linux")
        if systems and here not in systems and f"{here}-{host.os_release.get('VERSION_ID', '')}" not in systems:
            return f"meant for {' and '.join(systems)}, not for {here}"
        return ""


def _each(value):
    return [] if value is None else [value] if isinstance(value, str) else list(value)
