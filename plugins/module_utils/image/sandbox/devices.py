# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The block device of a partition or a logical volume."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import loops, mapper
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import TYPE_CHECKING

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import Partition


def attached(partition: Partition, writable: bool = False) -> tuple[int, str]:
    """A descriptor of such a device, and its path; it goes away when nobody has it open or mounted any more."""
    return (mapper if partition["pieces"] else loops).attached(partition, writable)
