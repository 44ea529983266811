# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The configuration of dhcpcd, as dhcpcd.conf(5) has it: options for every interface, and blocks of them for some."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of

PATH = "/etc/dhcpcd.conf"

_BLOCKS = ("interface", "ssid", "profile")
_BLANKS = " \t"
# What an option says of IPv6 as a whole, and of soliciting routers.
_IPV6 = {"ipv6": True, "ipv6only": True, "dhcp6": True, "noipv6": False, "ipv4only": False}
_SOLICITS = {"ipv6rs": True, "noipv6rs": False}
_IPV4 = {"ipv4": True, "ipv4only": True, "dhcp": True, "noipv4": False, "ipv6only": False}


@dataclass(frozen=True)
class Option:
    """One line: its number, the block that it is in as ``(kind, name)`` or nothing, and what it sets."""

    number: int
    block: tuple[str, str] | None
    name: str
    value: str


def options(host: Host) -> list[Option]:
    return options_of(host.read(PATH) or "")


def options_of(text: str) -> list[Option]:
    return list(_options(text))


def _options(text: str) -> Iterator[Option]:
    block = None
    for number, line in enumerate(lines_of(text), 1):
        name, value = _parted(line)
        if name in _BLOCKS:
            block = (name, value)
        elif name:
            yield Option(number, block, name, value)


def _parted(line: str) -> tuple[str, str]:
    """The name and the value of a line, which one blank parts; a comment begins anywhere but in quotes or after a backslash."""
    line = line.lstrip(_BLANKS)
    if line[:1] == ";":
        return "", ""
    quoted, place = False, 0
    while place < len(line) and (line[place] != "#" or quoted):
        quoted ^= line[place] == '"'
        place += 2 if line[place] == "\\" else 1
    line = line[:place]
    ends = [line.find(blank) for blank in _BLANKS if blank in line]
    end = min(ends) if ends else len(line)
    return line[:end], line[end:].strip(_BLANKS)


def solicits(found: list[Option], interface: str = "") -> bool:
    """Does dhcpcd take what routers advertise on an interface that no block names, or on the one with this name?"""
    said = [option for option in found if option.block in (None, ("interface", interface))]
    return _last(said, _IPV6) and _last(said, _SOLICITS)


def soliciting(found: list[Option]) -> Iterator[Option]:
    """The options because of which some interface takes what routers advertise, though others do not."""
    for option in found:
        if option.block and option.block[0] != "interface" and _SOLICITS.get(option.name):
            yield option  # which network or profile it will be is not known before
        elif option.block and solicits(found, option.block[1]) and (_SOLICITS.get(option.name) or _IPV6.get(option.name)):
            yield option


def leases(found: list[Option]) -> bool:
    """Has some interface an IPv4 address from it?"""
    return _last([option for option in found if option.block is None], _IPV4)


def _last(said: list[Option], meanings: dict[str, bool]) -> bool:
    return next((meanings[option.name] for option in reversed(said) if option.name in meanings), True)
