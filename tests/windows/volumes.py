# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A volume whose files are a mapping, for tests of what is read from them: as ntfs.volume.Volume, without NTFS."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.windows.ntfs.index import Entry
from ansible_collections.hygeia.golden.plugins.module_utils.windows.reading import Memory


class Files:
    """The files of a system, by their paths, in whichever case."""

    name = "partition 1 of windows.qcow2"
    dirty = False

    def __init__(self, content):
        self.content = {path.upper(): (path, data) for path, data in content.items()}

    def read(self, path, most):
        found = self.content.get(path.upper())
        return found[1] if found and len(found[1]) <= most else None

    def open(self, path, stream=""):
        found = self.content.get(path.upper())
        return Memory(found[1], path) if found and not stream else None

    def find(self, path):
        entries = {entry.name.upper(): entry for entry in self.listed(path.rpartition("\\")[0])}
        return entries.get(path.rpartition("\\")[2].upper())

    def listed(self, path):
        path = path.strip("\\")
        below = f"{path.upper()}\\" if path else ""
        found = {}
        for where, (original, data) in self.content.items():
            if where.startswith(below):
                name, slash, unused = original[len(below) :].partition("\\")
                found[name.upper()] = Entry(name, 0, 0, bool(slash), False, len(data), 0)
        return list(found.values())
