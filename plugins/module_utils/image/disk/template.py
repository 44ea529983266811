# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A template: the disks of one system, in the order in which the system has them.

They lie in one file, as in an OVA, or in a file and further ones that are named beside it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.digest import Digest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.ovf import MOST
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.inspection import Disk
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError

# A source as a journal tells of it: the first disk, with the further ones as ``disks``.
Source = dict[str, Any]
# A further disk as a site names it: its path, and the format where that is to be checked.
Further = tuple[str, Optional[str]]


@dataclass(frozen=True)
class Template:
    """The disks of one system; the first is the one that it boots from."""

    disks: tuple[Disk, ...]

    @property
    def path(self) -> str:
        return self.disks[0].path

    @property
    def paths(self) -> list[str]:
        """What each disk is called in sentences."""
        return [disk.path for disk in self.disks]

    @property
    def files(self) -> list[str]:
        """All files that the disks lie in, each once."""
        return list(dict.fromkeys(path for disk in self.disks for path in disk.files))

    @property
    def source(self) -> Source:
        """What a journal keeps of it."""
        first, *further = (disk.summary for disk in self.disks)
        return {**first, **({"disks": further} if further else {})}


def inspect(source: str, further: Sequence[Further] = ()) -> Template:
    """Look at a template's file and those of its further disks."""
    found = [inspection.inspect_all(source), *([_inspect(*disk)] for disk in further)]
    _require_apart(found)
    disks = [disk for together in found for disk in together]
    if len(disks) > MOST:
        raise ImageError(f"{source} has {len(disks)} disks, and a template has {MOST} at most: leave out those that belong to no system")
    return Template(tuple(disks))


def _inspect(path: str, form: str | None) -> Disk:
    """Look at the file of a further disk, which must have the format that it is said to have."""
    disk = inspection.inspect(path)
    recognised = disk.packed or disk.format
    if form and form != recognised:
        raise ImageError(f"{path} is named as {form}, but is {recognised}: correct its format, or leave it out to have it recognized")
    return disk


def _require_apart(found: Iterable[Sequence[Disk]]) -> None:
    """No file is given twice, under whichever name: two overlays over one disk would be two halves of its changes."""
    seen: set[tuple[int, int]] = set()
    for together in found:
        for file in together[0].files:
            stat = os.stat(file)
            if (stat.st_dev, stat.st_ino) in seen:
                raise ImageError(f"{file} is a disk of the template twice: name each of its disks once")
            seen.add((stat.st_dev, stat.st_ino))


def each(source: Source) -> list[Source]:
    """Every disk of a source."""
    return [source, *source.get("disks", [])]


class Digests:
    """The digests of a source's disks, taken while something else goes on; disks of one file have one."""

    def __init__(self, source: Source) -> None:
        self._disks = [(disk["path"], *disk.get("parts", [])) for disk in each(source)]
        self._taken = {files: Digest(files) for files in dict.fromkeys(self._disks)}

    def results(self) -> list[str]:
        """One for each disk, in their order."""
        return [self._taken[files].result() for files in self._disks]


def with_digests(source: Source, digests: Sequence[str]) -> Source:
    """The same source, with the digest of each disk."""
    first, *further = ({**disk, "sha256": digest} for disk, digest in zip(each(source), digests))
    return {**first, **({"disks": further} if further else {})}


def changed(source: Source, digests: Sequence[str]) -> str | None:
    """The path of a disk whose digest is another one than it was, or None."""
    return next((disk["path"] for disk, digest in zip(each(source), digests) if disk["sha256"] != digest), None)
