# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What raw disks hold: partitions, logical volumes, and what LUKS containers hold for which there is a key."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import partitions, volumes
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.luks import containers
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.partitions import Partition


@contextlib.contextmanager
def shown(disks: Sequence[str], names: Sequence[str], key: bytes | None = None, writable: bool = True) -> Iterator[list[Partition]]:
    """Everything that the disks hold, for as long as the caller needs; ``names`` is what each disk is called in sentences.

    Volumes may lie in containers, as installers lay them out, and containers on volumes. What is mounted in the meantime stays.
    """
    with contextlib.ExitStack() as held:
        found = partitions.read_all(disks, names)
        if key is not None:
            outer, inner = containers.opened(found, names, key, writable, held)
            found = outer + inner
        found = volumes.with_volumes(found, names)
        if key is not None:
            outer, inner = containers.opened(found, names, key, writable, held)
            found = outer + inner
        yield found
