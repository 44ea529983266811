# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which controls a difference touches: those that name the same setting, file or unit, and those whose files lie there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.drift.compare import Difference
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry

# The kind whose settings have the names of a category's items.
_KINDS = {
    "sysctl": "sysctl",
    "sshd": "sshd",
    "kernel_command_line": "kernel_cmdline",
    "kernel_modules": "kernel_module",
    "units": "service",
    "packages": "package",
    "controls": "controls",
}
# The kinds that write below a path, or read there.
_PLACES = {
    "/etc/ssh/": ("sshd",),
    "/etc/sudoers": ("sudo", "sudo_rules"),
    "/etc/pam.d/": ("pam",),
    "/etc/security/": ("pam", "login_limits"),
    "/etc/audit/": ("auditd_conf", "audit_rule", "audit_state"),
    "/etc/sysctl": ("sysctl",),
    "/etc/modprobe.d/": ("kernel_module",),
    "/etc/nftables": ("packet_filter", "nftables"),
    "/etc/aide": ("aide", "aide_conf"),
    "/etc/apparmor": ("apparmor",),
    "/etc/selinux/": ("selinux",),
    "/etc/rsyslog": ("rsyslog", "log_forwarding"),
    "/etc/login.defs": ("login_defs",),
    "/etc/default/grub": ("kernel_cmdline", "boot_loader"),
    "/etc/apt/": ("apt_conf", "apt_source"),
    "/etc/dnf/": ("dnf_conf",),
    "/etc/yum.repos.d/": ("dnf_conf",),
    "/etc/fstab": ("mount",),
}
# Categories that whole kinds are about.
_WHOLE = {
    "accounts": ("accounts",),
    "groups": ("accounts",),
    "sudo": ("sudo_rules", "sudo"),
    "packet_filter": ("packet_filter", "nftables"),
}


class Touched:
    """The controls of a host by the names of their settings."""

    def __init__(self, controls: Iterable[Entry]) -> None:
        self._by_setting: dict[tuple[str, str], list[Entry]] = {}
        self._by_kind: dict[str, list[Entry]] = {}
        for control in controls:
            for kind, settings in control["settings"].items():
                self._by_kind.setdefault(kind, []).append(control)
                for name in settings:
                    self._by_setting.setdefault((kind, _plain(kind, str(name))), []).append(control)

    def exactly(self, difference: Difference) -> list[Entry]:
        """Controls that name the item."""
        if difference.category == "files":
            return self._by_setting.get(("file", difference.item), [])
        kind = _KINDS.get(difference.category)
        return self._by_setting.get((kind, _item(difference)), []) if kind else []

    def around(self, difference: Difference) -> list[Entry]:
        """Controls that are about the same place."""
        kinds = _WHOLE.get(difference.category, ())
        if difference.category == "files":
            kinds = next((kinds for place, kinds in _PLACES.items() if difference.item.startswith(place)), ())
        return [control for kind in kinds for control in self._by_kind.get(kind, ())]


def _item(difference: Difference) -> str:
    item = difference.item
    if difference.category == "units":
        return item[: -len(".service")] if item.endswith(".service") else item
    if difference.category == "packages":
        return item.rpartition(":")[0]
    return item.partition(" ")[2] if difference.category == "kernel_modules" else item


def _plain(kind: str, name: str) -> str:
    """A setting's name as the manifest has it."""
    if kind == "sshd":
        return name.lower()
    return name.replace("-", "_") if kind == "kernel_module" else name


def references(controls: Iterable[Entry], own: Mapping[str, Any]) -> dict[str, list[str]]:
    """The citations of the check with those of the controls, each once."""
    found = {name: list(citations) for name, citations in own.items()}
    for control in controls:
        for name, citations in control.get("references", {}).items():
            found[name] = list(dict.fromkeys([*found.get(name, ()), *citations]))
    return found
