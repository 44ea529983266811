# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The bytes of a volume: written through libvirt, read back through it, and compared by their digest."""

from __future__ import annotations

import hashlib
import os
from typing import Any
from xml.sax.saxutils import escape

from ansible_collections.hygeia.golden.plugins.module_utils.publishing import libvirt_images
from ansible_collections.hygeia.golden.plugins.module_utils.publishing.libvirt_host import LibvirtError, found_or_none, libvirt

# A volume of its own bytes. What is in them is found out when the pool is looked at next.
_VOLUME = """<volume><name>{name}</name><capacity unit="bytes">{size}</capacity><allocation>0</allocation>
<target><format type="raw"/><permissions><mode>{mode}</mode></permissions></target></volume>"""
# Everybody on the host may read an image, nobody is to write to it.
_MODE = "0444"


def digest(connection: Any, volume: Any) -> str:
    """The SHA-256 of what libvirt returns for a volume."""
    found = hashlib.sha256()
    stream = connection.newStream(0)
    volume.download(stream, 0, 0, 0)
    stream.recvAll(lambda unused_stream, data, unused_opaque: found.update(data), None)
    stream.finish()
    return found.hexdigest()


def present(connection: Any, pool: Any, name: str, source: str, sha256: str, check: bool = False) -> tuple[bool, str]:
    """See to it that a volume holds the bytes of a file; whether it did not before, and the digest that was read back."""
    volume = found_or_none(pool.storageVolLookupByName, name)
    before = digest(connection, volume) if volume is not None else ""
    if before == sha256:
        return False, before
    if volume is not None:
        _require_unused(connection, pool, volume, before, sha256)
    if check:
        return True, before
    if volume is not None:
        volume.delete(0)
    return True, _uploaded(connection, pool, name, source, sha256)


def _require_unused(connection: Any, pool: Any, volume: Any, found: str, wanted: str) -> None:
    """A volume that nobody needs yet is what an interrupted upload left; any other was written to after it was published."""
    users = libvirt_images.users(connection, pool, volume)
    if users:
        raise LibvirtError(
            f"the volume {volume.name()} in the pool {pool.name()} was changed after it was published, its SHA-256 is {found} and "
            f"was {wanted}, and {', '.join(users)} uses it: find out who wrote to it, and promote and publish the image anew"
        )


def _uploaded(connection: Any, pool: Any, name: str, source: str, sha256: str) -> str:
    """The digest of what arrived; what is not what was sent does not stay."""
    with open(source, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        volume = pool.createXML(_VOLUME.format(name=escape(name), size=size, mode=_MODE), 0)
        try:
            _send(connection, volume, file, size)
            found = digest(connection, volume)
            if found != sha256:
                raise LibvirtError(
                    f"what arrived in the volume {name} is not the image, its SHA-256 is {found} and should be {sha256}: verify {source}"
                )
        except BaseException:
            volume.delete(0)
            raise
    return found


def _send(connection: Any, volume: Any, file: Any, size: int) -> None:
    stream = connection.newStream(0)
    try:
        volume.upload(stream, 0, size, 0)
        stream.sendAll(lambda unused_stream, length, opaque: opaque.read(length), file)
        stream.finish()
    except libvirt.libvirtError:
        stream.abort()
        raise
