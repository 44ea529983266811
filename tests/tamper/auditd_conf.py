# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One more line, the last, says otherwise; auditd accepts it, or it would read none of the others."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.tamper import file_edits

VALUES = {
    "space_left": "11%",
    "admin_space_left": "9%",
    "local_events": "no",
    "write_logs": "no",
    "log_format": "raw",
    "flush": "none",
    "name_format": "none",
    "log_group": "games",
    "action_mail_acct": "nobody",
}


def tamper(root, name, wanted):
    value = VALUES.get(name, 1 if str(wanted).isdigit() else "ignore")
    file_edits.append(root, "/etc/audit/auditd.conf", f"{name} = {value}")
