# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which files are as their package brought them, by the digests that the package manager keeps.

dpkg keeps MD5 sums, of files in ``info/*.md5sums`` and of configuration files in its status file; rpm answers with the digests of
its database, which today are of SHA-256. They lie on the same disk, so they tell what was added or changed later, and not what a
careful intruder did. What Python compiled from such a file when the package was installed is no package's, and says nothing that the
file does not say.
"""

from __future__ import annotations

import hashlib
import os
import re
import struct
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import PROGRAM
from ansible_collections.hygeia.golden.plugins.module_utils.system.packages import rpm
from ansible_collections.hygeia.golden.plugins.module_utils.system.packages.dpkg import STATUS
from ansible_collections.hygeia.golden.plugins.module_utils.util import places
from ansible_collections.hygeia.golden.plugins.module_utils.util.places import OddFile
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

SUMS = "/var/lib/dpkg/info/*.md5sums"
_SUM = re.compile(r"(?P<digest>[0-9a-f]{32})  (?P<path>.+)", re.A)
_CONFFILE = re.compile(r"^ (?P<path>/\S.*?) (?P<digest>[0-9a-f]{32})(?: obsolete)?$", re.M | re.A)
# Directories that are links into /usr on a merged system, while packages still name files by them.
_MERGED = ("bin", "sbin", "lib", "lib32", "lib64", "libx32", "libo32")
_PIECE = 1 << 20
_COMPILED = re.compile(r"(?P<directory>/.+)/__pycache__/(?P<name>[^/]+)\.[a-z]+-\d+(?:\.opt-\d)?\.pyc", re.A)
_HEADER = struct.Struct("<4sIII")
_ASK = ["rpm", "-qa", "--queryformat", "[%{FILEDIGESTS} %{FILENAMES}\\n]"]
_ANSWER = re.compile(r"(?P<digest>[0-9a-f]{32,128}) (?P<path>/.+)", re.A)
# What made a digest, by the number of its digits.
_ALGORITHMS = {32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}


class OwnedFiles:
    """The digest of each file that a package brought, by the path at which it really lies."""

    def __init__(self, host: Host) -> None:
        self._host = host
        real = real_paths(host)
        known = _rpm(host) if rpm.serves(host) else _dpkg(host)
        self._digests = {real(path): digest for path, digest in known}

    def __len__(self) -> int:
        return len(self._digests)

    def unchanged(self, path: str, handle: int) -> bool:
        """Is an open file of this path what its package brought, or compiled from that?"""
        compiled = _COMPILED.fullmatch(path) if path not in self._digests else None
        if compiled:
            return self._compiled(handle, f"{compiled['directory']}/{compiled['name']}.py")
        expected = self._digests.get(path)
        algorithm = _ALGORITHMS.get(len(expected or ""))
        return algorithm is not None and _digest(handle, algorithm) == expected

    def _compiled(self, handle: int, source: str) -> bool:
        """Does a compiled file name the time and the size of a source that is as its package brought it (PEP 552)?"""
        head = os.pread(handle, _HEADER.size, 0)
        opened = places.opened(self._host.root, source) if source in self._digests and len(head) == _HEADER.size else None
        if opened is None:
            return False
        try:
            found = os.fstat(opened)
            unused_magic, flags, modified, size = _HEADER.unpack(head)
            # The kernel's time has more digits and more years than the header has.
            same = (flags, modified, size) == (0, int(found.st_mtime) & 0xFFFFFFFF, found.st_size & 0xFFFFFFFF)
            return same and self.unchanged(source, opened)
        finally:
            os.close(opened)


def real_paths(host: Host) -> Callable[[str], str]:
    """How a file that a package names is really called: on a merged system, packages still name files by links."""
    merged = tuple(f"/{name}/" for name in _MERGED if os.path.islink(host.entry(f"/{name}")))
    return lambda path: f"/usr{path}" if path.startswith(merged) else path


def _dpkg(host: Host) -> Iterator[tuple[str, str]]:
    """The files of Debian's packages with their sums."""
    for conffile in _CONFFILE.finditer(_text(host, STATUS)):
        yield conffile["path"], conffile["digest"]
    for listing in host.glob(SUMS):
        for line in lines_of(_text(host, listing)):
            found = _SUM.fullmatch(line)
            if found:
                yield f"/{found['path']}", found["digest"]


def _rpm(host: Host) -> Iterator[tuple[str, str]]:
    """The files of rpm's packages with their digests; where rpm gives none, no file counts as unchanged."""
    ran = host.run(_ASK)
    for line in lines_of(ran.out) if ran.ok else ():
        found = _ANSWER.fullmatch(line)
        if found:
            yield found["path"], found["digest"]


def _text(host: Host, path: str) -> str:
    """What is in a file of dpkg's; of one that cannot be read nothing, and then no file counts as unchanged for its sake."""
    try:
        return host.read(path, PROGRAM) or ""
    except OddFile:
        return ""


def _digest(handle: int, algorithm: str) -> str:
    """The digest of an open file, which stays where it was in it."""
    digest = hashlib.new(algorithm, usedforsecurity=False)
    place = 0
    while True:
        piece = os.pread(handle, _PIECE, place)
        if not piece:
            return digest.hexdigest()
        digest.update(piece)
        place += len(piece)
