# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What tells a real number or secret from one that only looks like it: check digits, ranges, and words that stand for one."""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import time
from collections.abc import Callable, Mapping
from typing import Any

# Numbers that were printed in advertisements and examples, and belong to nobody.
_KNOWN_SSN = frozenset((b"078051120", b"219099999", b"123456789", b"111111111", b"999999999", b"123121234"))
# Words that examples have in the place of a secret.
_STAND_INS = re.compile(
    rb"""(?ix) (?: (?:my)?pass(?:word|wd|phrase)?\d{0,3} | passwort | wachtwoord | motdepasse | contrasena
    | (?:pserver:)?anoncvs | anonymous | xyzzy | pw[d]? | secret | user(?:name)?\d? | login | admin | example
    | changeme | change_?me | foo | bar | baz | (?:your|my|the|some|a)[_.-]\w+ | your\w*
    | token | key | test\d? | tiger | [x*.#_-]+ | none | null | true | false | \d{1,3} | .*example.* | redacted | hidden )"""
)
_KNOWN_NPI = b"1234567893"
# The identifier that the Centers for Medicare & Medicaid Services print on their sample cards.
_KNOWN_MBI = b"1EG4TE5MK73"
_OF_NOBODY = (b"$2a$06$r3.juUaHZDvIbQaO2dS9FuBxL1W9M81R1Tc92PoSNmzvpEqLkLGrK",)
# The key in the manual page systemd.netdev(5).
_IN_MANUALS = (b"EEGlnEPYJV//kbvvIqxKkQwOiS+UENyPncC4bF46ong=",)
# What the documentation of PyJWT and the site jwt.io sign.
_EXAMPLES_OF_CLAIMS = ({"some": "payload"}, {"hello": "world"})
_SUBJECT_OF_EXAMPLES = "1234567890"
_REFERENCE = re.compile(rb"[${}<>%\[\]()]|\*\*|\.\.\.|ENC\(|vault:")
# US letters of a Medicare Beneficiary Identifier, which leave out those that look like digits.
_MBI = re.compile(rb"[1-9][AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y][AC-HJKMNP-RT-Y0-9]\d-?[AC-HJKMNP-RT-Y]{2}\d{2}")


def digits(value: bytes) -> bytes:
    return re.sub(rb"\D", b"", value)


def luhn(number: bytes) -> bool:
    """ISO/IEC 7812-1, annex B."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        doubled = (digit - 48) * (2 if place % 2 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def npi(value: bytes) -> bool:
    """A National Provider Identifier: ten digits that pass with the prefix of US health identifiers."""
    number = digits(value)
    return number != _KNOWN_NPI and len(number) == 10 and number[:1] in b"12" and luhn(b"80840" + number)


def dea(value: bytes) -> bool:
    """A registration number of the Drug Enforcement Administration."""
    number = [digit - 48 for digit in digits(value[2:])]
    return len(number) == 7 and any(number) and (sum(number[0:5:2]) + 2 * sum(number[1:6:2])) % 10 == number[6]


def mbi(value: bytes) -> bool:
    plain = value.replace(b"-", b"")
    return plain != _KNOWN_MBI and bool(_MBI.fullmatch(value))


def ssn(value: bytes) -> bool:
    """A Social Security Number that can have been assigned."""
    number = digits(value)
    if len(number) != 9 or number in _KNOWN_SSN:
        return False
    area, group, serial = number[:3], number[3:5], number[5:]
    # Such as 111-22-3333 and 123-45-9999.
    invented = len(set(serial)) == 1 and (area + group == b"12345" or all(len(set(part)) == 1 for part in (area, group)))
    return not invented and area not in (b"000", b"666") and area < b"900" and group != b"00" and serial != b"0000"


def secret(value: bytes) -> bool:
    """No word that stands for a secret, and no reference to where one is."""
    plain = value.strip(b" \t\"'")
    return len(plain) > 2 and not _REFERENCE.search(plain) and not _STAND_INS.fullmatch(plain)


def random(value: bytes) -> bool:
    """A token: drawn by chance rather than written by a person."""
    if b"EXAMPLE" in value.upper() or value in _IN_MANUALS:
        return False
    tail = value.rpartition(b"_")[2] if b"_" in value else value.rpartition(b"-")[2]
    tail = tail if len(tail) >= 16 else value
    counts = [tail.count(byte) / len(tail) for byte in set(tail)]
    return -sum(share * math.log2(share) for share in counts) > 3.0


def password_hash(value: bytes) -> bool:
    """A hash of somebody's password, and not the one that sshd compares with where there is no such account.

    Manuals choose a salt such as xxxxxxxx, which no program draws.
    """
    fields = value.split(b"$")
    salt = fields[2] if len(fields) == 4 else b""
    return value not in _OF_NOBODY and not (len(salt) > 2 and len(set(salt)) == 1)


def jwt(value: bytes) -> bool:
    """A signed JSON web token (RFC 7519) that is still of use: its header names an algorithm, and it has not ended."""
    header, claims = (_part(part) for part in value.split(b".")[:2])
    signed = isinstance(header.get("alg"), str) and header["alg"].lower() != "none"
    end = claims.get("exp")
    ended = isinstance(end, (int, float)) and end < time.time()
    return signed and not ended and claims not in _EXAMPLES_OF_CLAIMS and claims.get("sub") != _SUBJECT_OF_EXAMPLES


def _part(text: bytes) -> dict[str, Any]:
    """The object in a part of a token, or an empty one."""
    try:
        found = json.loads(base64.urlsafe_b64decode(text + b"=" * (-len(text) % 4)))
    except (ValueError, RecursionError, binascii.Error):
        return {}
    return found if isinstance(found, dict) else {}


VALIDATORS: Mapping[str, Callable[[bytes], bool]] = {
    "dea": dea,
    "jwt": jwt,
    "mbi": mbi,
    "npi": npi,
    "password_hash": password_hash,
    "random": random,
    "secret": secret,
    "ssn": ssn,
}
