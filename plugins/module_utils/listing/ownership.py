# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which package a file belongs to, and whether it is what the package brought, for dpkg and for rpm."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cached_property

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import PROGRAM, Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.packages import rpm
from ansible_collections.hygeia.golden.plugins.module_utils.system.packages.owned_files import OwnedFiles, real_paths
from ansible_collections.hygeia.golden.plugins.module_utils.util.places import OddFile
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of

_LISTS = "/var/lib/dpkg/info/*.list"
# PACKAGE.list, or PACKAGE:ARCHITECTURE.list where several architectures of a package may be installed.
_NAME = re.compile(r"(?P<package>[^/:]+)(?::[^/]+)?\.list$")
_RPM = ["rpm", "-qa", "--queryformat", "[%{=NAME} %{FILEDIGESTS} %{FILENAMES}\\n]"]
# Of a file without content, such as a directory, rpm leaves the place of the digest empty.
_RPM_LINE = re.compile(r"(?P<package>\S+) (?P<digest>[0-9a-f]*) (?P<path>/.*)", re.A)


class Ownership:
    """The packages of a system by the files that they brought."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._by_rpm = rpm.serves(host)
        self._sums: dict[str, str] = {}
        self._packages = dict(self._read_rpm(host) if self._by_rpm else _read_dpkg(host))

    @cached_property
    def _owned(self) -> OwnedFiles | None:
        return None if self._by_rpm else OwnedFiles(self._host)

    def package(self, path: str) -> str:
        return self._packages.get(path, "")

    def unchanged(self, path: str, handle: int) -> bool:
        """Is an open file what its package brought? Where the digests are SHA-256, see ``brought``."""
        return self._owned is not None and self._owned.unchanged(path, handle)

    def brought(self, path: str, sha256: str) -> bool:
        return self._sums.get(path) == sha256

    def _read_rpm(self, host: Host) -> Iterator[tuple[str, str]]:
        ran = host.run(_RPM)
        if not ran.ok:
            raise rpm.RpmError(f"rpm does not say which files its packages brought: {ran.error}")
        real = real_paths(host)
        for found in filter(None, map(_RPM_LINE.fullmatch, lines_of(ran.out))):
            path = real(found["path"])
            yield path, found["package"]
            self._sums[path] = found["digest"]


def _read_dpkg(host: Host) -> Iterator[tuple[str, str]]:
    real = real_paths(host)
    for listing in host.glob(_LISTS):
        named = _NAME.fullmatch(os.path.basename(listing))
        for path in lines_of(_text(host, listing)) if named else ():
            yield real(path), named["package"] if named else ""


def _text(host: Host, path: str) -> str:
    """What is in a list of dpkg's; the files of one that cannot be read belong to no package."""
    try:
        return host.read(path, PROGRAM) or ""
    except OddFile:
        return ""
