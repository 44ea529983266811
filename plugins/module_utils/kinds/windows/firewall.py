# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The firewall, as ``{public.enabled: true, public.inbound: block}``, for the profiles domain, private and public.

- ``enabled``, ``inbound`` and ``outbound`` (block or allow), ``notify``, ``local_rules``;
- ``log_dropped``, ``log_allowed``, ``log_size`` (in KiB), ``log_path``.

A policy has the last word, then what is set locally, then what Windows does by itself. ``inbound_ports`` are the ports that an
enabled rule opens to everybody, each as ``NUMBER/tcp`` or ``NUMBER/udp``: those that are tolerated.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.base import WindowsKind, evaluated
from ansible_collections.hygeia.golden.plugins.module_utils.windows import firewall

PORTS = "inbound_ports"


class WindowsFirewall(WindowsKind):
    name = "windows_firewall"
    names = (*(f"{profile}.{field}" for profile in firewall.PROFILES for field in firewall.FIELDS), PORTS)

    def look(self, name: str, wanted: Mapping[str, Any]) -> Observation:
        if name == PORTS:
            return evaluated(wanted, firewall.open_ports(self.system.registry), firewall.RULES, "the list of ports that rules open")
        profile, unused_dot, field = name.partition(".")
        value, place = firewall.effective(self.system.registry, profile, field)
        return evaluated(wanted, value, place, f"{field.replace('_', ' ')} of the {profile} profile of the firewall")
