# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The virtual machine that a published image is given: devices that work with each of its kernels and that the target offers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# What a machine consists of, and where the evidence lists which of it work.
_PARTS = {"firmware": "firmware", "disk": "disks", "network": "networks"}


class NoMachine(ValueError):
    """No machine of the target can run the image, or nobody knows which."""


def machine(facts: Mapping[str, Any] | None, offers: Mapping[str, Any], chosen: Mapping[str, Any], platform: str) -> dict[str, Any]:
    """The first devices of the platform's order that work and are offered; what the site has chosen comes first."""
    known = facts or {}
    found = {part: chosen.get(part) or _first(part, known.get(of), offers[of], platform) for part, of in _PARTS.items()}
    agent = chosen.get("agent")
    return {**found, "agent": bool(known.get("agent")) if agent is None else bool(agent)}


def _first(part: str, working: Any, offered: Any, platform: str) -> str:
    if not working:
        raise NoMachine(
            f"the evidence of the image names no {part} for {platform} that works: add {platform} to verify_platforms and promote "
            f"the image anew, or choose one in the target's machine.{part}"
        )
    usable = [device for device in working if device in offered]
    if not usable:
        raise NoMachine(
            f"the image works on {platform} with the {part} {' or '.join(working)}, and what publishes to it offers {', '.join(offered)}: "
            f"choose one in the target's machine.{part}"
        )
    return str(usable[0])
