# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The files of a system in groups: those of each package, and the others by the directory that they lie in.

Each group has a digest over all that is compared of its entries. Who knows the digests of an earlier manifest is sent the entries of
groups that differ, and nothing of the others. An entry is a list: path, type, mode, owner, group, size, content, capability and further
attributes. The content of a file is its SHA-256, whatever the package manager says of it.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.listing.ownership import Ownership
from ansible_collections.hygeia.golden.plugins.module_utils.listing.tree import SKIPPED, TYPES, UNREAD, names
from ansible_collections.hygeia.golden.plugins.module_utils.manifest.digests import Digests, key
from ansible_collections.hygeia.golden.plugins.module_utils.manifest.selection import DIGITS, FILES, Entry, Selection, line, together
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.local_files import Walk
from ansible_collections.hygeia.golden.plugins.module_utils.util.descent import Met
from ansible_collections.hygeia.golden.plugins.module_utils.util.places import OddFile, opened
from ansible_collections.hygeia.golden.plugins.module_utils.util.presentable import one_line

# How many components name the directory of files that no package owns.
_DEPTH = 2
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
_PIECE = 1 << 20
_SHA256 = 32
_CAPABILITY = "security.capability"
# A label of SELinux is compared by the policy's own tools; those of overlayfs belong to how a container is stored.
_OTHER = ("security.selinux", "trusted.overlay.", "user.overlay.")

# What of a group is kept before it is compressed.
_BUFFER = 8192


class Group:
    """The entries of one group, a line each, kept small: most groups are as they were, and nobody looks at their entries."""

    def __init__(self) -> None:
        self._digests = bytearray()
        self._packed: list[bytes] = []
        self._lines = bytearray()

    def add(self, text: bytes) -> None:
        self._digests += hashlib.sha256(text).digest()
        self._lines += text
        self._lines += b"\n"
        if len(self._lines) > _BUFFER:
            self._packed.append(zlib.compress(self._lines, 1))
            self._lines.clear()

    @property
    def digest(self) -> str:
        """A digest over the entries, in whichever order they were met."""
        return together(bytes(self._digests[place : place + _SHA256]) for place in range(0, len(self._digests), _SHA256))

    @property
    def entries(self) -> list[list[Any]]:
        text = b"".join(map(zlib.decompress, self._packed)) + self._lines
        return sorted(json.loads(each) for each in text.split(b"\n") if each)


@dataclass
class Files:
    """What was met: ``read`` says of how many files the content was read and not remembered."""

    groups: dict[str, Group] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    complete: bool = True
    read: int = 0

    def digests(self) -> dict[str, str]:
        return {name: group.digest for name, group in self.groups.items()}


