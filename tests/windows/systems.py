# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A Windows system as tests describe it, from which its hives and files are written; it has what controls ask for, or not.

``System().satisfy(kind, name, wanted)`` gives it what a setting expects, ``violate`` something else.
"""

from __future__ import annotations

import copy
import struct
from dataclasses import dataclass, field

from ansible_collections.hygeia.golden.tests.windows import hives

CONFIG = "Windows\\System32\\config"
CURRENT = "HKLM\\SYSTEM\\CurrentControlSet"
MACHINE = "S-1-5-21-1-2-3"
SIDS = {
    "Administrators": "S-1-5-32-544",
    "Users": "S-1-5-32-545",
    "Guests": "S-1-5-32-546",
    "Backup Operators": "S-1-5-32-551",
    "Remote Desktop Users": "S-1-5-32-555",
    "Everyone": "S-1-1-0",
    "Authenticated Users": "S-1-5-11",
    "Service": "S-1-5-6",
    "SYSTEM": "S-1-5-18",
    "LOCAL SERVICE": "S-1-5-19",
    "NETWORK SERVICE": "S-1-5-20",
    "Enterprise Domain Controllers": "S-1-5-9",
    "Local account": "S-1-5-113",
    "Local account and member of Administrators group": "S-1-5-114",
    "NT VIRTUAL MACHINE\\Virtual Machines": "S-1-5-83-0",
    "Window Manager\\Window Manager Group": "S-1-5-90-0",
    "NT SERVICE\\ALL SERVICES": "S-1-5-80-0",
    "NT SERVICE\\WdiServiceHost": "S-1-5-80-3139157870-2983391045-3678747466-658725712-1809340420",
    "Administrator": f"{MACHINE}-500",
    "Guest": f"{MACHINE}-501",
}
# The order in which Windows keeps subcategories, and how many each category has since 2016.
AUDITED = (
    "Security State Change|Security System Extension|System Integrity|IPsec Driver|Other System Events|"
    "Logon|Logoff|Account Lockout|IPsec Main Mode|Special Logon|IPsec Quick Mode|IPsec Extended Mode|Other Logon/Logoff Events|"
    "Network Policy Server|User / Device Claims|Group Membership|"
    "File System|Registry|Kernel Object|SAM|Other Object Access Events|Certification Services|Application Generated|Handle Manipulation|"
    "File Share|Filtering Platform Packet Drop|Filtering Platform Connection|Detailed File Share|Removable Storage|Central Policy Staging|"
    "Sensitive Privilege Use|Non Sensitive Privilege Use|Other Privilege Use Events|"
    "Process Creation|Process Termination|DPAPI Activity|RPC Events|Plug and Play Events|Token Right Adjusted Events|"
    "Audit Policy Change|Authentication Policy Change|Authorization Policy Change|MPSSVC Rule-Level Policy Change|"
    "Filtering Platform Policy Change|Other Policy Change Events|"
    "User Account Management|Computer Account Management|Security Group Management|Distribution Group Management|"
    "Application Group Management|Other Account Management Events|"
    "Directory Service Access|Directory Service Changes|Directory Service Replication|Detailed Directory Service Replication|"
    "Credential Validation|Kerberos Service Ticket Operations|Other Account Logon Events|Kerberos Authentication Service"
).split("|")
COUNTS = (5, 11, 14, 3, 6, 6, 6, 4, 4)
STARTS = {"boot": 0, "system": 1, "automatic": 2, "manual": 3, "disabled": 4}
PRIVILEGES = {
    name: number
    for number, name in enumerate(
        "CreateToken AssignPrimaryToken LockMemory IncreaseQuota MachineAccount Tcb Security TakeOwnership LoadDriver SystemProfile "
        "Systemtime ProfileSingleProcess IncreaseBasePriority CreatePagefile CreatePermanent Backup Restore Shutdown Debug Audit "
        "SystemEnvironment ChangeNotify RemoteShutdown Undock SyncAgent EnableDelegation ManageVolume Impersonate CreateGlobal "
        "TrustedCredManAccess Relabel IncreaseWorkingSet TimeZone CreateSymbolicLink DelegateSessionUserImpersonate".split(),
        2,
    )
}
LOGON = {
    "Interactive": 1,
    "Network": 2,
    "Batch": 4,
    "Service": 0x10,
    "DenyInteractive": 0x40,
    "DenyNetwork": 0x80,
    "DenyBatch": 0x100,
    "DenyService": 0x200,
    "RemoteInteractive": 0x400,
    "DenyRemoteInteractive": 0x800,
}
PROFILES = {"domain": "DomainProfile", "private": "StandardProfile", "public": "PublicProfile"}
FIREWALL = {
    "enabled": ("EnableFirewall", "", {True: 1, False: 0}),
    "inbound": ("DefaultInboundAction", "", {"block": 1, "allow": 0}),
    "outbound": ("DefaultOutboundAction", "", {"block": 1, "allow": 0}),
    "notify": ("DisableNotifications", "", {True: 0, False: 1}),
    "local_rules": ("AllowLocalPolicyMerge", "", {True: 1, False: 0}),
    "log_dropped": ("LogDroppedPackets", "\\Logging", {True: 1, False: 0}),
    "log_allowed": ("LogSuccessfulConnections", "\\Logging", {True: 1, False: 0}),
    "log_size": ("LogFileSize", "\\Logging", {}),
    "log_path": ("LogFilePath", "\\Logging", {}),
}
GROUPS = {"administrators": 544, "backup_operators": 551, "remote_desktop_users": 555, "remote_management_users": 580}
DAY, MINUTE = 24 * 60 * 60 * 10**7, 60 * 10**7


def sid(text):
    """The bytes of a security identifier."""
    parts = [int(part) for part in text.split("-")[2:]]
    return struct.pack("<BB", 1, len(parts) - 1) + parts[0].to_bytes(6, "big") + struct.pack(f"<{len(parts) - 1}I", *parts[1:])


@dataclass
class User:
    number: int
    name: str
    enabled: bool = True
    password: bool = True
    not_required: bool = False
    never_expires: bool = False

    def key(self):
        control = 0x10 | (not self.enabled) | self.not_required * 4 | self.never_expires * 0x200
        fixed = bytearray(80)
        struct.pack_into("<IIH", fixed, 48, self.number, 513, control)
        name = self.name.encode("utf-16-le")
        variable = bytearray(0xCC) + name
        struct.pack_into("<II", variable, 0x0C, 0, len(name))
        struct.pack_into("<II", variable, 0xA8, len(name), 56 if self.password else 24)
        return {"F": bytes(fixed), "V": bytes(variable)}


@dataclass
class System:
    """A Windows Server 2022 without any weakness that controls do not name."""

    registry: dict = field(default_factory=dict)
    audit: dict = field(default_factory=dict)
    rights: dict = field(default_factory=dict)
    users: dict = field(default_factory=lambda: {500: User(500, "Administrator"), 501: User(501, "Guest", enabled=False)})
    groups: dict = field(default_factory=lambda: {"administrators": [f"{MACHINE}-500"]})
    policy: dict = field(
        default_factory=lambda: {
            "maximum_age": 42,
            "minimum_age": 0,
            "minimum_length": 0,
            "history": 0,
            "complexity": True,
            "reversible_encryption": False,
            "lockout_threshold": "never",
            "lockout_minutes": 10,
            "lockout_window": 10,
        }
    )
    files: dict = field(default_factory=dict)

    def __post_init__(self):
        version = "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion"
        self.put("HKLM\\SYSTEM\\Select", "Current", 1)
        for name, value in {
            "ProductName": "Windows Server 2022 Standard",
            "EditionID": "ServerStandard",
            "InstallationType": "Server",
            "CurrentBuildNumber": "20348",
            "UBR": 2227,
        }.items():
            self.put(version, name, value)

    # -- the registry ------------------------------------------------------------------

    def key(self, path):
        parts = path.replace("CurrentControlSet", "ControlSet001").split("\\")
        # Keys are the same in whichever case.
        found = self.registry.setdefault("\\".join(parts[:2]), {})
        for part in parts[2:]:
            same = next((name for name in found if name.upper() == part.upper() and isinstance(found[name], dict)), part)
            found = found.setdefault(same, {})
        return found

    def put(self, path, name, value):
        key = self.key(path)
        key[next((each for each in key if each.upper() == name.upper()), name)] = value

    def drop(self, path, name):
        key = self.key(path)
        for each in [each for each in key if each.upper() == name.upper()]:
            del key[each]

    def hives(self):
        """The bytes of every hive, by its file."""
        trees = copy.deepcopy(self.registry)
        for root in ("SYSTEM", "SOFTWARE", "SECURITY", "SAM"):
            trees.setdefault(f"HKLM\\{root}", {})
        trees.setdefault("HKU\\.DEFAULT", {})
        policy = trees["HKLM\\SECURITY"].get("Policy", {})
        trees["HKLM\\SECURITY"]["Policy"] = {**policy, "PolAdtEv": {"": (0, self.audit_bytes())}, "Accounts": self.accounts()}
        trees["HKLM\\SAM"]["SAM"] = self.sam()
        return {f"{CONFIG}\\{root.rpartition(chr(92))[2].lstrip('.')}": hives.hive(tree) for root, tree in trees.items()}

    def audit_bytes(self):
        policies = [sum({"success": 1, "failure": 2}[event] for event in self.audit.get(name, ())) for name in AUDITED]
        head = struct.pack("<HHHHHH", 0, 1, len(COUNTS), 0, 0x84, 0)
        return head + struct.pack(f"<{len(policies)}H", *policies) + bytes(2) + struct.pack(f"<{len(COUNTS)}H", *COUNTS)

    def accounts(self):
        """The rights by their holders, as Windows keeps them."""
        holders = sorted({holder for names in self.rights.values() for holder in names})
        found = {}
        for holder in holders:
            names = [right for right, of in self.rights.items() if holder in of]
            logon = sum(LOGON[name[2:-10]] for name in names if name.endswith("LogonRight"))
            numbers = [PRIVILEGES[name[2:-9]] for name in names if name.endswith("Privilege")]
            keys = {"Sid": {"": (0, sid(SIDS.get(holder, holder)))}, "ActSysAc": {"": (0, struct.pack("<I", logon))}}
            if numbers:
                listed = b"".join(struct.pack("<III", number, 0, 0) for number in numbers)
                keys["Privilgs"] = {"": (0, struct.pack("<II", len(numbers), 0) + listed)}
            found[SIDS.get(holder, holder)] = keys
        return found

    def sam(self):
        policy = bytearray(240)
        of = self.policy
        times = [
            (of["maximum_age"], DAY),
            (of["minimum_age"], DAY),
            ("never", 1),
            (of["lockout_minutes"], MINUTE),
            (of["lockout_window"], MINUTE),
        ]
        struct.pack_into("<5q", policy, 24, *(-(1 << 63) if value == "never" else -value * unit for value, unit in times))
        properties = of["complexity"] * 1 | of["reversible_encryption"] * 0x10
        threshold = 0 if of["lockout_threshold"] == "never" else of["lockout_threshold"]
        struct.pack_into("<IHHH", policy, 76, properties, of["minimum_length"], of["history"], threshold)
        users = {f"{user.number:08X}": user.key() for user in self.users.values()}
        users["Names"] = {user.name: {"": (user.number, b"")} for user in self.users.values()}
        aliases = {f"{GROUPS[name]:08X}": {"C": self.group(members)} for name, members in self.groups.items()}
        return {"Domains": {"Account": {"F": bytes(policy), "Users": users}, "Builtin": {"Aliases": aliases}}}

    @staticmethod
    def group(members):
        listed = b"".join(map(sid, members))
        data = bytearray(52) + listed
        struct.pack_into("<III", data, 40, 0, len(listed), len(members))
        return bytes(data)

    def content(self):
        """Every file of the system, with its hives."""
        return {**self.files, **self.hives()}

    def copy(self):
        return copy.deepcopy(self)
