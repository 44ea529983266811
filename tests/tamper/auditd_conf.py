# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One more line, the last, says otherwise."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.tamper import file_edits


def tamper(root, name, wanted):
    value = 1 if str(wanted).isdigit() and int(wanted) > 1 else "ignore"
    file_edits.append(root, "/etc/audit/auditd.conf", f"{name} = {value}")
