# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Assignments as a shell and systemd read them, such as those of /etc/default; options in a value are told one by one."""

from __future__ import annotations

import re
import shlex

from ansible_collections.hygeia.golden.plugins.module_utils.agents.entries import NotUnderstood

_BEGINNING = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)=")
_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.S)


def environment(text):
    places = {}
    for number, line in enumerate(text.splitlines(), 1):
        found = _BEGINNING.match(line)
        if found:
            places[found[1]] = number
    try:
        words = shlex.split(text, comments=True)
    except ValueError:
        raise NotUnderstood from None
    for word in (word for word in words if word != "export"):
        found = _ASSIGNMENT.fullmatch(word)
        if not found:
            raise NotUnderstood
        line = places.get(found[1], 0)
        yield found[1], found[2], line
        if found[2].lstrip().startswith("-"):
            yield from ((f"{found[1]}.option.{name}", value, line) for name, value in options(found[2].split()))


def options(words):
    """The options of a command line as ``(name, value)``; an option without a value has an empty one."""
    for number, word in enumerate(words):
        if not word.startswith("-") or not word.strip("-"):
            continue
        name, assigned, value = word.lstrip("-").partition("=")
        following = words[number + 1] if number + 1 < len(words) else ""
        yield name, value if assigned else "" if following.startswith("-") else following
