# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The advanced audit policy as the local security authority keeps it (SECURITY: Policy\\PolAdtEv).

A head of 12 bytes says how many categories there are and where, behind the policy of each subcategory, the number of subcategories
of each category lies. Later releases of Windows have more subcategories, each at the end of its category.
"""

from __future__ import annotations

import struct

from ansible_collections.hygeia.golden.plugins.module_utils.windows.errors import Unreadable
from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry.registry import Registry

PATH = "HKLM\\SECURITY\\Policy\\PolAdtEv"
SUBCATEGORIES = {
    "System": ("Security State Change", "Security System Extension", "System Integrity", "IPsec Driver", "Other System Events"),
    "Logon/Logoff": (
        "Logon",
        "Logoff",
        "Account Lockout",
        "IPsec Main Mode",
        "Special Logon",
        "IPsec Quick Mode",
        "IPsec Extended Mode",
        "Other Logon/Logoff Events",
        "Network Policy Server",
        "User / Device Claims",
        "Group Membership",
    ),
    "Object Access": (
        "File System",
        "Registry",
        "Kernel Object",
        "SAM",
        "Other Object Access Events",
        "Certification Services",
        "Application Generated",
        "Handle Manipulation",
        "File Share",
        "Filtering Platform Packet Drop",
        "Filtering Platform Connection",
        "Detailed File Share",
        "Removable Storage",
        "Central Policy Staging",
    ),
    "Privilege Use": ("Sensitive Privilege Use", "Non Sensitive Privilege Use", "Other Privilege Use Events"),
    "Detailed Tracking": (
        "Process Creation",
        "Process Termination",
        "DPAPI Activity",
        "RPC Events",
        "Plug and Play Events",
        "Token Right Adjusted Events",
    ),
    "Policy Change": (
        "Audit Policy Change",
        "Authentication Policy Change",
        "Authorization Policy Change",
        "MPSSVC Rule-Level Policy Change",
        "Filtering Platform Policy Change",
        "Other Policy Change Events",
    ),
    "Account Management": (
        "User Account Management",
        "Computer Account Management",
        "Security Group Management",
        "Distribution Group Management",
        "Application Group Management",
        "Other Account Management Events",
    ),
    "DS Access": (
        "Directory Service Access",
        "Directory Service Changes",
        "Directory Service Replication",
        "Detailed Directory Service Replication",
    ),
    "Account Logon": (
        "Credential Validation",
        "Kerberos Service Ticket Operations",
        "Other Account Logon Events",
        "Kerberos Authentication Service",
    ),
}
_HEAD = 12
_EVENTS = {0: [], 1: ["success"], 2: ["failure"], 3: ["success", "failure"], 4: []}


def read(registry: Registry) -> dict[str, list[str]]:
    """What is audited of each subcategory that this release of Windows has."""
    value = registry.value(PATH, "")
    data = value.raw if value else b""
    try:
        categories, unused, end = struct.unpack_from("<HHH", data, 4)
        counts = struct.unpack_from(f"<{categories}H", data, end)
        policies = struct.unpack_from(f"<{sum(counts)}H", data, _HEAD)
    except struct.error as problem:
        raise Unreadable(f"{PATH} has {len(data)} bytes, which are no audit policy: start the template once and shut it down") from problem
    known = list(SUBCATEGORIES.values())
    if categories != len(known) or any(count > len(names) for count, names in zip(counts, known)):
        raise Unreadable(f"{PATH} has subcategories that are not known: report the release of Windows")
    found: dict[str, list[str]] = {}
    for count, names in zip(counts, known):
        found.update((name, _EVENTS.get(policy, [])) for name, policy in zip(names, policies))
        policies = policies[count:]
        for missing in names[count:]:
            found.pop(missing, None)
    return found
