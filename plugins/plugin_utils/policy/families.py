# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The family of systems that a control is for: Linux, or Windows where it names nothing but systems of that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.control import each

LINUX, WINDOWS = FAMILIES = ("linux", "windows")


def family_of(control: Mapping[str, Any]) -> str:
    """Of a control, by the systems that it applies to."""
    systems = each(control.get("applies_to", {}).get("os"))
    return WINDOWS if systems and all(name.partition("-")[0] == WINDOWS for name in systems) else LINUX
