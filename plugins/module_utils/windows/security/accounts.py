# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Local accounts and groups (SAM). Of a password it is only read whether there is one."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.windows.errors import Unreadable
from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry.hive import Key
from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry.registry import Registry
from ansible_collections.hygeia.golden.plugins.module_utils.windows.security import identifiers
from ansible_collections.hygeia.golden.plugins.module_utils.windows.text import utf16

USERS = "HKLM\\SAM\\SAM\\Domains\\Account\\Users"
ALIASES = "HKLM\\SAM\\SAM\\Domains\\Builtin\\Aliases"
ADMINISTRATOR, GUEST = 500, 501
# Groups by the last number of their identifiers.
GROUPS = {"administrators": 544, "backup_operators": 551, "remote_desktop_users": 555, "remote_management_users": 580}
# Account control bits ([MS-SAMR] 2.2.1.12).
_DISABLED, _NOT_REQUIRED, _NEVER_EXPIRES = 0x1, 0x4, 0x200
# Of the variable part: where the descriptions of the name and of the NT hash lie, and what they count from.
_NAME, _HASH, _VARIABLE = 0x0C, 0xA8, 0xCC
# The head that stands there without a hash: 4 bytes of the older form, 24 of the newer one.
_NO_HASH = (0, 4, 24)


@dataclass(frozen=True)
class Account:
    number: int
    name: str
    enabled: bool
    without_password: bool
    password_not_required: bool
    password_never_expires: bool


def users(registry: Registry) -> list[Account]:
    """All local accounts."""
    key = registry.key(USERS)
    if key is None:
        raise Unreadable(f"there is no key {USERS}: start the template once and shut it down")
    return [_account(user) for user in key.subkeys() if user.value("F")]


def _account(key: Key) -> Account:
    fixed, variable = (value.raw if value else b"" for value in map(key.value, "FV"))
    try:
        number, unused, control = struct.unpack_from("<IIH", fixed, 48)
        place, size = struct.unpack_from("<II", variable, _NAME)
        unused_place, hash_size = struct.unpack_from("<II", variable, _HASH)
    except struct.error as problem:
        raise Unreadable(f"{USERS}\\{key.name} is no account: start the template once and shut it down") from problem
    name = utf16(variable[_VARIABLE + place : _VARIABLE + place + size])
    return Account(
        number, name, not control & _DISABLED, hash_size in _NO_HASH, bool(control & _NOT_REQUIRED), bool(control & _NEVER_EXPIRES)
    )


def members(registry: Registry, group: str, known: Sequence[Account]) -> list[str]:
    """The members of one of GROUPS: local accounts by their names, others as identifiers.named says."""
    value = registry.value(f"{ALIASES}\\{GROUPS[group]:08X}", "C")
    names = {user.number: user.name for user in known}
    return [names.get(_local(sid), identifiers.named(sid)) for sid in _members(value.raw if value else b"")]


def _local(sid: str) -> int:
    return int(sid.rpartition("-")[2]) if sid.startswith("S-1-5-21-") else -1


def _members(data: bytes) -> Iterator[str]:
    """The identifiers that a group has, one behind the other."""
    if len(data) < 52:
        return
    place, unused_size, count = struct.unpack_from("<III", data, 40)
    at = 52 + place
    for unused_number in range(min(count, 4096)):
        size = identifiers.length(data, at)
        sid = identifiers.text(data[at : at + size]) if size else ""
        if not sid:
            return
        yield sid
        at += size
