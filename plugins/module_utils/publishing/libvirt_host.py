# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A connection to libvirt, and its errors as sentences."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

try:
    import libvirt
except ImportError:
    libvirt = None


class LibvirtError(Exception):
    """Something that keeps an image from being published; the message says what and where."""


@contextlib.contextmanager
def connected(uri: str) -> Iterator[Any]:
    """A connection, and a sentence for whatever libvirt refuses meanwhile."""
    if libvirt is None:
        raise LibvirtError("Python's libvirt is missing on this host: install the package python3-libvirt there, or name that Python")
    # It would print each error to standard error as well.
    libvirt.registerErrorHandler(lambda unused_context, unused_error: None, None)
    try:
        connection = libvirt.open(uri)
    except libvirt.libvirtError as problem:
        raise LibvirtError(f"libvirt cannot be reached at {uri}: {problem}") from problem
    try:
        yield connection
    except libvirt.libvirtError as problem:
        raise LibvirtError(f"libvirt at {uri} refused: {problem}") from problem
    finally:
        with contextlib.suppress(libvirt.libvirtError):
            connection.close()


def pool_of(connection: Any, name: str) -> Any:
    """A storage pool that is active, with what lies in it now."""
    found = found_or_none(connection.storagePoolLookupByName, name)
    if found is None:
        raise LibvirtError(f"there is no storage pool {name} at {connection.getURI()}: correct the name, or define the pool")
    if not found.isActive():
        raise LibvirtError(f"the storage pool {name} at {connection.getURI()} is not active: start it")
    # A pool is busy while volumes are written, and then it is as fresh as it can be.
    with contextlib.suppress(libvirt.libvirtError):
        found.refresh(0)
    return found


def found_or_none(look: Any, name: str) -> Any:
    """What a lookup of libvirt finds, or None where there is no such thing."""
    missing = (libvirt.VIR_ERR_NO_DOMAIN, libvirt.VIR_ERR_NO_STORAGE_POOL, libvirt.VIR_ERR_NO_STORAGE_VOL)
    try:
        return look(name)
    except libvirt.libvirtError as problem:
        if problem.get_error_code() in missing:
            return None
        raise
