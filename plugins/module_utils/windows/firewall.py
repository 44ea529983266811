# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The firewall of a system that is switched off: its profiles and its rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry.registry import Registry

POLICY = "HKLM\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall"
LOCAL = "HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy"
RULES = f"{LOCAL}\\FirewallRules"
# The private profile goes by an older name in the registry.
PROFILES = {"domain": "DomainProfile", "private": "StandardProfile", "public": "PublicProfile"}
_POLICY_PROFILES = {"private": ("PrivateProfile", "StandardProfile")}
_TCP, _UDP = "6", "17"
_PROTOCOLS = {_TCP: "tcp", _UDP: "udp"}
_ANYBODY = ("", "*", "localsubnet6,localsubnet4")


@dataclass(frozen=True)
class _Field:
    """A value below a profile: where, what stands for which number, and what Windows takes without it."""

    name: str
    default: object
    key: str = ""
    words: tuple[object, object] | None = None


_SWITCH, _ACTION, _NEGATED = (False, True), ("allow", "block"), (True, False)
FIELDS = {
    "enabled": _Field("EnableFirewall", True, words=_SWITCH),
    "inbound": _Field("DefaultInboundAction", "block", words=_ACTION),
    "outbound": _Field("DefaultOutboundAction", "allow", words=_ACTION),
    "notify": _Field("DisableNotifications", False, words=_NEGATED),
    "local_rules": _Field("AllowLocalPolicyMerge", True, words=_SWITCH),
    "log_dropped": _Field("LogDroppedPackets", False, "Logging", _SWITCH),
    "log_allowed": _Field("LogSuccessfulConnections", False, "Logging", _SWITCH),
    "log_size": _Field("LogFileSize", 4096, "Logging"),
    "log_path": _Field("LogFilePath", "%systemroot%\\system32\\LogFiles\\Firewall\\pfirewall.log", "Logging"),
}


def effective(registry: Registry, profile: str, field: str) -> tuple[int | str | bool, str]:
    """The value that counts, and where it stands."""
    wanted = FIELDS[field]
    places = [f"{POLICY}\\{name}" for name in _POLICY_PROFILES.get(profile, (PROFILES[profile],))] + [f"{LOCAL}\\{PROFILES[profile]}"]
    for place in places:
        path = f"{place}\\{wanted.key}" if wanted.key else place
        value = registry.value(path, wanted.name)
        if value is None or value.data is None:
            continue
        number = value.number
        if wanted.words:
            if number in (0, 1):
                return _plain(wanted.words[number]), f"{path}\\{wanted.name}"
        elif isinstance(value.data, (int, str)):
            return value.data, f"{path}\\{wanted.name}"
    return _plain(wanted.default), f"{places[-1]}, which does not set {wanted.name}"


def _plain(value: object) -> int | str | bool:
    return value if isinstance(value, (int, str)) else str(value)


@dataclass(frozen=True)
class Rule:
    name: str
    fields: dict[str, list[str]]

    def one(self, name: str) -> str:
        return next(iter(self.fields.get(name, [])), "")


def rules(registry: Registry) -> Iterator[Rule]:
    """All rules, those of a policy with them; each is a text of fields (version|Name=value|...)."""
    for path in (RULES, f"{POLICY}\\FirewallRules"):
        key = registry.key(path)
        for value in key.values() if key else ():
            fields: dict[str, list[str]] = {}
            for part in value.text.split("|"):
                name, equals, text = part.partition("=")
                if equals:
                    fields.setdefault(name.lower(), []).append(text)
            yield Rule(value.name, fields)


def open_ports(registry: Registry) -> list[str]:
    """The ports that enabled rules open to anybody, as NUMBER/tcp."""
    found: set[tuple[int, str]] = set()
    for rule in rules(registry):
        allows = rule.one("active").lower() == "true" and rule.one("action").lower() == "allow" and rule.one("dir").lower() == "in"
        protocol = _PROTOCOLS.get(rule.one("protocol"))
        remote = [address.lower() for name in ("ra4", "ra6") for address in rule.fields.get(name, [])]
        if allows and protocol and not [address for address in remote if address not in _ANYBODY]:
            found.update((int(port), protocol) for port in rule.fields.get("lport", []) if port.isascii() and port.isdigit())
    return [f"{port}/{protocol}" for port, protocol in sorted(found)]
