# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificates of this host and which names they are for: another name or address than one of these needs a new one (RFC 5280)."""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from typing import Any

_PEM = re.compile(r"-----BEGIN (?:TRUSTED )?CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+?)-----END", re.A)
_CA = bytes.fromhex("0603551d13")  # basicConstraints
_NAMES = bytes.fromhex("0603551d11")  # subjectAltName
_COMMON_NAME = bytes.fromhex("0603550403")
_SEQUENCE, _OCTETS, _TIME, _LONG_TIME = 0x30, 0x04, 0x17, 0x18
_DNS, _ADDRESS = 0x82, 0x87
_TRUE = b"\x01\x01\xff"
_BUNDLE = 10  # a file with more certificates is a list of authorities


class BadCertificate(ValueError):
    """Its bytes are no certificate."""


def certificates(files: Sequence[tuple[str, str]]) -> list[dict[str, Any]]:
    """Those that name hosts, each once, with the first file that has it."""
    found: dict[str, dict[str, Any]] = {}
    for path, text in files:
        encoded = _PEM.findall(text) if "-----BEGIN" in text else []
        for each in encoded if len(encoded) <= _BUNDLE else ():
            try:
                der = base64.b64decode(re.sub(r"\s", "", each, flags=re.A), validate=True)
                names, ends, authority = _read(der)
            except (BadCertificate, binascii.Error):
                continue
            if names and not authority:
                found.setdefault(
                    hashlib.sha256(der).hexdigest(),
                    {"path": path, "names": names, "not_after": ends, "sha256": hashlib.sha256(der).hexdigest()},
                )
    return sorted(found.values(), key=lambda each: (each["path"], each["sha256"]))


def _read(der: bytes) -> tuple[list[str], str, bool]:
    """The names, the last moment, and whether it is an authority's."""
    (outer,) = list(_parts(der))[:1] or [(0, b"")]
    (inner,) = list(_parts(outer[1]))[:1] or [(0, b"")]
    fields = [part for part in _parts(inner[1]) if part[0] != 0xA0]
    # serial, algorithm, issuer, validity, subject, key, then extensions
    if len(fields) < 6 or fields[3][0] != _SEQUENCE:
        raise BadCertificate
    validity = list(_parts(fields[3][1]))
    extensions = [part for tag, content in fields[6:] if tag == 0xA3 for part in _inside(content)]
    names = [name for extension in extensions if extension.startswith(_NAMES) for name in _alternative(extension)]
    authority = any(extension.startswith(_CA) and _TRUE in _octets(extension) for extension in extensions)
    return sorted(set(names or _common(fields[4][1]))), _moment(validity[1]) if len(validity) > 1 else "", authority


def _parts(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Tag and content of each element in DER (X.690, 8.1)."""
    at = 0
    while at + 2 <= len(data):
        tag, length, at = data[at], data[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            length, at = int.from_bytes(data[at : at + count], "big"), at + count
        if at + length > len(data):
            raise BadCertificate
        yield tag, data[at : at + length]
        at += length


def _inside(content: bytes) -> Iterator[bytes]:
    for unused_tag, sequence in _parts(content):
        yield from (extension for tag, extension in _parts(sequence) if tag == _SEQUENCE)


def _octets(extension: bytes) -> bytes:
    """What an extension says, behind its identifier and whether it is critical."""
    return next((content for tag, content in _parts(extension) if tag == _OCTETS), b"")


def _alternative(extension: bytes) -> Iterator[str]:
    for unused_tag, names in _parts(_octets(extension)):
        for tag, name in _parts(names):
            if tag == _DNS:
                yield name.decode("ascii", "backslashreplace")
            elif tag == _ADDRESS and len(name) in (4, 16):
                yield str(ipaddress.ip_address(name))


def _common(subject: bytes) -> list[str]:
    """The common name, where it looks like a host's and nothing says another one."""
    found = []
    for unused_set, attributes in _parts(subject):
        for unused_tag, pair in _parts(attributes):
            if pair.startswith(_COMMON_NAME):
                found += [content.decode("utf-8", "backslashreplace") for tag, content in list(_parts(pair))[1:]]
    return [name for name in found if re.fullmatch(r"[\w*-]+(?:\.[\w-]+)+", name, re.A)]


def _moment(time: tuple[int, bytes]) -> str:
    form = {_TIME: "%y%m%d%H%M%SZ", _LONG_TIME: "%Y%m%d%H%M%SZ"}.get(time[0], "")
    try:
        return datetime.strptime(time[1].decode("ascii"), form).replace(tzinfo=timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (UnicodeDecodeError, ValueError):
        return ""
