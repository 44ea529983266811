# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A file that is read after all others opens the log files, or the server, to others."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.tamper import file_edits

LAST = "/etc/rsyslog.d/zzz-vendor.conf"
LINES = {"file_mode": "$FileCreateMode 0666", "reception": 'module(load="imudp")'}


def tamper(root, name, unused_wanted):
    file_edits.append(root, LAST, LINES[name])
