# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is looked at for one move: the guest, both hosts, and how the site moves it."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.domains.definition import Definition
from ansible_collections.hygeia.golden.plugins.module_utils.domains.migration.side import Side


@dataclass(frozen=True)
class Way:
    """How a guest is moved; ``seconds`` is how far the clock of the destination is from that of the source, where that is known."""

    copied: bool = False
    tls: bool = False
    seconds: float | None = None
    tolerance: float = 1.0


@dataclass(frozen=True)
class Move:
    guest: Definition
    source: Side
    destination: Side
    way: Way
    # The types of file systems of the source by their places, or None where its files are not seen.
    mounts: dict[str, str] | None
    # Whether the source has a certificate for the stream, or None where its files are not seen.
    certificate: bool | None
