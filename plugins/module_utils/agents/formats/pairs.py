# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Files of one setting a line: ``key = value``, ``key value``, and both in sections."""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.module_utils.agents.entries import NotUnderstood

_SECTION = re.compile(r"\[(.*)\]")


def pairs(text):
    """``key = value``, as in zabbix_agent2.conf."""
    for number, line in _lines(text):
        yield (*_pair(line, "=", number), number)


def words(text):
    """``key value``, as in the registry of Commvault."""
    for number, line in _lines(text):
        key, unused_blank, value = line.partition(" ")
        yield key, value.strip(), number


def ini(text):
    """``key = value`` below ``[section]``, as in Splunk's outputs.conf."""
    section = ""
    for number, line in _lines(text):
        found = _SECTION.fullmatch(line)
        if found:
            section = f"{found[1]}."
        else:
            key, value = _pair(line, "=", number)
            yield f"{section}{key}", value, number


def sections(text):
    """``key value`` below ``[SECTION]``, each section numbered by its name, as in fluent-bit.conf."""
    section, counted = "", {}
    for number, line in _lines(text):
        found = _SECTION.fullmatch(line)
        if found:
            name = found[1].strip().lower()
            section = f"{name}.{counted.setdefault(name, 0)}."
            counted[name] += 1
        else:
            key, value = _split(line)
            yield key if key.startswith("@") else f"{section}{key}", value, number


def _lines(text):
    """Each line that says something, with those that a backslash goes on with."""
    begun = ""
    for number, line in enumerate(text.splitlines(), 1):
        whole = (begun + line).strip()
        if whole.endswith("\\"):
            begun = whole[:-1] + " "
            continue
        begun = ""
        if whole and not whole.startswith(("#", ";")):
            yield number, whole


def _pair(line, separator, number):
    key, found, value = line.partition(separator)
    if not found or not key.strip():
        raise NotUnderstood(number)
    return key.strip(), value.strip().strip("\"'")


def _split(line):
    found = line.split(None, 1)
    return found[0], found[1].strip() if len(found) > 1 else ""
