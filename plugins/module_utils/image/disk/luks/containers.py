# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What LUKS containers of a template hold, as stretches that are opened like partitions.

Each is one device of the device-mapper, which is there only as long as something uses it. A container that cannot be opened is no obstacle
to a system that does not need it; why is kept with its partition.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import replace

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import partitions
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.window import SECTOR, Window
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.luks import header
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.luks.header import Header
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.luks.key import volume_key
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.partitions import LUKS, Partition
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import devices, mapper
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError

# A template with more was not made by an installer, and each takes seconds to open.
MOST = 8
# In the directory of the session, a link to the device.
NAME = "decrypted"


def opened(
    found: Sequence[Partition], names: Sequence[str], key: bytes, writable: bool, held: contextlib.ExitStack
) -> tuple[list[Partition], list[Partition]]:
    """Partitions with those that the key opened marked, and what these hold; ``held`` keeps it open."""
    outer, inner = [], []
    for part in found:
        if part.filesystem == LUKS and not part.refused and not part.unlocked:
            try:
                inner.append(_opened(part, names, key, writable, held))
                part = replace(part, unlocked=True)
            except ImageError as problem:
                part = replace(part, refused=str(problem))
        outer.append(part)
    return outer, inner


def _opened(part: Partition, names: Sequence[str], key: bytes, writable: bool, held: contextlib.ExitStack) -> Partition:
    name = f"{part.place} of {names[part.disk_number - 1]}"
    if not mapper.available():
        raise ImageError(
            f"{name} is encrypted with LUKS, for which the kernel of the build host would need device-mapper with dm-crypt: "
            "load it with 'modprobe dm_crypt', or open the template on another build host (image_host)"
        )
    try:
        lower, path = devices.attached(part.dump(), writable)
    except OSError as problem:
        raise ImageError(f"the build host has no device for {name}: {problem.strerror}") from problem
    held.callback(os.close, lower)
    found = header.read(Window(path, 0, part.size, name))
    try:
        device, mapped = mapper.device(os.path.dirname(part.disk), [_target(found, volume_key(path, key, name), lower, writable)], writable)
    except OSError as problem:
        raise ImageError(
            f"{name} is encrypted with LUKS, and the kernel of the build host cannot decrypt {found.cipher} ({problem.strerror}): "
            "load dm-crypt with 'modprobe dm_crypt', or open the template on another build host (image_host)"
        ) from problem
    held.callback(os.close, device)
    inner = Partition(
        part.number,
        0,
        found.size,
        disk=_linked(mapped, os.path.dirname(part.disk), held),
        disk_number=part.disk_number,
        volume=part.volume,
        mapper=f"luks-{found.uuid}",
        luks=found.uuid,
        luks_version=found.version,
    )
    return partitions.probed(inner, found.size)


def _target(found: Header, key: bytes, lower: int, writable: bool) -> mapper.Target:
    """The table of dm-crypt (Documentation/admin-guide/device-mapper/dm-crypt.rst); what is free in it is handed back to the image."""
    options = (["allow_discards"] if writable else []) + ([f"sector_size:{found.sector}"] if found.sector != SECTOR else [])
    place = f"{mapper.number_of(lower)} {found.offset // SECTOR}"
    words = " ".join([found.cipher, key.hex(), str(found.first), place, str(len(options)), *options])
    return 0, found.size // SECTOR, "crypt", words


def _linked(device: str, directory: str, held: contextlib.ExitStack) -> str:
    """A link to the device among the session's disks, by whose directory everything knows the session."""
    for number in range(1, MOST + 1):
        link = os.path.join(directory, f"{NAME}{number}")
        with contextlib.suppress(FileExistsError):
            os.symlink(device, link)
            held.callback(os.unlink, link)
            return link
    raise ImageError(f"the template has more LUKS containers than are opened ({MOST}): make the template with fewer")
