# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the libvirt of a host says of its guests, networks and pools, by virsh(1).

The connection only reads (``virsh --readonly``): libvirt refuses to show a password on it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar
from xml.etree.ElementTree import Element

from ansible_collections.hygeia.golden.plugins.module_utils.domains import definition, pool
from ansible_collections.hygeia.golden.plugins.module_utils.domains.definition import Definition
from ansible_collections.hygeia.golden.plugins.module_utils.domains.elements import attribute, switched_on, text
from ansible_collections.hygeia.golden.plugins.module_utils.domains.pool import Pool
from ansible_collections.hygeia.golden.plugins.module_utils.domains.virsh import VirshError, document
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.safe_xml import BadXml, tree
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import words_of

# What stands behind each answer, an empty one too: XML has no such line.
_END = "<<<end>>>"
# One virsh answers so many questions, which is what fits into an argument (execve(2)); each costs a connection otherwise.
_AT_ONCE = 1000


Found = TypeVar("Found")


@dataclass(frozen=True)
class Network:
    """A virtual network; ``forward`` is nat, route, bridge and so on, and empty for one that leads nowhere."""

    name: str
    bridge: str
    forward: str
    isolated: bool
    # The directions that each port group bounds for its interfaces; the one for interfaces without a group has no name.
    portgroups: dict[str, frozenset[str]]


class Libvirt:
    """The guests of one connection."""

    def __init__(self, host: Host, uri: str) -> None:
        self._host = host
        self.uri = uri

    @cached_property
    def definitions(self) -> list[Definition]:
        """Every guest, as it runs, or else as it will be started."""
        names = self._names("list --all --uuid")
        return self._read("dumpxml --domain", names, definition.parse, "list --all --uuid")

    @cached_property
    def networks(self) -> dict[str, Network]:
        names = self._names("net-list --all --uuid")
        found = self._read("net-dumpxml --network", names, _network, "net-list --all --uuid")
        return {network.name: network for network in found}

    @cached_property
    def pools(self) -> list[Pool]:
        names = self._names("pool-list --all --uuid")
        return self._read("pool-dumpxml --pool", names, _pool, "pool-list --all --uuid")

    @cached_property
    def security_models(self) -> list[str]:
        """The drivers that confine guests, such as apparmor, selinux and dac."""
        (written,) = self._ask(["capabilities"])
        return [text(model, "model") for model in document(written, "virsh capabilities").findall("host/secmodel")]

    def _names(self, listing: str) -> list[str]:
        """Names without blanks: UUIDs."""
        (printed,) = self._ask([listing])
        return words_of(printed)

    def _read(self, question: str, names: list[str], parse: Callable[[str, str], Found], listing: str) -> list[Found]:
        """The things of these names; one that went away meanwhile is passed over."""
        answers = dict(zip(names, self._ask([f"{question} {name}" for name in names])))
        silent = [name for name, answer in answers.items() if not answer]
        if silent and set(silent) & set(self._names(listing)):
            raise VirshError(f"virsh {question} {silent[0]} printed nothing; ask libvirt for the reason with the same command")
        found = []
        for name, answer in answers.items():
            if answer:
                place = f"virsh {question} {name}"
                try:
                    found.append(parse(answer, place))
                except BadXml as problem:
                    raise VirshError(f"{place} {problem}") from problem
        return found

    def _ask(self, questions: Sequence[str]) -> list[str]:
        answers: list[str] = []
        for start in range(0, len(questions), _AT_ONCE):
            several = questions[start : start + _AT_ONCE]
            script = "; ".join(f"{question}; echo '{_END}'" for question in several)
            ran = self._host.run(["virsh", "--readonly", "--quiet", "--connect", self.uri, script], timeout=300)
            *pieces, unused_rest = (piece.strip() for piece in ran.out.split(_END))
            if len(pieces) != len(several):
                raise VirshError(f"virsh --connect {self.uri} {several[0]}: {ran.error}")
            answers += pieces
        return answers


def _network(written: str, unused_place: str) -> Network:
    root = tree(written)
    forward = root.find("forward")
    return Network(
        text(root, "name"),
        attribute(root, "bridge", "name"),
        "" if forward is None else forward.get("mode", "nat"),
        switched_on(attribute(root, "port", "isolated")),
        {name: _limits(group) for group in root.findall("portgroup") for name in _names(group)},
    )


def _names(group: Element) -> list[str]:
    return [group.get("name", ""), *([""] if switched_on(group.get("default")) else [])]


def _limits(group: Element) -> frozenset[str]:
    return frozenset(child.tag for child in group.findall("bandwidth/*"))


def _pool(written: str, unused_place: str) -> Pool:
    return pool.of(tree(written))
