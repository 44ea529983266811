# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An audit system as its package and its files want it, and one that is not."""

from __future__ import annotations

import hashlib

RULES = "/etc/audit/rules.d/50-site.rules"
RULE = "-w /etc/passwd -p wa -k identity\n"
PROGRAMS = {"/usr/sbin/auditctl": "\x7fELF", "/usr/sbin/augenrules": ""}
DIGESTS = "/var/lib/dpkg/info/auditd.md5sums"


def pair(name, unused_wanted):
    return {
        "joined_rules": (
            _says("/usr/sbin/augenrules: No change\n"),
            _says("/usr/sbin/augenrules: Rules have changed and should be updated\n"),
        ),
        "running_rules": (_runs(RULE), _runs("No rules\n")),
        "tools": (_packaged("\x7fELF"), _packaged("another program")),
    }[name]


def _says(answer):
    return {"files": PROGRAMS, "answers": {"augenrules": answer}}


def _runs(rules):
    return {"files": {**PROGRAMS, RULES: RULE}, "answers": {"auditctl": rules}}


def _packaged(text):
    digest = hashlib.md5(text.encode()).hexdigest()
    return {"files": {**PROGRAMS, DIGESTS: f"{digest}  usr/sbin/auditctl\n"}, "answers": {}}
