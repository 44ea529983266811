# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""User rights: the privileges and logon rights of each account (SECURITY: Policy\\Accounts, [MS-LSAD])."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.windows.errors import Unreadable
from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry.registry import Registry
from ansible_collections.hygeia.golden.plugins.module_utils.windows.security.identifiers import named

PATH = "HKLM\\SECURITY\\Policy\\Accounts"
# Logon rights by their bits (ntsecapi.h).
LOGON = {
    0x1: "SeInteractiveLogonRight",
    0x2: "SeNetworkLogonRight",
    0x4: "SeBatchLogonRight",
    0x10: "SeServiceLogonRight",
    0x40: "SeDenyInteractiveLogonRight",
    0x80: "SeDenyNetworkLogonRight",
    0x100: "SeDenyBatchLogonRight",
    0x200: "SeDenyServiceLogonRight",
    0x400: "SeRemoteInteractiveLogonRight",
    0x800: "SeDenyRemoteInteractiveLogonRight",
}
# Privileges by their numbers (wdm.h).
PRIVILEGES = {
    2: "SeCreateTokenPrivilege",
    3: "SeAssignPrimaryTokenPrivilege",
    4: "SeLockMemoryPrivilege",
    5: "SeIncreaseQuotaPrivilege",
    6: "SeMachineAccountPrivilege",
    7: "SeTcbPrivilege",
    8: "SeSecurityPrivilege",
    9: "SeTakeOwnershipPrivilege",
    10: "SeLoadDriverPrivilege",
    11: "SeSystemProfilePrivilege",
    12: "SeSystemtimePrivilege",
    13: "SeProfileSingleProcessPrivilege",
    14: "SeIncreaseBasePriorityPrivilege",
    15: "SeCreatePagefilePrivilege",
    16: "SeCreatePermanentPrivilege",
    17: "SeBackupPrivilege",
    18: "SeRestorePrivilege",
    19: "SeShutdownPrivilege",
    20: "SeDebugPrivilege",
    21: "SeAuditPrivilege",
    22: "SeSystemEnvironmentPrivilege",
    23: "SeChangeNotifyPrivilege",
    24: "SeRemoteShutdownPrivilege",
    25: "SeUndockPrivilege",
    26: "SeSyncAgentPrivilege",
    27: "SeEnableDelegationPrivilege",
    28: "SeManageVolumePrivilege",
    29: "SeImpersonatePrivilege",
    30: "SeCreateGlobalPrivilege",
    31: "SeTrustedCredManAccessPrivilege",
    32: "SeRelabelPrivilege",
    33: "SeIncreaseWorkingSetPrivilege",
    34: "SeTimeZonePrivilege",
    35: "SeCreateSymbolicLinkPrivilege",
    36: "SeDelegateSessionUserImpersonatePrivilege",
}
RIGHTS = (*PRIVILEGES.values(), *LOGON.values())


def read(registry: Registry) -> dict[str, list[str]]:
    """The holders of each right that anybody has."""
    accounts = registry.key(PATH)
    if accounts is None:
        raise Unreadable(f"there is no key {PATH}: start the template once and shut it down")
    found: dict[str, list[str]] = {}
    for account in accounts.subkeys():
        for right in (*_logon(registry, account.name), *_privileges(registry, account.name)):
            found.setdefault(right, []).append(named(account.name))
    return found


def _raw(registry: Registry, account: str, key: str) -> bytes:
    value = registry.value(f"{PATH}\\{account}\\{key}", "")
    return value.raw if value else b""


def _logon(registry: Registry, account: str) -> Iterator[str]:
    data = _raw(registry, account, "ActSysAc")
    bits = struct.unpack_from("<I", data)[0] if len(data) >= 4 else 0
    return (name for bit, name in LOGON.items() if bits & bit)


def _privileges(registry: Registry, account: str) -> Iterator[str]:
    """A PRIVILEGE_SET: how many there are, and each as a number of 64 bits with its attributes."""
    data = _raw(registry, account, "Privilgs")
    count = struct.unpack_from("<I", data)[0] if len(data) >= 8 else 0
    for number in range(min(count, (len(data) - 8) // 12)):
        low, high = struct.unpack_from("<II", data, 8 + 12 * number)
        if not high and low in PRIVILEGES:
            yield PRIVILEGES[low]
