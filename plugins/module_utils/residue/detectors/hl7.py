# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Messages of HL7 version 2 that name a patient: a segment MSH with its separators, and a segment PID that is filled.

In JSON and in source code each segment may end with an escaped line feed, or be a text of its own in a list of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# The separator, and the encoding characters, each of which is another one (HL7 v2, chapter 2).
_HEADER = re.compile(rb"MSH(?P<separator>[^\w\s])(?P<encoding>[^\w\s]{2,5}|\^~\\&amp;|\^~\\\\&)(?P=separator)")
# The end of a segment, and what stands between two of them where they are texts of a program.
_BETWEEN = rb"(?:[\r\n]|\\[rn])[\s\"'\\,+()]{0,120}[a-z]{0,2}[\"']?"
_ESCAPED_END = re.compile(rb"\\[rn]")
# Documentation of a program shows messages that somebody types at its prompt.
_PROMPT = re.compile(rb"[ \t]*>>> ")
# A message begins a line, or a block of MLLP, or stands alone in a field of a database or of a log.
_BEFORE = b"\r\n\x0b\x00\"'>|,;\t =:([{"
_LINE, _LONGEST = 400, 64 << 10


def detect(data: bytes, place: int) -> Iterator[bytes]:
    header = _HEADER.match(data, place)
    if not header or (place and data[place - 1] not in _BEFORE and data[place - 1] < 0x80):
        return
    if _PROMPT.match(data, data.rfind(b"\n", max(0, place - _LINE), place) + 1, place):
        return
    encoding = header["encoding"].replace(b"\\\\", b"\\")
    if len(set(encoding)) != len(encoding):
        return
    separator = header["separator"]
    end = _end(data, header.end())
    for found in re.finditer(_BETWEEN + rb"(?P<segment>PID" + re.escape(separator) + rb"[^\r\n]{0,4000})", data[header.end() : end]):
        segment = _ESCAPED_END.split(found["segment"])[0]
        fields = [field.strip(b"\"', ^&~\\\0") for field in segment.split(separator)]
        fields += [b""] * (20 - len(fields))
        # Identifiers in PID-2 to PID-4, the name in PID-5, and the numbers of an account, social security and a licence.
        number = fields[2] or fields[3] or fields[4] or fields[18] or fields[19]
        if number or fields[5]:
            yield segment.strip(b"\"' \t\\,)]")


def _end(data: bytes, place: int) -> int:
    """Where the message ends: at the next one, or at the end of its block."""
    ends = [data.find(mark, place, place + _LONGEST) for mark in (b"\nMSH", b"\rMSH", b"\x1c")]
    return min((end for end in ends if end >= 0), default=place + _LONGEST)
