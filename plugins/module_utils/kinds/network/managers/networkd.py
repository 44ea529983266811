# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""systemd-networkd, configured in a drop-in for each of its files and for those that netplan makes of its own."""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import NOTICE, Change
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.network.managers.manager import (
    ADVERTISEMENTS,
    FORWARDING,
    Finding,
    Manager,
)
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings
from ansible_collections.hygeia.golden.plugins.module_utils.system.network import networkd

OURS = "zz-hygeia.conf"
# With router advertisements networkd takes redirects too, and leaves both to nobody.
ACCEPT = "IPv6AcceptRA"


class Networkd(Manager):
    unit = "systemd-networkd.service"

    def changes(self, wanted: Settings, partial: bool) -> list[Change]:
        found: list[Change] = []
        for name in networkd.names(self.host):
            place = f"{networkd.DIRECTORIES[0]}/{name}.d/{OURS}"
            said = networkd.said(self.host.read(place) or "")
            keys = {key: "no" for key in said if partial or _setting(key) in wanted}
            keys.update({ACCEPT: "no"} if ADVERTISEMENTS in wanted else {})
            keys.update({key: "no" for key in networkd.forwarding(self.host, name) if FORWARDING in wanted})
            lines = "".join(f"{key}={keys[key]}\n" for key in sorted(keys))
            text = f"{NOTICE}[Network]\n{lines}"
            found += self.kind.install(place, text, list(wanted)) if keys else self.kind.uninstall(place, list(wanted))
        return found

    def found(self, setting: str) -> Iterator[Finding]:
        for name in networkd.names(self.host):
            if setting == FORWARDING:
                for key in networkd.forwarding(self.host, name):
                    place = networkd.last(self.host, name, key)[1]
                    yield Finding(place, f"{place} has systemd-networkd pass packets on ({key})")
                continue
            value, place = networkd.last(self.host, name, ACCEPT)
            if value.lower() not in networkd.NO:
                place = place or next((path for path, unused in networkd.texts(self.host, name)), f"{networkd.DIRECTORIES[0]}/{name}")
                why = "so systemd-networkd itself takes routes from whoever advertises them"
                yield Finding(place, f"{place} does not say {ACCEPT}=no, {why}")

    def keeps_an_address(self) -> bool:
        return any(networkd.keeps_an_address(self.host, name) for name in networkd.names(self.host))

    def reload(self, changes: list[Change]) -> None:
        self.ran("networkctl", "reload")


def _setting(key: str) -> str:
    return FORWARDING if key in networkd.FORWARDS else ADVERTISEMENTS
