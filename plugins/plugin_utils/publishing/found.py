# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a target has of an image, from what the platform lists: the published images, the one that consumers use, and leftovers.

An image says of itself what it is, in labels: properties, tags or notes, whatever the platform has.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.names import VERSION

# The labels, which is what the properties and tags of the platforms are called too.
NAME, VERSION_LABEL, SHA256, EVIDENCE = "hygeia_name", "hygeia_version", "hygeia_sha256", "hygeia_evidence"
# Those that platforms/ knows. Each is loaded by the task that needs it, for filters are loaded by every task.
PLATFORMS = ("openstack", "proxmox")


def platform(name: str) -> ModuleType:
    """What reads that which a platform lists, and writes a machine in its settings."""
    if name not in PLATFORMS:
        raise ValueError(f"{name} is not one of the platforms {', '.join(PLATFORMS)}")
    return importlib.import_module(f"ansible_collections.hygeia.golden.plugins.plugin_utils.publishing.platforms.{name}")


@dataclass(frozen=True)
class Listed:
    """Something that a platform lists, which may be an image of this collection."""

    id: str
    name: str
    labels: Mapping[str, Any]
    machine: Mapping[str, Any]
    # Sorts by the time at which it was made.
    made: str | float
    # Whether it carries the mark of the collection, which it is created with, and whether it can be used.
    marked: bool = True
    ready: bool = True
    used_by: list[str] = field(default_factory=list)
    # The member of a cluster that has it, where that matters.
    node: str = ""

    def image(self, name: str) -> dict[str, Any] | None:
        """The published image of this name that it is, or None."""
        version, sha256 = str(self.labels.get(VERSION_LABEL)), str(self.labels.get(SHA256))
        well = (
            self.ready and self.labels.get(NAME) == name and re.fullmatch(VERSION, version, re.A) and re.fullmatch("[0-9a-f]{64}", sha256)
        )
        if not well:
            return None
        return {
            "id": self.id,
            "version": version,
            "sha256": sha256,
            "short": sha256[:12],
            "machine": dict(self.machine),
            "used_by": list(self.used_by),
            "node": self.node,
        }

    def left_of(self, name: str) -> bool:
        """Is it what a publication that was interrupted left of an image with this name?"""
        called = re.fullmatch(rf"{re.escape(name)}-{VERSION}-[0-9a-f]{{12}}", self.name, re.A)
        return self.marked and bool(called) and not self.image(name)


def found(listed: Iterable[Listed], name: str) -> dict[str, Any]:
    """The images, the newest first; the one that has the name itself, which is what consumers use; and what else is there."""
    everything = sorted(listed, key=lambda one: one.made, reverse=True)
    images = [(one, image) for one in everything if (image := one.image(name))]
    pointed = [image for one, image in images if one.name == name]
    return {
        "images": [image for unused_one, image in images],
        # Two of a name are an answer to nobody.
        "current": pointed[0] if len(pointed) == 1 else {},
        "pointed": pointed,
        "leftovers": [one.id for one in everything if one.left_of(name)],
        "foreign": [one.id for one in everything if one.name == name and not one.image(name)],
    }
