# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reading the directory of a policy, the collection's own or a site's: its entries that are valid, and the errors in the others."""

from __future__ import annotations

import fnmatch
import glob
import os
from collections.abc import Iterator
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import document, schema
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Document, Entry, PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.spelling import suggestion

# The subdirectories in the order in which they are read, each with the schema of its files.
SECTIONS = {
    "frameworks": "framework",
    "controls": "controls",
    "checks": "checks",
    "agents": "agents",
    "platforms": "platform",
    "tenants": "tenants",
    "residue": "rules",
    "drift": "drift",
    "profiles": "profile",
    "waivers": "waivers",
}
# More files of one section are no policy that a person wrote.
_MOST_FILES = 500


class Loader:
    """Reads directories; each error is added to ``problems``."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        # The section and id of each entry that is not valid, and the sections of which a whole file is not.
        self._rejected: set[tuple[str, str]] = set()
        self._unread: set[str] = set()

    def entries(self, directory: str, check: bool) -> Iterator[tuple[str, Entry, str]]:
        """Each valid entry as (section, entry, place); without ``check`` nothing is held against a schema."""
        if not os.path.isdir(directory):
            raise PolicyError(
                f"{directory} is not a directory; a policy is a directory with controls, checks, agents, platforms, tenants, residue, drift, "
                "profiles, waivers or frameworks in it."
            )
        for section, name in SECTIONS.items():
            for path in self._paths(directory, section):
                for entry, place in self._of_file(path, section, name, check):
                    yield section, entry, place

    def may_define(self, section: str, name: str) -> bool:
        """May a name that is not known be that of an entry that was rejected? Then only that entry is to be corrected."""
        return section in self._unread or any(
            found == section and fnmatch.fnmatchcase(identifier, name) for found, identifier in self._rejected
        )

    def _paths(self, directory: str, section: str) -> list[str]:
        paths = sorted(glob.glob(os.path.join(glob.escape(directory), section, "*.y*ml")))
        if len(paths) > _MOST_FILES:
            self.problems.append(f"{directory}/{section}: there are more than {_MOST_FILES} files; put several of them into one.")
        return paths[:_MOST_FILES]

    def _of_file(self, path: str, section: str, name: str, check: bool) -> Iterator[tuple[Entry, str]]:
        read = self._read(path)
        problems, bad = schema.evaluated(read.data, name, read.place) if read and check else ([], ())
        self.problems += problems
        if not read or (None in bad and isinstance(read.data, list)):
            self._unread.add(section)
        elif isinstance(read.data, list):
            for index, entry in enumerate(read.data):
                if index in bad:
                    self._reject(section, entry, read.place(index))
                else:
                    yield entry, read.place(index)
        elif bad:
            self._reject(section, read.data, read.place())
        else:
            yield read.data, read.place()

    def _read(self, path: str) -> Document | None:
        try:
            return document.load(path)
        except PolicyError as problem:
            self.problems += str(problem).splitlines()
            return None

    def _reject(self, section: str, entry: Any, place: str) -> None:
        """An invalid entry is not used; that it exists is known, and so are its unknown kinds."""
        identifier = entry.get("id") if isinstance(entry, dict) else None
        if not isinstance(identifier, str):
            self._unread.add(section)
            return
        self._rejected.add((section, identifier))
        if section == "controls":
            self.problems += unknown_kinds(entry, place)


def unknown_kinds(control: Entry, place: str) -> Iterator[str]:
    """A control may have other errors, so nothing about its form is taken for granted."""
    # All kinds take longer to load than all controls.
    from ansible_collections.hygeia.golden.plugins.module_utils.kinds import KINDS
    from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.all import WINDOWS_KINDS

    known = {**KINDS, **WINDOWS_KINDS}
    faces = [control.get("settings"), *(control["variants"].values() if isinstance(control.get("variants"), dict) else ())]
    for kind in (kind for face in faces if isinstance(face, dict) for kind in face):
        if kind not in known:
            yield f"{place}: control {control['id']}: there is no kind {kind}; {suggestion(kind, known)}."
