# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Units of packages that fetch something when they start, so that they fail wherever their source cannot be reached.

Only the exit codes that such a program has for an unreachable source are listed: with any other one, such as for a
wrong configuration, the unit is as broken as every other unit that failed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Fetch:
    """What a unit fetches, and the exit codes of its program that say that it could not."""

    what: str
    unreachable: tuple[str, ...]


FETCHES = {
    # FC_ECONNECTION and FC_EFAILEDGET of libfreshclam.h; the codes in freshclam(1) are those of old releases.
    "clamav-freshclam-once.service": Fetch("signatures from ClamAV's mirror", ("5", "11"))
}
