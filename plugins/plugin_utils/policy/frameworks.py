# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The frameworks alone, from the collection and from a site's own directories, for whoever only wants to know citations."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import parsed, schema
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import BASELINE
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry, PolicyError, load

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Document


def frameworks(directories: Sequence[str] = ()) -> dict[str, Entry]:
    """Every framework by its id; as everywhere, a later directory replaces nothing."""
    found: dict[str, Entry] = {}
    for directory in (BASELINE, *(os.path.abspath(os.path.expanduser(directory)) for directory in directories)):
        for path in sorted(glob.glob(os.path.join(glob.escape(directory), "frameworks", "*.y*ml"))):
            document = load(path)
            if directory != BASELINE:
                _demand(document)
            framework = {"pattern": "", "citations": {}, "os": [], **document.data}
            found.setdefault(framework["id"], framework)
    parsed.keep()
    return found


def meant_for(known: Mapping[str, Entry], systems: Sequence[str]) -> dict[str, Entry]:
    """Those of the frameworks that are about a system of these names; where none is known, nothing is left out."""
    return {name: each for name, each in known.items() if not (each["os"] and systems) or set(each["os"]) & set(systems)}


def _demand(document: Document) -> None:
    problems = schema.problems(document.data, "framework", document.place)
    if problems:
        raise PolicyError(*problems)
