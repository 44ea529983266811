# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Interchanges of ASC X12 about health care: claims (837), payments (835), enrolments (834), eligibility (270, 271) and the like."""

from __future__ import annotations

import re
from collections.abc import Iterator

# The header has a fixed length; these are the places of its separators, and that of the sign that ends a segment.
_SEPARATORS = (3, 6, 17, 20, 31, 34, 50, 53, 69, 76, 81, 83, 89, 99, 101, 103)
_TERMINATOR = 105
_ABOUT = rb"(?:834|835|837|270|271|276|277|278)"
_LONGEST = 16 << 10


def detect(data: bytes, place: int) -> Iterator[bytes]:
    """``place`` is that of ``ISA``."""
    header = data[place : place + _TERMINATOR + 1]
    if len(header) <= _TERMINATOR or len({header[each] for each in _SEPARATORS}) != 1 or header[3:4].isalnum():
        return
    separator, end = re.escape(header[3:4]), re.escape(header[_TERMINATOR:])
    rest = data[place + _TERMINATOR : place + _LONGEST]
    if not re.match(end + rb"\s*GS" + separator, rest) or not re.search(end + rb"\s*ST" + separator + _ABOUT + separator, rest):
        return
    # The patient or the subscriber, where the transaction names one so early.
    person = re.search(end + rb"\s*NM1" + separator + rb"(?:IL|QC|74|03)" + separator + rb"[^\r\n]{1,200}", rest)
    yield person[0].strip() if person else header
