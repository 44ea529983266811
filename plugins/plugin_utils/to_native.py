# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plain JSON data from what templating hands to a plugin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any


def to_native(value: Any) -> Any:
    """The same value without Ansible's own types: tags, lazy containers and unsafe texts stay behind; days become texts."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return int(value) if isinstance(value, int) else float(value)
    if isinstance(value, str):
        return "".join(value)
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {to_native(key): to_native(item) for key, item in value.items()}
    return [to_native(item) for item in value]
