# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Security identifiers: their text, and the names of those that every Windows has ([MS-DTYP] 2.4.2)."""

from __future__ import annotations

import struct

NAMES = {
    "S-1-1-0": "Everyone",
    "S-1-5-3": "Batch",
    "S-1-5-4": "Interactive",
    "S-1-5-6": "Service",
    "S-1-5-7": "Anonymous Logon",
    "S-1-5-9": "Enterprise Domain Controllers",
    "S-1-5-11": "Authenticated Users",
    "S-1-5-18": "SYSTEM",
    "S-1-5-19": "LOCAL SERVICE",
    "S-1-5-20": "NETWORK SERVICE",
    "S-1-5-113": "Local account",
    "S-1-5-114": "Local account and member of Administrators group",
    "S-1-5-32-544": "Administrators",
    "S-1-5-32-545": "Users",
    "S-1-5-32-546": "Guests",
    "S-1-5-32-547": "Power Users",
    "S-1-5-32-551": "Backup Operators",
    "S-1-5-32-555": "Remote Desktop Users",
    "S-1-5-32-556": "Network Configuration Operators",
    "S-1-5-32-558": "Performance Monitor Users",
    "S-1-5-32-559": "Performance Log Users",
    "S-1-5-32-568": "IIS_IUSRS",
    "S-1-5-32-578": "Hyper-V Administrators",
    "S-1-5-32-580": "Remote Management Users",
    "S-1-5-80-0": "NT SERVICE\\ALL SERVICES",
    "S-1-5-80-3139157870-2983391045-3678747466-658725712-1809340420": "NT SERVICE\\WdiServiceHost",
    "S-1-5-83-0": "NT VIRTUAL MACHINE\\Virtual Machines",
    "S-1-5-90-0": "Window Manager\\Window Manager Group",
    "S-1-15-2-1": "ALL APPLICATION PACKAGES",
}
# Accounts of a machine or domain, by the last number.
_RELATIVE = {500: "Administrator", 501: "Guest", 503: "DefaultAccount", 504: "WDAGUtilityAccount"}


def text(data: bytes) -> str:
    """The text of an identifier; empty for bytes that are none."""
    if len(data) < 8 or data[0] != 1 or len(data) < 8 + 4 * data[1] or data[1] > 15:
        return ""
    authority = int.from_bytes(data[2:8], "big")
    return "-".join(map(str, ("S-1", authority, *struct.unpack_from(f"<{data[1]}I", data, 8))))


def length(data: bytes, at: int) -> int:
    """How many bytes the identifier at a place has, or none."""
    return 8 + 4 * data[at + 1] if at + 8 <= len(data) else 0


def named(sid: str) -> str:
    """The name of an account or group that every Windows has, else its identifier."""
    if sid.startswith("S-1-5-21-"):
        return _RELATIVE.get(int(sid.rpartition("-")[2]), sid)
    return NAMES.get(sid, sid)
