# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A definition as single values, and what differs between two of them; what libvirt itself gives a guest anew is no difference."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree.ElementTree import Element

from ansible_collections.hygeia.golden.plugins.module_utils.domains.definition import Definition
from ansible_collections.hygeia.golden.plugins.module_utils.domains.elements import attribute

# By path: {element/element[key]@attribute: value}.
Values = dict[str, str]

# What tells devices of a kind apart; others are numbered.
_KEYS = {"disk": ("target", "dev"), "interface": ("mac", "address"), "channel": ("target", "name"), "filesystem": ("target", "dir")}
# The id, names and sockets of the process, labels of its files, ports and terminals that were free, and the connection of a channel.
_ANEW = re.compile(
    r"@id|.*/alias(\b.*)?|resource/.*|seclabel.*/(label|imagelabel|baselabel)|.*/source@(index|portid)|devices/interface\[[^]]*\]/target@dev"
    r"|.*/backingStore(@.*)?|devices/channel\[[^]]*\]/(source@(mode|path)|target@state)|devices/console.*@tty|.*@(port|tlsPort|websocket)\(auto\)"
    r"|devices/(serial|parallel|console).*/source@path\(pty\)|.*/privateData.*"
)
_BOUNDS = re.compile(r"(cputune|memtune|blkiotune|numatune|memoryBacking)\b.*|vcpu@cpuset|devices/.*/(iotune|bandwidth|filterref|port)\b.*")


class Difference(NamedTuple):
    path: str
    before: str | None
    after: str | None

    def __str__(self) -> str:
        return f"{self.path} was {_shown(self.before)} and is {_shown(self.after)}"


def _shown(value: str | None) -> str:
    return "absent" if value is None else value or "empty"


def values(guest: Definition) -> Values:
    return {path: value for path, value in _below(guest.root, "") if not _ANEW.fullmatch(path)}


def _below(element: Element, path: str) -> Iterator[tuple[str, str]]:
    """A place that libvirt itself chose is marked, because one that the site chose must stay."""
    automatic = element.get("autoport") == "yes"
    for name, value in element.attrib.items():
        marked = automatic and name in ("port", "tlsPort", "websocket")
        yield f"{path}@{name}{'(auto)' if marked else ''}", value
    content = (element.text or "").strip()
    if content or (not element.attrib and not len(element) and path):
        yield path, content
    numbers: dict[str, int] = {}
    for child in element:
        numbers[child.tag] = numbers.get(child.tag, 0) + 1
        below = "/".join(filter(None, (path, _step(child, element, numbers[child.tag]))))
        for found, value in _below(child, below):
            marked = found == f"{below}@path" and child.tag == "source" and element.get("type") == "pty"
            yield (f"{found}(pty)" if marked else found), value


def _step(element: Element, parent: Element, number: int) -> str:
    """The tag, with what tells the element from its siblings where it has any."""
    key = attribute(element, *_KEYS[element.tag]) if element.tag in _KEYS else ""
    if element.tag == "controller":
        key = f"{element.get('type', '')} {element.get('index', '')}"
    several = len(parent.findall(element.tag)) > 1
    return f"{element.tag}[{key or number}]" if key or several else element.tag


def differences(before: Values, after: Values) -> tuple[list[Difference], list[Difference]]:
    """Those of the definition, and those of its bounds."""
    paths = [*before, *(path for path in after if path not in before)]
    found = [Difference(path, before.get(path), after.get(path)) for path in paths if before.get(path) != after.get(path)]
    return [one for one in found if not _BOUNDS.fullmatch(one.path)], [one for one in found if _BOUNDS.fullmatch(one.path)]
