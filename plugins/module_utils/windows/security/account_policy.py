# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The password and lockout policy of local accounts (SAM: the fixed part of the account domain, [MS-SAMR])."""

from __future__ import annotations

import struct

from ansible_collections.hygeia.golden.plugins.module_utils.windows.errors import Unreadable
from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry.registry import Registry

PATH = "HKLM\\SAM\\SAM\\Domains\\Account"
NAMES = (
    "maximum_age",
    "minimum_age",
    "minimum_length",
    "history",
    "complexity",
    "reversible_encryption",
    "lockout_threshold",
    "lockout_minutes",
    "lockout_window",
)
NEVER = "never"
_COMPLEX, _CLEARTEXT = 0x1, 0x10
# Times are negative, in units of 100 ns.
_MINUTE = 60 * 10_000_000
_DAY = 24 * 60 * _MINUTE
_FOREVER = -(1 << 63)


def read(registry: Registry) -> dict[str, int | str | bool]:
    """The policy, by NAMES."""
    value = registry.value(PATH, "F")
    data = value.raw if value else b""
    if len(data) < 88:
        raise Unreadable(f"{PATH} has no policy: start the template once and shut it down")
    maximum, minimum, unused_logoff, duration, window = struct.unpack_from("<5q", data, 24)
    properties, length, history, threshold = struct.unpack_from("<IHHH", data, 76)
    return {
        "maximum_age": _number(maximum, _DAY),
        "minimum_age": -minimum // _DAY,
        "minimum_length": length,
        "history": history,
        "complexity": bool(properties & _COMPLEX),
        "reversible_encryption": bool(properties & _CLEARTEXT),
        "lockout_threshold": threshold or NEVER,
        "lockout_minutes": _number(duration, _MINUTE),
        "lockout_window": -window // _MINUTE,
    }


def _number(time: int, unit: int) -> int | str:
    """How many units; zero and the longest time that there is are without an end."""
    return NEVER if time in (0, _FOREVER) else -time // unit
