# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Published images that nobody needs any more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def obsolete(images: Sequence[Mapping[str, Any]], keep: int, current: str) -> list[Mapping[str, Any]]:
    """All but the newest ``keep`` images, which come first; the one with the ``current`` digest and those in use stay."""
    return [image for image in images[max(keep, 1) :] if not current.startswith(image["short"]) and not image["used_by"]]