class Reader:
    """Reads the files of one system, as far as they are selected."""

    def __init__(self, host: Host, selection: Selection, digests: Digests | None = None) -> None:
        self._host = host
        self._selection = selection
        self._digests = digests or Digests()
        self._owners = Ownership(host)
        self._accounts = names(host, "/etc/passwd"), names(host, "/etc/group")
        self._injected = set(host.injected.texts) if host.injected else set()
        self._account = host.injected.account.decode() if host.injected else ""

    def files(self) -> Files:
        found = Files()
        walk = Walk(self._host, left_out=self._selection.covered, skipped=SKIPPED, links=True)
        for met in walk:
            if self._selection.ignored(FILES, met.path) or self._of_the_check(met):
                continue
            entry = self._entry(met, found)
            found.groups.setdefault(self._group(met.path), Group()).add(line(entry))
        found.unread = sorted(one_line(path) for path in walk.unread)
        found.complete = not walk.ended
        return found

    def packaged(self, group: str, entries: Sequence[Sequence[Any]]) -> Iterator[str]:
        """The paths of a package's files that are what the package brought, by the digests of the package manager."""
        if group.startswith("/"):
            return
        for path, kind, content in ((entry[0], entry[1], entry[6]) for entry in entries):
            if kind == "f" and (self._owners.brought(path, content) or self._unchanged(path)):
                yield path

    def _unchanged(self, path: str) -> bool:
        try:
            handle = opened(self._host.root, path)
        except OSError:
            return False
        if handle is None:
            return False
        try:
            return self._owners.unchanged(path, handle)
        finally:
            os.close(handle)

    def _group(self, path: str) -> str:
        return self._owners.package(path) or "/" + "/".join(path.split("/")[1:-1][:_DEPTH])

    def _of_the_check(self, met: Met) -> bool:
        """Did the boot check make it: its home, its files, and directories with nothing else in them?"""
        if not self._account:
            return False
        if self._account in met.path:
            return True
        if met.path in self._injected:
            return not self._own_content(met.path)
        return met.is_directory and self._holds_injected_only(met)

    def _holds_injected_only(self, met: Met) -> bool:
        if not any(path.startswith(f"{met.path}/") for path in self._injected):
            return False
        try:
            inside = os.listdir(self._host.place(met.path))
        except OSError:
            return False
        return all(f"{met.path}/{name}" in self._injected and not self._own_content(f"{met.path}/{name}") for name in inside)

    def _own_content(self, path: str) -> bytes:
        try:
            return self._host.read_bytes(path) or b""
        except OddFile:
            return b"?"

    def _entry(self, met: Met, found: Files) -> Entry:
        about = met.found
        rights_only = self._selection.rights_only(met.path)
        content, capability, attributes = self._content(met, found, rights_only)
        return [
            one_line(met.path),
            TYPES.get(stat.S_IFMT(about.st_mode), "?"),
            stat.S_IMODE(about.st_mode),
            self._accounts[0].get(about.st_uid, str(about.st_uid)),
            self._accounts[1].get(about.st_gid, str(about.st_gid)),
            self._size(met, rights_only),
            content,
            capability,
            attributes,
        ]

    def _size(self, met: Met, rights_only: bool) -> int:
        if rights_only or not stat.S_ISREG(met.found.st_mode):
            return 0
        return len(self._own_content(met.path)) if met.path in self._injected else met.found.st_size

    def _content(self, met: Met, found: Files, rights_only: bool) -> tuple[str, str, dict[str, str]]:
        mode = met.found.st_mode
        if stat.S_ISLNK(mode):
            try:
                return ("" if rights_only else one_line(os.readlink(met.name, dir_fd=met.directory))), "", {}
            except OSError:
                return UNREAD, "", {}
        if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
            return f"{os.major(met.found.st_rdev)}:{os.minor(met.found.st_rdev)}", "", {}
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            return "", "", {}
        known = key(met.path, met.found) if stat.S_ISREG(mode) and met.path not in self._injected else b""
        digest = self._digests.get(known) if known else None
        if digest is not None:
            self._digests.keep(known, digest)
            return ("" if rights_only else digest.hex()), "", {}
        return self._opened(met, found, rights_only, known)

    def _opened(self, met: Met, found: Files, rights_only: bool, known: bytes) -> tuple[str, str, dict[str, str]]:
        try:
            handle = os.open(met.name, _FLAGS, dir_fd=met.directory)
        except OSError:
            return UNREAD, "", {}
        try:
            if stat.S_IFMT(os.fstat(handle).st_mode) != stat.S_IFMT(met.found.st_mode):
                return UNREAD, "", {}
            capability, attributes = _attributes(handle)
            if stat.S_ISDIR(met.found.st_mode):
                return "", capability, attributes
            if rights_only:
                return "", capability, attributes
            if met.path in self._injected:
                return hashlib.sha256(self._own_content(met.path)).hexdigest(), capability, attributes
            digest = _sha256(handle)
            found.read += 1
            if not capability and not attributes:
                self._digests.keep(known, digest)
            return digest.hex(), capability, attributes
        except OSError:
            return UNREAD, "", {}
        finally:
            os.close(handle)


def _sha256(handle: int) -> bytes:
    digest = hashlib.sha256()
    place = 0
    while piece := os.pread(handle, _PIECE, place):
        digest.update(piece)
        place += len(piece)
    return digest.digest()


def _attributes(handle: int) -> tuple[str, dict[str, str]]:
    """The capabilities that a program gets by a file, and its further extended attributes, each with its value or a digest of it."""
    try:
        there = [name for name in os.listxattr(handle) if not name.startswith(_OTHER)]
        values = {name: os.getxattr(handle, name) for name in there}
    except OSError:
        return "", {}  # a filesystem without any
    capability = values.pop(_CAPABILITY, b"").hex()
    return capability, {one_line(name): hashlib.sha256(value).hexdigest()[:DIGITS] for name, value in sorted(values.items())}


def differing(found: Files, known: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """The groups with their digests that are not those of an earlier manifest, and which of its groups are gone."""
    now = found.digests()
    return {name: digest for name, digest in now.items() if known.get(name) != digest}, sorted(known.keys() - now.keys())
