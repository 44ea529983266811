# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Controls that take from a platform what it needs, such as the filesystem of its provisioning medium."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.system.hardware import drivers, plain
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry

# The kind and the value with which a control disables a module, written again because loading one kind loads them all.
KERNEL_MODULE, DISABLED = "kernel_module", "disabled"


def conflicts(controls: Sequence[Entry], platforms: Sequence[Entry], places: Mapping[tuple[str, str], str]) -> Iterator[str]:
    """A sentence for each control that a platform vetoes, by name or by a module that the control disables."""
    for platform in platforms:
        where = f"platform {platform['id']} ({places['platform', platform['id']]})"
        for control in controls:
            why = platform.get("vetoes", {}).get(control["id"]) or _disabled(control, platform)
            if why:
                yield (
                    f"control {control['id']} ({places['control', control['id']]}) cannot hold on {where}: {why}; "
                    "remove the control, or leave the platform out."
                )


def _disabled(control: Entry, platform: Entry) -> str:
    """Why the platform needs a module that the control disables, on whatever system."""
    faces = [control["settings"], *control.get("variants", {}).values()]
    disabled = {plain(name) for face in faces for name, value in face.get(KERNEL_MODULE, {}).items() if value == DISABLED}
    needed = {plain(name): f"it disables {name}, but {why}" for name, why in platform.get("modules", {}).items()}
    # Of its devices one is enough, so only what all of them share is needed.
    for what, devices in (("disk", platform["disks"]), ("network card", platform["networks"])):
        shared = set.intersection(*(set(drivers(device)) for device in devices))
        needed.update({name: f"it disables {name}, which every {what} of the platform needs" for name in sorted(shared)})
    return next((needed[name] for name in sorted(disabled) if name in needed), "")
