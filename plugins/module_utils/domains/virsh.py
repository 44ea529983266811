# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One guest of one connection, asked and changed through virsh(1)."""

from __future__ import annotations

import re
from xml.etree.ElementTree import Element

from ansible_collections.hygeia.golden.plugins.module_utils.domains import definition
from ansible_collections.hygeia.golden.plugins.module_utils.domains.definition import Definition
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult, Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.safe_xml import BadXml, tree

_INACTIVE = ("shut off", "crashed", "no state")


class VirshError(Exception):
    """Why libvirt did not answer or obey, as the end of a sentence."""


def document(written: str, place: str) -> Element:
    """The XML that a command printed."""
    try:
        return tree(written)
    except BadXml as problem:
        raise VirshError(f"{place} {problem}") from problem


class Virsh:
    """A connection to libvirt; what is asked is asked of one that only reads."""

    def __init__(self, host: Host, uri: str) -> None:
        self._host = host
        self.uri = uri

    def ask(self, *words: str, stdin: str | None = None) -> str:
        """What a command prints."""
        return self._ended(self.run("--readonly", *words, stdin=stdin), words)

    def tell(self, *words: str, stdin: str | None = None) -> str:
        """Change something."""
        return self._ended(self.run(*words, stdin=stdin), words)

    def run(self, *words: str, stdin: str | None = None) -> CommandResult:
        return self._host.run(["virsh", "--quiet", "--connect", self.uri, *words], stdin=stdin, timeout=120)

    def _ended(self, ran: CommandResult, words: tuple[str, ...]) -> str:
        if not ran.ok:
            raise VirshError(f"virsh --connect {self.uri} {words[0]}: {ran.error.removeprefix('error: ').rstrip('.')}")
        return ran.out


class Guest:
    """A guest by its name or UUID."""

    def __init__(self, virsh: Virsh, name: str) -> None:
        self.virsh = virsh
        self._named = name
        said = dict(re.findall(r"^([A-Z][\w ()]*): *(.*)$", virsh.ask("dominfo", f"--domain={name}"), re.M | re.A))
        # virsh takes a number for the id of a guest that runs.
        if name not in (said.get("Name"), said.get("UUID")):
            raise VirshError(f"virsh takes {name} for the guest {said.get('Name')}; give the UUID of the guest")
        self.name, self.uuid = said["Name"], said["UUID"]
        self.running = said.get("State", "") not in _INACTIVE
        self.persistent = said.get("Persistent") == "yes"

    def live(self) -> Definition:
        """The guest as it runs."""
        return self._definition(running=True)

    def configured(self) -> Definition:
        """The guest as it will be started."""
        return self._definition("--inactive")

    def _definition(self, *options: str, running: bool = False) -> Definition:
        place = " ".join(["virsh dumpxml", self.uuid, *options])
        try:
            return definition.parse(self.virsh.ask("dumpxml", f"--domain={self.uuid}", *options), place, running)
        except BadXml as problem:
            raise VirshError(f"{place} {problem}") from problem
