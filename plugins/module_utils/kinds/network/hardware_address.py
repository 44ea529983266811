# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Network profiles that name a hardware address, as ``{profiles: []}``: they would fit one machine and no copy of it.

The list names files that may. NetworkManager's key files and the network scripts of the RHEL family are complete without
such a line, which is removed. In netplan and systemd-networkd the address is how a device is found, so only their author can
say what shall find it instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Change, Kind, Observation, Observations, Plan, Refusal
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.presentable import shortened
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of

_ADDRESS = r"(?:[0-9A-Fa-f]{1,2}[:-]){5,19}[0-9A-Fa-f]{1,2}"
# Where profiles are, what names an address there, and whether the profile is complete without that line.
_FORMATS = (
    ("/etc/NetworkManager/system-connections/*", re.compile(rf"\s*(?:cloned-)?mac-address\s*=\s*{_ADDRESS}\s*", re.A), True),
    ("/etc/sysconfig/network-scripts/ifcfg-*", re.compile(rf"\s*(?:HWADDR|MACADDR)=[\"']?{_ADDRESS}[\"']?\s*", re.A), True),
    ("/etc/netplan/*.yaml", re.compile(rf"[^#]*\bmacaddress[\"']?\s*:\s*[\"']?{_ADDRESS}.*", re.A), False),
    ("/etc/systemd/network/*", re.compile(rf"\s*(?:Permanent)?MACAddress\s*=.*{_ADDRESS}.*", re.A), False),
)
NAME = "profiles"
_SHOWN = 3


@dataclass(frozen=True)
class Profile:
    """A file with its lines that name an address."""

    path: str
    text: str
    numbers: tuple[int, ...]
    removable: bool

    @property
    def lines(self) -> str:
        lines = lines_of(self.text)
        return "".join(f"{lines[number]}\n" for number in self.numbers)

    @property
    def without(self) -> str:
        lines = lines_of(self.text)
        return "".join(f"{line}\n" for number, line in enumerate(lines) if number not in self.numbers)


class HardwareAddress(Kind):
    name = "hardware_address"

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        plan = Plan()
        for profile in self._profiles(wanted):
            if profile.removable:
                plan.changes.append(self._removal(profile))
            else:
                why = f"{profile.path} finds a device by its hardware address: match it by name or driver instead, as only you can decide"
                plan.refusals.append(Refusal(frozenset([NAME]), why))
        return plan

    def _removal(self, profile: Profile) -> Change:
        """The lines alone are shown, for such a file may hold the key of a wireless network."""
        return Change(profile.path, profile.lines, "", frozenset([NAME]), lambda: self.host.edit(profile.path, profile.without))

    def observe(self, wanted: Settings) -> Observations:
        found = [profile.path for profile in self._profiles(wanted)]
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        verb = "name" if len(found) > 1 else "names"
        message = f"{', '.join(map(shortened, found[:_SHOWN]))}{more} {verb} a hardware address" if found else ""
        return {name: Observation(found, "the network profiles", message) for name in wanted}

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        """What is observed is what nobody has allowed."""
        return not value

    def _profiles(self, wanted: Settings) -> Iterator[Profile]:
        _check(wanted)
        allowed = wanted.get(NAME, [])
        for pattern, line, removable in _FORMATS:
            for path in self.host.regular(pattern):
                text = self.host.read(path) or ""
                numbers = tuple(number for number, each in enumerate(lines_of(text)) if line.fullmatch(each))
                if numbers and path not in allowed:
                    yield Profile(path, text, numbers, removable)


def _check(wanted: Settings) -> None:
    """Raise BadSetting for what means nothing."""
    for name, value in wanted.items():
        if name != NAME:
            raise BadSetting(f"hardware_address: there is no {name}; known is {NAME}")
        if not isinstance(value, list) or not all(isinstance(path, str) and path.startswith("/") for path in value):
            raise BadSetting(f"hardware_address: {NAME} is a list of files that may name an address, not {value!r}")
