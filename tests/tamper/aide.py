# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A machine that wrote down how its files are, and one that did not."""

from __future__ import annotations

CONFIGURATION = "/etc/aide/aide.conf"
TOOLS = ("/usr/sbin/auditctl", "/usr/sbin/ausearch")
FILES = {CONFIGURATION: "database_in=file:/var/lib/aide/aide.db\n", **dict.fromkeys(("/usr/sbin/aide", *TOOLS), "")}


def pair(name, unused_wanted):
    return {
        "database": (_system(**{"/var/lib/aide/aide.db": "@@begin_db\n"}), _system()),
        "audit_tools": (_looks_at(*TOOLS), _looks_at(TOOLS[0])),
    }[name]


def _system(**files):
    return {"files": {**FILES, **files}, "answers": {}}


def _looks_at(*tools):
    seen = "".join(f"[X] f '{tool}': selective rule: '/'\n" for tool in tools)
    left = "".join(f"[ ] f '{tool}': negative rule: '!/usr'\n" for tool in TOOLS if tool not in tools)
    return {"files": FILES, "answers": {"aide": seen + left}}
