# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Evidence goes to people who may see findings and may not see secrets."""

from __future__ import annotations

import re

MASK = "[masked]"

_SECRETS = (
    # A private key, whole or cut off by a difference's context.
    (re.compile(r"(-----BEGIN [A-Z ]*PRIVATE KEY-----).*?(-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.S), rf"\1 {MASK} \2"),
    # Hashes of crypt(5), and GRUB's.
    (re.compile(r"\$(?:1|2[abxy]|5|6|7|y|gy|sha1|md5)\$[^\s:;'\"]+"), MASK),
    (re.compile(r"\bgrub\.pbkdf2\.[\w.]+"), MASK),
    # scheme://user:password@host
    (re.compile(r"(\w://[^/\s:@]*:)[^/\s@]+(@)"), rf"\1{MASK}\2"),
    # An assignment to a name that says what it holds; a file of such a name, with its line, is none.
    (re.compile(r"""(?i)((?:^|[\s"'{,;?&(_]|--)(?:password|passwd|passphrase|secret|token|api[_-]?key|private[_-]?key|credentials?)"""
                r"""["']?(?:\s*=\s*|\s*:\s+|:(?!\d)))(?!\s)([^\s,;]+)""", re.M), rf"\1{MASK}"),
    (re.compile(r"(?i)(\bauthorization:\s*(?:bearer|basic)\s+)\S+"), rf"\1{MASK}"),
)


def masked(value):
    """The same data with what looks like a secret replaced in every text, and bytes that are no text spelt out."""
    if isinstance(value, str):
        value = value.encode("utf-8", "backslashreplace").decode("utf-8")
        for pattern, replacement in _SECRETS:
            value = pattern.sub(replacement, value)
        return value
    if isinstance(value, dict):
        return {key: masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return value
