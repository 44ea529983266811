# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One suite's file of debsecan: the names of vulnerabilities, what packages have them, and which binaries a source makes.

The fields of the lines are those that the program debsecan itself reads.
"""

from __future__ import annotations

import os

from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds import files
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import FeedError, Parsed, claim

_URGENCIES = {" ": "unknown", "L": "low", "M": "medium", "H": "high"}


def suite(path):
    """The suite that a file is of, which only its name says."""
    return os.path.basename(path).split(".", maxsplit=1)[0]


def parse(path):
    """The feed of a file."""
    if suite(path) == "GENERIC":
        raise FeedError("is of no suite, so that fixes of stable releases are not in it: use the file of the suite, such as bookworm")
    try:
        head, *rest = files.inflated(path).decode("utf-8").split("\n\n")
    except UnicodeDecodeError as problem:
        raise files.unlike("text that is not UTF-8") from problem
    names = head.split("\n")
    if names.pop(0) != "VERSION 1":
        raise files.unlike("another first line than VERSION 1")
    if len(rest) < 2:
        raise FeedError("ends too early: fetch it anew")
    parsed = Parsed(len(rest[0].splitlines()))
    packages = parsed.claims.setdefault(f"debian/{suite(path)}", {})
    try:
        for line in rest[0].splitlines():
            package, claimed = _claim(line, names)
            packages.setdefault(package, []).append(claimed)
    except (ValueError, IndexError, KeyError) as problem:
        raise files.unlike(f"the line {line!r}") from problem
    if not packages:
        raise files.nothing("vulnerabilities")
    return parsed


def _claim(line, names):
    """A line: package, number of the name, flags (binary, urgency, remote, fix available), version in unstable, other fixed versions."""
    package, number, flags, unstable, others = line.split(",", 4)
    binary, urgency, unused_remote, fixed = flags
    identifier = names[int(number)].split(",", maxsplit=1)[0]
    return package, claim(
        [identifier], [[None, unstable or None, None]], safe=others.split(), binary=binary == "B", unreleased=fixed != "F",
        severity=_URGENCIES[urgency],
    )
