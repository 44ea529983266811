# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The values of the controls of portability, from the descriptions of platforms, which alone know what each platform has.

A control without a value for these platforms is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings
from ansible_collections.hygeia.golden.plugins.module_utils.system.hardware import drivers, plain
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry

# Kinds with their settings.
Kinds = dict[str, Settings]
# The screen of a machine, which is a console beside the serial one; and the speed that serial consoles are given.
_SCREEN, _SPEED = "tty0", "115200"
CLOUD_INIT = "cloud-init"


def fitted(controls: Sequence[Entry], platforms: Sequence[Entry], agents: Sequence[Entry], secure_boot: bool = False) -> list[Entry]:
    """The controls with the settings that these platforms ask for; those that are not about platforms stay as they are.

    A signed boot loader is left out unless the site wants ``secure_boot``.
    """
    controls = [control for control in controls if secure_boot or control["id"] != "portable-secure-boot"]
    found = []
    for control in controls:
        derive = _DERIVED.get(control["id"])
        settings = derive(platforms, agents) if derive else {}
        if not derive:
            found.append(control)
        elif settings:
            merged = {**control["settings"], **settings}
            found.append({**control, "settings": {kind: values for kind, values in merged.items() if values}})
    return found


def _kernel(platforms: Sequence[Entry], unused_agents: Sequence[Entry]) -> Kinds:
    modules = _drivers(platforms, "disks", "networks") + [plain(name) for name in _each(platforms, "modules")]
    return {"kernel_drivers": {"modules": list(dict.fromkeys(modules))}}


def _initramfs(platforms: Sequence[Entry], unused_agents: Sequence[Entry]) -> Kinds:
    """A network card has time until the root filesystem is there."""
    return {"initramfs": {"modules": _drivers(platforms, "disks")}}


def _command_line(platforms: Sequence[Entry], unused_agents: Sequence[Entry]) -> Kinds:
    """The last console is that of the services that start, so the serial ones come after the screen."""
    serial = list(dict.fromkeys(platform["console"] for platform in platforms if "console" in platform))
    words: dict[str, Any] = {}
    for platform in platforms:
        words.update(platform.get("command_line", {}))
    if serial:
        words["console"] = [_SCREEN, *(f"{name},{_SPEED}" if name.startswith("ttyS") else name for name in serial)]
    return {"platform_cmdline": words} if words else {}


def _cloud_init(platforms: Sequence[Entry], unused_agents: Sequence[Entry]) -> Kinds:
    """Where no platform needs it, one that is installed all the same finds the data of each."""
    sources = list(_each(platforms, "datasources"))
    if not sources:
        return {}
    needed = {"package": {CLOUD_INIT: "present"}} if any(map(_needs_cloud_init, platforms)) else {"package": {}}
    return {**needed, "cloud_init": {"datasources": sources}}


def _guest_agents(platforms: Sequence[Entry], agents: Sequence[Entry]) -> Kinds:
    """For each platform the first of its agents that distributions have as a package, unless what it needs anyway is one."""
    known = {agent["id"]: agent for agent in agents}
    packages = {}
    for platform in platforms:
        names = platform.get("agents", [])
        if CLOUD_INIT in names and _needs_cloud_init(platform):
            continue
        packaged = next((known[name]["packages"] for name in names if known.get(name, {}).get("packages")), None)
        if packaged:
            packages[" | ".join(packaged)] = "present"
    return {"package": packages} if packages else {}


_DERIVED: Mapping[str, Callable[[Sequence[Entry], Sequence[Entry]], Kinds]] = {
    "portable-kernel": _kernel,
    "portable-initramfs": _initramfs,
    "portable-command-line": _command_line,
    "portable-cloud-init": _cloud_init,
    "portable-guest-agents": _guest_agents,
}


def _drivers(platforms: Sequence[Entry], *fields: str) -> list[str]:
    """The drivers of all devices of the platforms, so that whoever makes a machine may choose any of them."""
    return list(dict.fromkeys(driver for field in fields for device in _each(platforms, field) for driver in drivers(device)))


def _each(platforms: Sequence[Entry], field: str) -> Iterable[str]:
    return dict.fromkeys(name for platform in platforms for name in platform.get(field, ()))


def _needs_cloud_init(platform: Entry) -> bool:
    return platform.get("cloud_init") == "required"
