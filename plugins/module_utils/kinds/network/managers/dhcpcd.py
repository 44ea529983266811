# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""dhcpcd, configured in a block at the head of its one file; options for single interfaces that say otherwise are set aside."""

from __future__ import annotations

import os
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.kinds import main_file
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Change
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.network.managers.manager import ADVERTISEMENTS, Finding, Manager
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings
from ansible_collections.hygeia.golden.plugins.module_utils.system.network import dhcpcd
from ansible_collections.hygeia.golden.plugins.module_utils.system.running import network

_PIDS = "/run/dhcpcd/*.pid"


class Dhcpcd(Manager):
    unit = "dhcpcd.service"

    def changes(self, wanted: Settings, partial: bool) -> list[Change]:
        now = self.host.read(dhcpcd.PATH) or ""
        if ADVERTISEMENTS not in wanted and (partial or not main_file.block(now)):
            return []
        text = main_file.theirs(now)
        if ADVERTISEMENTS in wanted:
            aside = [option.number for option in dhcpcd.options_of(text) if option.name == "ipv6rs"]
            text = main_file.combined(text, "noipv6rs\n", aside)
        return self.kind.edit(dhcpcd.PATH, text, [ADVERTISEMENTS])

    def found(self, setting: str) -> Iterator[Finding]:
        if setting != ADVERTISEMENTS:
            return
        options = dhcpcd.options(self.host)
        why = "so dhcpcd itself takes routes from whoever advertises them"
        if dhcpcd.solicits(options):
            yield Finding(dhcpcd.PATH, f"{dhcpcd.PATH} does not say noipv6rs, {why}")
        for option in dhcpcd.soliciting(options):
            place = f"{dhcpcd.PATH}:{option.number}"
            yield Finding(place, f"{place} says {option.name} for one {option.block[0] if option.block else 'interface'}, {why}")

    def keeps_an_address(self) -> bool:
        return dhcpcd.leases(dhcpcd.options(self.host))

    def reload(self, changes: list[Change]) -> None:
        """One process serves all interfaces, or each has its own where ifupdown starts it.

        It gives up its addresses for some seconds to read its file, so it does not where it has learned nothing from routers.
        """
        if not network.advertised(self.host):
            return
        single = {os.path.basename(path)[: -len(".pid")].rsplit("-", 1)[0] for path in self.host.glob(_PIDS)} - {"pid"}
        for interface in sorted(single) or [""]:
            self.ran("dhcpcd", "--rebind", *([interface] if interface else []))
