# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is wrong with a Windows disk, in one sentence that names what, where, and what to do."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError


class Unreadable(ImageError):
    """Bytes of a disk, a filesystem or a hive that cannot be true, or that are of a sort which is not read."""
