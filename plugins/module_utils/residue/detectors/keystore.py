# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files of keys in binary form: PKCS#12 (RFC 7292) with a key in it, Java's JKS, KeePass and Kerberos key tables.

A store with nothing but certificates, such as the one of all authorities that Java has, is none.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

# The bags of PKCS#12 that hold a key, as object identifiers; what follows is the key in a tag of its own.
_KEY_BAG = re.compile(rb"\x06\x0b\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x0a\x01[\x01\x02]\xa0(?:\x82..|\x81.)\x30(?:\x82..|\x81.)\x30", re.S)
_JKS = (b"\xfe\xed\xfe\xed", b"\xce\xce\xce\xce")
_KEEPASS = b"\x03\xd9\xa2\x9a"
_KEYTAB = b"\x05\x02"
_VALUE = 512


def detect(data: bytes, place: int) -> Iterator[bytes]:
    """``place`` is that of a key bag, or the beginning of a file."""
    if _KEY_BAG.match(data, place):
        yield data[place : place + _VALUE]
    elif place == 0 and (_java(data) or data.startswith(_KEEPASS) or _keytab(data)):
        yield data[:_VALUE]


def _java(data: bytes) -> bool:
    """Does a store begin with an entry that is a key (1) rather than a certificate (2) or nothing?"""
    if not data.startswith(_JKS) or len(data) < 32:
        return False
    version, count, tag = struct.unpack_from(">3I", data, 4)
    return version in (1, 2) and count > 0 and tag in (1, 3)


def _keytab(data: bytes) -> bool:
    """Is the first entry as long as it says, with a realm and a principal that are text (MIT, keytab file format)?"""
    if not data.startswith(_KEYTAB) or len(data) < 20:
        return False
    size, components, length = struct.unpack_from(">iHH", data, 2)
    realm = data[10 : 10 + length]
    return 16 < size <= len(data) - 6 and 0 < components < 8 and 0 < length < 256 and bool(re.fullmatch(rb"[\w.-]+", realm))
