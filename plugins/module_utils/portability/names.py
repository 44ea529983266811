# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files that know a network card by its MAC address or by a name that another machine does not give it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.agents.entries import NotUnderstood
from ansible_collections.hygeia.golden.plugins.module_utils.agents.formats import FORMATS
from ansible_collections.hygeia.golden.plugins.module_utils.model.answer import Answer, judged
from ansible_collections.hygeia.golden.plugins.module_utils.system.boot_menu import Start
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.network import ifupdown, networkd, networkmanager
from ansible_collections.hygeia.golden.plugins.module_utils.util.globbing import is_pattern
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of

UDEV = "/etc/udev/rules.d/*.rules"
READ_FROM = "the files of udev, systemd, NetworkManager, ifupdown and netplan below /etc"
_UDEV_ADDRESS = re.compile(r"ATTRS?\{address\}==\"([^\"]+)\"", re.A)
_NETPLAN_DEVICE = re.compile(r"network\.(ethernets|wifis)\.([^.]+)\.(.+)")
# A name that the kernel itself gives, in the order in which it finds cards, where nothing renames them.
_KERNELS_OWN = re.compile(r"eth\d+", re.A)
# What is no card: a loopback, or something that the configuration itself makes.
_MADE = re.compile(r"(lo|bond|br|vlan|dummy|docker|tun|tap|wg|veth|team)\w*(\.\d+)?|.*\.\d+", re.A)


def names(host: Host, menu: Sequence[Start]) -> Answer:
    """Every network file must fit the card of any machine."""
    found = [*_udev(host), *_links(host), *_networkd(host), *_networkmanager(host), *_ifupdown(host), *_netplan(host)]
    kept = bool(menu) and all(start.value("net.ifnames") == "0" for start in menu)
    problems = [f"{place} knows a card by {what} {value}" for place, what, value in found if not (kept and _KERNELS_OWN.fullmatch(value))]
    remedy = "match by a pattern such as en* or by type, and give addresses by DHCP or cloud-init"
    return judged(dict.fromkeys(problems), {"bound to a card": []}, {"bound to a card": sorted({f[0] for f in found})}, READ_FROM, remedy)


Binding = tuple[str, str, str]
_MAC, _NAME = "its address", "the name"


def _udev(host: Host) -> Iterator[Binding]:
    for path in host.regular(UDEV):
        for number, line in enumerate(host.lines(path), 1):
            if not line.lstrip().startswith("#"):
                yield from ((f"{path}:{number}", _MAC, address) for address in _UDEV_ADDRESS.findall(line) if not is_pattern(address))


def _links(host: Host) -> Iterator[Binding]:
    for path in host.regular("/etc/systemd/network/*.link"):
        yield from _matched(path, host.read(path) or "")


def _networkd(host: Host) -> Iterator[Binding]:
    for path in host.regular("/etc/systemd/network/*.network"):
        yield from _matched(path, host.read(path) or "")


def _matched(path: str, text: str) -> Iterator[Binding]:
    """What the section Match of a file of systemd's asks for."""
    for (section, key), value in networkd.sections(text).items():
        if section == "Match" and key in ("MACAddress", "PermanentMACAddress"):
            yield from ((path, _MAC, word) for word in words_of(value))
        elif section == "Match" and key in ("Name", "OriginalName"):
            yield from ((path, _NAME, word) for word in words_of(value) if _named(word))


def _networkmanager(host: Host) -> Iterator[Binding]:
    for profile in networkmanager.profiles(host):
        for key, what in (
            (("connection", "interface-name"), _NAME),
            (("ethernet", "mac-address"), _MAC),
            (("802-3-ethernet", "mac-address"), _MAC),
        ):
            value = profile.said.get(key, "")
            if value and (what == _MAC or _named(value)):
                yield profile.path, what, value
    for path in host.regular(networkmanager.IFCFG):
        said = networkmanager.ifcfg(host.read(path) or "")
        for name, what in (("HWADDR", _MAC), ("DEVICE", _NAME)):
            value = said.get(name, "")
            if value and (what == _MAC or _named(value)):
                yield path, what, value


def _ifupdown(host: Host) -> Iterator[Binding]:
    for stanza in ifupdown.stanzas(host):
        if _named(stanza.interface):
            yield f"{stanza.path}:{stanza.line.first}", _NAME, stanza.interface


def _netplan(host: Host) -> Iterator[Binding]:
    """A device is meant by its key, unless it says itself which one it matches (netplan(5))."""
    for path in host.regular(networkd.NETPLAN):
        try:
            pairs = list(FORMATS["yaml"](host.read(path) or ""))
        except NotUnderstood as problem:
            yield f"{path}:{problem.line}", "something that is not understood, such as", "an unusual form of YAML"
            continue
        said = [(found[2], found[3], value, line) for key, value, line in pairs for found in [_NETPLAN_DEVICE.fullmatch(key)] if found]
        matching = {device for device, key, unused_value, unused_line in said if key.startswith("match.")}
        for unused_device, key, value, line in said:
            if key == "match.macaddress":
                yield f"{path}:{line}", _MAC, value
            elif (key == "match.name" or key.startswith("match.name.")) and _named(value):
                yield f"{path}:{line}", _NAME, value
        for device in dict.fromkeys(device for device, unused_key, unused_value, unused_line in said):
            if device not in matching and _named(device):
                yield path, _NAME, device


def _named(word: str) -> bool:
    """Is this the name of one network card?"""
    return not is_pattern(word) and not word.startswith("!") and not _MADE.fullmatch(word)
