# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a scan found: for each rule and file the values' keyed hashes, never the values themselves."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field

# A file with more secrets of one rule than this is reported as having this many.
MOST_VALUES = 1000
_LENGTH = 32


@dataclass
class Finding:
    """What one rule found in one file, or in one part of an archive, or on a disk."""

    rule: str
    path: str
    offset: int
    hashes: set[str] = field(default_factory=set)

    @property
    def digest(self) -> str:
        """One hash for all values, which stays as long as they do."""
        if len(self.hashes) == 1:
            return next(iter(self.hashes))
        return hashlib.sha256("".join(sorted(self.hashes)).encode()).hexdigest()[:_LENGTH]


class Findings:
    """Collects findings. Whoever does not know the key cannot try out which number a hash is of."""

    def __init__(self, key: bytes = b"", apart: bool = False) -> None:
        self.key = key or secrets.token_bytes(32)
        # Whether each value is reported by its own place, as on a disk, where nothing else distinguishes them.
        self.apart = apart
        self.found: dict[tuple[str, str, str], Finding] = {}
        self._counts: dict[tuple[str, str], int] = {}
        # What could not be searched, each with the reason.
        self.unread: dict[str, str] = {}

    def add(self, rule: str, path: str, offset: int, value: bytes) -> None:
        digest = self.hashed(rule, value)
        finding = self.found.setdefault((rule, path, digest if self.apart else ""), Finding(rule, path, offset))
        if digest not in finding.hashes:
            finding.hashes.add(digest)
            self._counts[rule, path] = self._counts.get((rule, path), 0) + 1

    def hashed(self, rule: str, value: bytes) -> str:
        return hmac.new(self.key, rule.encode() + b"\0" + value, hashlib.sha256).hexdigest()[:_LENGTH]

    def full(self, rule: str, path: str) -> bool:
        """Is there no use in searching for more?"""
        return self._counts.get((rule, path), 0) >= MOST_VALUES

    def skip(self, path: str, reason: str) -> None:
        self.unread.setdefault(path, reason)
