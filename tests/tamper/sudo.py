# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A file that sudo reads after all others says otherwise."""

from __future__ import annotations

import os

from ansible_collections.hygeia.golden.tests.tamper import file_edits

LAST = "/etc/sudoers.d/zzz-vendor"
OTHERS = {"syslog": "local1", "timestamp_type": "global"}


def tamper(root, name, wanted):
    if wanted in (True, False):
        line = f"Defaults {'!' if wanted else ''}{name}"
    elif str(wanted).lstrip("-").isdigit():
        line = f"Defaults {name}=1000"
    else:
        line = f'Defaults {name}="{OTHERS.get(name, "/opt/vendor")}"'
    file_edits.append(root, LAST, line)
    os.chmod(file_edits.place(root, LAST), 0o440)
