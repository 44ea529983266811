# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""NetworkManager, configured in a block at the end of each profile; it answers advertisements itself, whatever the kernel does.

A connection keeps its IPv4 and a link-local address. Not ``dhcp``: where no server answers, a boot would wait for it. For
an Ethernet device without a profile, for which NetworkManager makes one up, there is one of ours that is its equal but for IPv6.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.kinds import main_file
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import NOTICE, Change
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.network.managers.manager import (
    ADVERTISEMENTS,
    FORWARDING,
    Finding,
    Manager,
)
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings
from ansible_collections.hygeia.golden.plugins.module_utils.system.network import networkmanager
from ansible_collections.hygeia.golden.plugins.module_utils.system.network.networkmanager import Profile
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of

OURS = f"{networkmanager.OWN}/zz-hygeia{networkmanager.SUFFIX}"
_ANY = f"""{NOTICE}[connection]
id=Ethernet without a profile of its own
uuid=0f6d3a52-7c1e-4b58-9e55-6a2b7d1c8e04
type=ethernet
autoconnect-priority=-999
multi-connect=3

[ipv4]
method=auto

[ipv6]
method=link-local
"""
_MODE = 0o600  # others are not read
_BOUND = ("interface-name", "mac-address")
_ON = ("1", "yes", "true")
_FAMILIES = ("ipv4", "ipv6")


class NetworkManagerItself(Manager):
    unit = "NetworkManager.service"

    def changes(self, wanted: Settings, partial: bool) -> list[Change]:
        found: list[Change] = []
        for profile in networkmanager.profiles(self.host):
            if profile.path != OURS:
                found += self._profile(profile, wanted, partial)
        if ADVERTISEMENTS in wanted and networkmanager.makes_up(self.host):
            found += self.kind.install(OURS, _ANY, [ADVERTISEMENTS], _MODE)
        elif not partial and ADVERTISEMENTS not in wanted:
            found += self.kind.uninstall(OURS, [ADVERTISEMENTS])
        return found

    def _profile(self, profile: Profile, wanted: Settings, partial: bool) -> list[Change]:
        """Our block in a profile; one that the vendor has is copied to where the site's are, and changed there."""
        now = self.host.read(profile.path) or ""
        text = main_file.theirs(now)
        kept = set(networkmanager.said(main_file.block(now))) if partial else set()
        due = _block(Profile(profile.path, networkmanager.said(text)), kept, wanted)
        ours = "".join(f"[{group}]\n{key}={value}\n" for group, key, value in due)
        text = main_file.combined(text, ours, after=len(lines_of(text)))
        if not profile.path.startswith(networkmanager.VENDOR):
            return self.kind.edit(profile.path, text, list(wanted), _MODE)
        place = f"{networkmanager.OWN}/{os.path.basename(profile.path)}"
        return self.kind.install(place, text, list(wanted), _MODE) if ours and profile.uuid else []

    def found(self, setting: str) -> Iterator[Finding]:
        profiles = networkmanager.profiles(self.host)
        for profile in profiles:
            command = f"nmcli connection modify {shlex.quote(profile.name)}"
            if setting == FORWARDING and _forwards(profile):
                yield Finding(profile.path, f"{profile.path} shares the network with others: set its method with {command}")
            if setting == ADVERTISEMENTS and profile.method("ipv6") == "auto":
                why = "has NetworkManager take routes from whoever advertises them"
                yield Finding(profile.path, f"{profile.path} {why}: {command} ipv6.method link-local, dhcp or manual")
        if setting == ADVERTISEMENTS:
            yield from self._made_up(profiles)

    def _made_up(self, profiles: list[Profile]) -> Iterator[Finding]:
        """What NetworkManager does where no profile is, and where the RHEL family has scripts instead."""
        if networkmanager.makes_up(self.host) and not any(_of_any_device(profile) for profile in profiles):
            why = "makes a connection up for an Ethernet device that has none, and takes routes from whoever advertises them to it"
            yield Finding(networkmanager.OWN, f"NetworkManager {why}: add a profile for all of them to {networkmanager.OWN}")
        for path in self.host.regular(networkmanager.IFCFG):
            said = networkmanager.ifcfg(self.host.read(path) or "")
            refused = "no" in (said.get("IPV6INIT"), said.get("IPV6_AUTOCONF")) or said.get("IPV6_DISABLED") == "yes"
            if not refused and os.path.basename(path) != "ifcfg-lo" and not said.keys() & {"MASTER", "BRIDGE", "TEAM_MASTER"}:
                yield Finding(path, f"{path} has NetworkManager take routes from whoever advertises them: set IPV6_AUTOCONF=no in it")

    def keeps_an_address(self) -> bool:
        if networkmanager.makes_up(self.host) or self.host.regular(networkmanager.IFCFG):
            return True
        profiles = networkmanager.profiles(self.host)
        return any(each.method("ipv4") in ("auto", "manual", "shared") or each.method("ipv6") in ("manual", "dhcp") for each in profiles)

    def reload(self, changes: list[Change]) -> None:
        """What is active is applied anew; its IPv4 stays as it is."""
        self.ran("nmcli", "connection", "reload")
        changed = {change.target for change in changes}
        uuids = {profile.uuid for profile in networkmanager.profiles(self.host) if profile.path in changed}
        for line in lines_of(self.ran("nmcli", "--terse", "--fields", "UUID,DEVICE", "connection", "show", "--active")):
            uuid, unused_colon, device = line.partition(":")
            if uuid in uuids:
                self.ran("nmcli", "device", "reapply", device)


def _block(profile: Profile, kept: set[tuple[str, str]], wanted: Settings) -> Iterator[tuple[str, str, str]]:
    """What our block in a profile has to say, as (group, key, value)."""
    if profile.method("ipv6") == "auto" and (ADVERTISEMENTS in wanted or ("ipv6", "method") in kept):
        yield "ipv6", "method", "link-local"
    for family in _FAMILIES:
        if profile.said.get((family, "forwarding")) in _ON and (FORWARDING in wanted or (family, "forwarding") in kept):
            yield family, "forwarding", "0"


def _forwards(profile: Profile) -> bool:
    return any(profile.method(family) == "shared" or profile.said.get((family, "forwarding")) in _ON for family in _FAMILIES)


def _of_any_device(profile: Profile) -> bool:
    """Does a profile fit each Ethernet device, so that none is made up?"""
    kinds = ("ethernet", "802-3-ethernet")
    bound = any(key in _BOUND or group == "match" for group, key in profile.said)
    return profile.said.get(("connection", "type")) in kinds and not bound
