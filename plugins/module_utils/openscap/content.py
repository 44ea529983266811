# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a SCAP source data stream holds: its profiles, and which of its checks ask a running system."""

from __future__ import annotations

import os
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, words_of

# What OVAL objects of these sorts ask for. A system that does not run has none of it, and whoever asks in an opened
# template is answered by the build host.
RUNNING = {
    "iflisteners": "listening sockets",
    "inetlisteningservers": "listening sockets",
    "interface": "network interfaces",
    "partition": "mounts",
    "process": "processes",
    "process58": "processes",
    "routingtable": "routes",
    "runlevel": "services",
    "selinuxboolean": "the running SELinux policy",
    "sysctl": "values of the kernel",
    "systemdunitdependency": "services",
    "systemdunitproperty": "services",
}


class ScapError(Exception):
    """Why there are no results, in one sentence that says what to do."""


class Content:
    """One data stream, and the tailoring that may come with it."""

    def __init__(self, datastream: str, tailoring: str | None = None) -> None:
        self.datastream = datastream
        self.tailoring = tailoring
        self.profiles: dict[str, str] = {}
        self._refers: dict[str, set[str]] = {}
        self._asks: dict[str, str] = {}
        if self._read(datastream, "data stream") != "data-stream-collection":
            raise ScapError(f"{datastream} is not a SCAP source data stream: name a file such as ssg-debian12-ds.xml")
        if tailoring and self._read(tailoring, "tailoring") != "Tailoring":
            raise ScapError(f"{tailoring} is not an XCCDF tailoring: name a file that autotailor or SCAP Workbench wrote, or none")

    def _read(self, path: str, what: str) -> str:
        """Take a file in; returns the name of its outermost element."""
        if not os.path.isfile(path):
            raise ScapError(f"there is no {what} {path} where oscap runs: copy it there, or correct the path")
        try:
            for unused_event, element in ElementTree.iterparse(path):
                self._take(element)
            return local(element)
        except (ElementTree.ParseError, OSError) as problem:
            raise ScapError(f"the {what} {path} cannot be read ({problem}): is it whole?") from problem

    def _take(self, element: Element) -> None:
        name, identifier = local(element), element.get("id", "")
        if name == "Profile":
            title = next((child.text for child in element if local(child) == "title"), None)
            self.profiles[identifier] = " ".join(words_of(title or ""))
        elif identifier.startswith("oval:"):
            self._refers[identifier] = _references(element) - {identifier}
            if name.endswith("_object") and name[: -len("_object")] in RUNNING:
                self._asks[identifier] = RUNNING[name[: -len("_object")]]
        if name in ("Profile", "Rule") or identifier.startswith("oval:"):
            element.clear()  # content is large, and nothing inside is wanted any more

    def profile(self, name: str) -> str:
        """The full id of a profile, which may be named by its end as in cis_level2_server."""
        ends = [known for known in self.profiles if known == name or known.endswith(f"_profile_{name}")]
        if name and name in self.profiles:
            return name
        if name and len(ends) == 1:
            return ends[0]
        known = ", ".join(full.rpartition("_profile_")[2] for full in self.profiles) or "none"
        wrong = f"has no profile {name}" if name else "needs a profile to be named"
        raise ScapError(f"{self.tailoring or self.datastream} {wrong}; choose one of {known}")

    def asks(self, definition: str) -> list[str]:
        """What the OVAL definition of a check asks of a running system, in words; nothing when files are enough."""
        seen, ahead = set(), [definition]
        while ahead:
            identifier = ahead.pop()
            if identifier not in seen:
                seen.add(identifier)
                ahead += self._refers.get(identifier, ())
        return sorted({self._asks[identifier] for identifier in seen if identifier in self._asks})


def local(element: Element) -> str:
    """The name of an element without its namespace: several versions of SCAP differ in that alone."""
    return element.tag.rpartition("}")[2]


def _references(element: Element) -> set[str]:
    """Every id that an OVAL element and what is in it name."""
    values = (value for inner in element.iter() for value in (*inner.attrib.values(), (inner.text or "").strip(BLANKS)))
    return {value for value in values if value.startswith("oval:")}
