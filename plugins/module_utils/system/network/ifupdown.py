# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The stanzas of interfaces(5), by which ifupdown sets up a network, in the order in which it reads them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.logical_lines import Line
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of, words_of

PATH = "/etc/network/interfaces"

# Commands, of which every one is run; every other option has one value.
COMMANDS = ("pre-up", "up", "post-up", "down", "pre-down", "post-down")
_NAME = re.compile(r"[A-Za-z0-9_-]+\Z")
# What begins something else than an option of a stanza.
_OTHERS = ("mapping", "auto", "no-auto-down", "no-scripts", "rename")
# Methods that tell the kernel how to treat advertisements, and what they tell it by themselves.
_TELLING = {"auto": "2", "dhcp": "1", "static": "0"}
# Methods by which an interface has no address of its own, or one that others on the network do not reach.
_WITHOUT = {"inet": ("manual", "loopback"), "inet6": ("manual", "loopback", "auto", "dhcp")}


@dataclass(frozen=True)
class Option:
    """An option of a stanza, and where it stands."""

    name: str
    value: str
    line: Line


@dataclass(frozen=True)
class Stanza:
    """What one ``iface`` line begins; ``inherited`` is the stanza whose options come before its own."""

    path: str
    line: Line
    interface: str
    family: str
    method: str
    inherited: Stanza | None = None
    options: list[Option] = field(default_factory=list)

    def values(self, name: str) -> list[str]:
        """The values of an option, from the template on; ifupdown's command uses the first."""
        return (self.inherited.values(name) if self.inherited else []) + [option.value for option in self.options if option.name == name]

    @property
    def advertised(self) -> bool:
        """Is the kernel configured to take what routers advertise?"""
        said = [*self.values("accept_ra"), _TELLING.get(self.method)]
        return self.family == "inet6" and self.method in _TELLING and said[0] != "0"

    @property
    def keeps_an_address(self) -> bool:
        """Does its interface have an address, whatever routers advertise?"""
        return self.method not in _WITHOUT.get(self.family, (self.method,))


def stanzas(host: Host) -> list[Stanza]:
    """All stanzas of the system."""
    found: list[Stanza] = []
    _read(host, PATH, found, set())
    return found


def _read(host: Host, path: str, found: list[Stanza], seen: set[str]) -> None:
    """The stanzas of a file and of those that it names; what cannot be understood ends it, as it ends ifupdown's own reading."""
    if path in seen:
        return
    seen.add(path)
    stanza, mapping = None, False
    for line in logical(host.read(path) or ""):
        word, *rest = words_of(line.text, cuts=1)
        value = rest[0] if rest else ""
        if word == "iface":
            stanza, mapping = _stanza(path, line, found), False
            if stanza is None:
                return
            found.append(stanza)
        elif word == "source" or word.startswith("source-dir"):
            for named in _named(host, path, value, word == "source"):
                _read(host, named, found, seen)
            stanza, mapping = None, False
        elif word in _OTHERS or (word.startswith("allow-") and word != "allow-"):
            # Without a name they speak of the interface whose stanza it is.
            stanza = stanza if not value and word not in ("mapping", "rename") else None
            mapping = word == "mapping"
        elif not mapping:
            if stanza is None or not value:
                return
            stanza.options.append(Option(word, value, line))


def logical(text: str) -> Iterator[Line]:
    """The lines that say something; a comment never goes on in the next line."""
    lines = lines_of(text)
    number = 0
    while number < len(lines):
        first, said = number, lines[number].lstrip(BLANKS)
        number += 1
        if said.startswith("#"):
            continue
        while said.endswith("\\"):  # at the end of the file too, where nothing follows
            said = said[:-1] + "".join(lines[number : number + 1])
            number += 1
        if words_of(said):
            yield Line(first + 1, min(number, len(lines)), said.rstrip(BLANKS))


def _stanza(path: str, line: Line, found: list[Stanza]) -> Stanza | None:
    """The stanza that a line begins; None where ifupdown would give up."""
    words = words_of(line.text)[1:]
    inherits = words.index("inherits") if "inherits" in words[1:4] else None
    interface, family, method = [*words[:inherits], "", "", ""][:3]
    template = None
    if inherits is not None:
        name = words[inherits + 1 : inherits + 2]
        template = next((each for each in found if [each.interface] == name and family in ("", each.family)), None)
        if template is None:
            return None
        family, method = family or template.family, method or template.method
    return Stanza(path, line, interface, family, method, template) if method else None


def _named(host: Host, path: str, value: str, files: bool) -> Iterator[str]:
    """The files that a file names; in a directory those with a plain name."""
    for word in words_of(value):
        pattern = os.path.normpath(os.path.join(os.path.dirname(path), word))
        if files:
            yield from host.files(pattern)
            continue
        for directory in host.glob(pattern):
            yield from (each for each in host.files(f"{directory}/*") if _NAME.match(os.path.basename(each)))
