# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Addresses that somebody wrote into a configuration: each has to be changed by hand when a machine gets another one."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of

MOST = 2_000
_COMMENTS = ("#", ";", "//", "<!--", "*")
# Four numbers that no version, mask or longer row of numbers is, and six or more groups of IPv6 or two colons.
_ADDRESS = re.compile(
    r"(?<![\w.:-])(?:(?:\d{1,3}\.){3}\d{1,3}(?![\w-]|\.\d)|(?=[0-9a-f:]*::|(?:[0-9a-f]{1,4}:){7})[0-9a-f:]{4,39}(?![\w:]))", re.A | re.I
)
_VERSION = re.compile(r"version|release|\boid\b|\bv\d", re.I | re.A)


def hard_wired(files: Sequence[tuple[str, str]], own: Collection[str]) -> tuple[list[dict[str, Any]], bool]:
    """Each address with its place, and whether these are all; the text of a line may hold a secret and is not reported."""
    found: list[dict[str, Any]] = []
    for path, text in files:
        if "-----BEGIN" in text[:64]:
            continue
        for number, address in _addresses(text):
            if len(found) == MOST:
                return found, False
            found.append({"address": address, "path": path, "line": number, "own": address in own})
    return found, True


def _addresses(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(lines_of(text), 1):
        if line.lstrip(BLANKS).startswith(_COMMENTS) or _VERSION.search(line):
            continue
        for word in dict.fromkeys(_ADDRESS.findall(line)):
            try:
                address = ipaddress.ip_address(word)
            except ValueError:
                continue
            if not (word.endswith(".0") or _means_no_machine(address)):
                yield number, str(address)


def _means_no_machine(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Netmasks are among the reserved ones."""
    return address.is_loopback or address.is_unspecified or address.is_multicast or address.is_reserved or address.is_link_local
