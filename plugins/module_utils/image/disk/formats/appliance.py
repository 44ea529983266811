# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An OVA, or an OVF with its files beside it: its digests are checked, and its disks are read where they lie."""

from __future__ import annotations

import hashlib
import os
import re
from typing import Callable

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats import archive, ovf
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.window import SECTOR, Window

_DIGEST = re.compile(r"(SHA1|SHA256|SHA512)\s?\(([^()\r\n]+)\)\s?=\s?([0-9a-fA-F]+)\s*", re.A)
_LONGEST = 64 << 10
_BLOCK = 1 << 20
_ANEW = "export it anew"


def in_archive(ova: Window) -> tuple[list[Window], dict[str, str]]:
    """The disks in an OVA, and what the machine is made of."""
    files = archive.files(ova)
    descriptions = [name for name in files if name.lower().endswith(".ovf")]
    if not descriptions:
        raise ova.refused(
            "is a tar archive without an OVF, and no disk image",
            "unpack it with 'tar -xf' and convert the disk in it with 'qemu-img convert -O qcow2' first",
        )
    if len(descriptions) > 1:
        raise ova.refused(f"holds {len(descriptions)} descriptions", _ANEW)

    def find(name: str) -> Window:
        if name not in files:
            raise ova.refused(f"names {name}, which it does not hold", _ANEW)
        return files[name]

    disks, unused_files, machine = _disks(ova, descriptions[0], find, [name for name in files if name.lower().endswith(".mf")])
    if any(disk.size % SECTOR for disk in disks):
        raise ova.damaged("its disk is cut off")
    return disks, machine


def beside(description: Window) -> tuple[list[Window], tuple[str, ...], dict[str, str]]:
    """The disks beside an OVF, the files that belong to it without those, and what the machine is made of."""
    directory, own = os.path.split(description.path)

    def find(name: str) -> Window:
        if "/" in name or "\\" in name or "\0" in name or name in ("", ".", ".."):
            raise description.refused(f"names the file {name}, which is not in its own directory", "put all files of it into one directory")
        return Window.whole(os.path.join(directory, name))

    manifest = os.path.splitext(own)[0] + ".mf"
    return _disks(description, own, find, [manifest] if os.path.lexists(os.path.join(directory, manifest)) else [])


def _disks(
    whole: Window, description: str, find: Callable[[str], Window], manifests: list[str]
) -> tuple[list[Window], tuple[str, ...], dict[str, str]]:
    names, machine = ovf.disks_of(find(description))
    disks = list(map(find, names))
    if manifests:
        _require_digests(whole, find(manifests[0]), find, {description, *names})
    return disks, tuple(find(file).path for file in (description, *manifests[:1])), machine


def _require_digests(whole: Window, manifest: Window, find: Callable[[str], Window], wanted: set[str]) -> None:
    """Each file that the manifest names has the digest that it tells, and those that are read are named."""
    if manifest.size > _LONGEST:
        raise whole.damaged("its manifest is longer than any")
    named = set()
    for line in manifest.read(0, manifest.size).decode("utf-8", "surrogateescape").splitlines():
        if not line.strip():
            continue
        match = _DIGEST.fullmatch(line.strip())
        if not match:
            raise whole.refused(f"has the line {line.strip()[:80]!r} in its manifest, which is not understood", _ANEW)
        kind, name, expected = match.groups()
        if _digest(kind.lower(), find(name)) != expected.lower():
            raise whole.damaged(f"{name} has not the {kind} that its manifest tells")
        named.add(name)
    if wanted - named:
        raise whole.refused(f"has a manifest without {' and '.join(sorted(wanted - named))}", _ANEW)


def _digest(kind: str, file: Window) -> str:
    digest = hashlib.new(kind)
    for at in range(0, file.size, _BLOCK):
        digest.update(file.read(at, min(_BLOCK, file.size - at)))
    return digest.hexdigest()
