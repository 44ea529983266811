# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The directory that Ansible makes for one run, which nobody else can enter: what a task works out for all hosts, later tasks find there.

Ansible runs each task of each host in a process of its own.
"""

from __future__ import annotations

import os
import sys


def run_directory() -> str:
    """Its path, or an empty string outside of a run of Ansible."""
    constants = sys.modules.get("ansible.constants")
    directory = str(getattr(constants, "DEFAULT_LOCAL_TMP", "")) if constants else ""
    return directory if os.path.isdir(directory) else ""
