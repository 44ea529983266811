# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Versions as dpkg and rpm order them, for use as the key of a sort."""

from __future__ import annotations

import functools
import re
from typing import Any, Union

from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import FeedError, Key

# Digits, letters, and the two signs that mean before and after (rpmvercmp in rpm's own source); all else only separates.
_PARTS = re.compile(r"[0-9]+|[A-Za-z]+|~|\^")
_EPOCH = re.compile(r"[0-9]{1,10}")
# How a part of a version sorts among others.
Rank = tuple[Union[int, str], ...]
Ranks = tuple[Rank, ...]
# In which order the next parts of two versions stand: ~ before the end, the end before ^, and letters before digits.
_TILDE, _END, _CARET, _LETTERS, _DIGITS = range(5)


def order(manager: str) -> Key:
    """The key for the versions of a package manager, dpkg or rpm."""
    return rpm if manager == "rpm" else dpkg


@functools.lru_cache(maxsize=65536)
def dpkg(version: str) -> Any:
    """A version of dpkg, compared by python-debian as dpkg does it."""
    try:
        from debian.debian_support import NativeVersion
    except ImportError as problem:
        raise FeedError("needs the Python package python-debian on the controller: install what requirements.txt names") from problem
    try:
        return NativeVersion(version)
    except ValueError as problem:
        raise FeedError(f"is about {version!r}, which is not a version of dpkg: download it again") from problem


@functools.lru_cache(maxsize=65536)
def rpm(version: str) -> tuple[int, Ranks, Ranks]:
    """Epoch, version and release of rpm as a tuple; rpm-vercmp of PyPI knows no caret, so it would not do."""
    epoch, unused_colon, rest = version.rpartition(":")
    number, unused_dash, release = rest.partition("-")
    return int(epoch) if _EPOCH.fullmatch(epoch) else 0, vercmp(number), vercmp(release)


def vercmp(text: str) -> Ranks:
    """One part of a version of rpm, as a tuple that sorts as rpmvercmp does."""
    return tuple(_rank(part) for part in _PARTS.findall(text)) + ((_END,),)


def _rank(part: str) -> Rank:
    if part == "~":
        return (_TILDE,)
    if part == "^":
        return (_CARET,)
    digits = part.lstrip("0")
    return (_DIGITS, len(digits), digits) if part.isdigit() else (_LETTERS, part)
