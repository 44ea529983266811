# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Private keys in text that parse: PEM (RFC 7468, RFC 1421), OpenSSH's own format, OpenPGP's armor and PuTTY's files."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

# The beginning of an armor: how far before the words PRIVATE KEY it may stand, and how long a key may be.
_BEGIN = re.compile(rb"-----BEGIN (?P<label>(?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?)-----")
_BEFORE, _LONGEST = 48, 32 << 10
_PUTTY = re.compile(
    rb"PuTTY-User-Key-File-[123]: [\w@.-]+\r?\n(?:[^\r\n]{0,200}\r?\n){1,400}?Private-Lines: \d{1,3}\r?\n(?P<body>(?:[A-Za-z0-9+/=]+\r?\n)+)"
)
_HEADER = re.compile(rb"^[A-Za-z-]+: [^\n]*$", re.M)
_OPENSSH = b"openssh-key-v1\0"
# Secret-Key and Secret-Subkey packets of OpenPGP (RFC 9580, 4.3), in the old and in the new format.
_SECRET_PACKETS = (0x94, 0x95, 0x96, 0x9C, 0x9D, 0x9E, 0xC5, 0xC7)


def detect(data: bytes, place: int) -> Iterator[bytes]:
    """``place`` is that of ``PRIVATE KEY`` or of ``PuTTY-User-Key-File``."""
    if data.startswith(b"PuTTY", place):
        found = _PUTTY.match(data, place, place + _LONGEST)
        if found:
            yield found["body"]
        return
    start = data.rfind(b"-----BEGIN ", max(0, place - _BEFORE), place)
    begin = _BEGIN.match(data, start) if start >= 0 else None
    if not begin or not begin.start() <= place < begin.end():
        return
    end = data.find(b"-----END " + begin["label"] + b"-----", begin.end(), begin.end() + _LONGEST)
    if end >= 0 and _parses(begin["label"], data[begin.end() : end]):
        yield data[begin.end() : end]


def _parses(label: bytes, text: bytes) -> bool:
    """Is a key between the lines? An escaped line feed, as JSON has, ends a line too."""
    text = text.replace(b"\\r", b"").replace(b"\\n", b"\n").replace(b"\r", b"")
    encrypted = b"ENCRYPTED" in text
    body = re.sub(rb"\s|^=[\w+/]{4}$", b"", _HEADER.sub(b"", text))
    if label.endswith(b"BLOCK"):
        body = re.sub(rb"=[A-Za-z0-9+/]{4}$", b"", body)
    try:
        raw = base64.b64decode(body, validate=True)
    except (ValueError, binascii.Error):
        return False
    if label.startswith(b"OPENSSH"):
        return raw.startswith(_OPENSSH) and len(raw) > 100
    if label.endswith(b"BLOCK"):
        return len(raw) > 64 and raw[0] in _SECRET_PACKETS
    if encrypted:  # by the legacy headers, so that nothing inside can be read
        return len(raw) >= 48 and len(raw) % 8 == 0
    return _is_key(label, raw)


def _is_key(label: bytes, raw: bytes) -> bool:
    """A SEQUENCE as long as the text that begins with a version, or for an encrypted key with an algorithm (RFC 5958)."""
    content = sequence(raw)
    if content is None or len(raw) < 32:
        return False
    first = content[:1]
    return first == b"\x30" if label.startswith(b"ENCRYPTED") else content[:2] == b"\x02\x01" and content[2] < 4


def sequence(raw: bytes) -> bytes | None:
    """The content of a DER SEQUENCE that takes all the bytes, or None."""
    if len(raw) < 4 or raw[0] != 0x30:
        return None
    if raw[1] < 0x80:
        start, length = 2, raw[1]
    else:
        count = raw[1] & 0x7F
        start, length = 2 + count, int.from_bytes(raw[2 : 2 + count], "big")
        if not 1 <= count <= 3:
            return None
    return raw[start:] if len(raw) == start + length else None
