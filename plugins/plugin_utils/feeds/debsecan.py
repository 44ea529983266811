# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One suite's file of debsecan: the names of vulnerabilities, what packages have them, and which binaries a source makes.

The fields of the lines are those that the program debsecan itself reads.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds import files
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import Claim, FeedError, MalformedEntry, Parsed, claim, shown, word

_URGENCIES = {" ": "unknown", "L": "low", "M": "medium", "H": "high"}


def suite(path: str) -> str:
    """The suite that a file is of, which only its name says."""
    return os.path.basename(path).split(".", maxsplit=1)[0]


def parse(path: str) -> Parsed:
    """The feed of a file."""
    if suite(path) == "GENERIC":
        raise FeedError("is of no suite, so that fixes of stable releases are not in it: use the file of the suite, such as bookworm")
    head, *rest = files.text(files.inflated(path)).split("\n\n")
    names = head.split("\n")
    if names.pop(0) != "VERSION 1":
        raise files.unlike("another first line than VERSION 1")
    if len(rest) < 2:
        raise FeedError("ends too early: download it again")
    lines = rest[0].split("\n")
    parsed = Parsed(len(lines))
    packages = parsed.claims.setdefault(f"debian/{suite(path)}", {})
    for number, line in enumerate(lines, len(names) + 3):
        try:
            package, claimed = _claim(line, names)
        except files.ODD as problem:
            raise files.unlike(f"the line {shown(line)}, number {number},") from problem
        packages.setdefault(package, []).append(claimed)
    if not packages:
        raise files.nothing("vulnerabilities")
    return parsed


def _claim(line: str, names: Sequence[str]) -> tuple[str, Claim]:
    """A line: package, number of the name, flags (binary, urgency, remote, fix available), version in unstable, other fixed versions."""
    package, number, flags, unstable, others = line.split(",", 4)
    binary, urgency, unused_remote, fixed = tuple(flags)
    if not (number.isascii() and number.isdigit()):
        raise MalformedEntry(f"{shown(number)} is not the number of a name")
    identifier = names[int(number)].split(",", maxsplit=1)[0]
    return word(package), claim(
        [identifier],
        [[None, unstable or None, None]],
        safe=others.split(),
        binary=binary == "B",
        unreleased=fixed != "F",
        severity=_URGENCIES[urgency],
    )
