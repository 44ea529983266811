# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The certificates that programs of a system trust, by their fingerprints."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import PROGRAM, Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.places import OddFile

# Debian's update-ca-certificates(8) and Enterprise Linux's update-ca-trust(8): what is trusted, one by one or together.
PLACES = (
    "/etc/ssl/certs/*",
    "/usr/local/share/ca-certificates/*",
    "/etc/pki/ca-trust/source/anchors/*",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
)
_PEM = re.compile(r"-----BEGIN (?:TRUSTED )?CERTIFICATE-----\s+([A-Za-z0-9+/=\s]+?)-----END", re.A)
# The attribute commonName of a name in DER (RFC 5280, appendix A), and its kinds of text.
_COMMON_NAME = re.compile(rb"\x06\x03\x55\x04\x03[\x0c\x13\x14](.)", re.S)


def certificates(host: Host) -> dict[str, Any]:
    """``{fingerprint: name of the subject}``; the same certificate in several places counts once."""
    found: dict[str, Any] = {}
    for path in (path for pattern in PLACES for path in host.files(pattern)):
        try:
            text = host.read(path, PROGRAM) or ""
        except OddFile:
            continue  # the files' own category has it
        for encoded in _PEM.findall(text):
            try:
                der = base64.b64decode("".join(encoded.split()), validate=True)
            except binascii.Error:
                continue
            found.setdefault(f"SHA256:{hashlib.sha256(der).hexdigest()}", _subject(der) or os.path.basename(path))
    return found


def _subject(der: bytes) -> str:
    """The common name of the subject, which stands behind that of the issuer."""
    names = [der[name.end() : name.end() + name[1][0]] for name in _COMMON_NAME.finditer(der)]
    return names[-1].decode("utf-8", "replace") if names else ""
