# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Somebody whose program was confined switched its profile off, or made it only report."""

from __future__ import annotations

import os

from ansible_collections.hygeia.golden.tests.tamper import file_edits

DIRECTORY = "/etc/apparmor.d"


def tamper(root, name, unused_wanted):
    if name == "complaining":
        file_edits.write(root, f"{DIRECTORY}/opt.vendor.agent", "profile vendor /opt/vendor/agent flags=(complain) {\n}\n")
    elif name == "disabled":
        _switch_off(root, "lsb_release")
    else:
        for file in os.listdir(f"{root}{DIRECTORY}"):
            if os.path.isfile(f"{root}{DIRECTORY}/{file}"):
                _switch_off(root, file)


def alone(name, unused_wanted):
    """Where no profile is left, each of them is switched off."""
    return name == "profiles"


def _switch_off(root, file):
    os.symlink(f"{DIRECTORY}/{file}", f"{root}{DIRECTORY}/disable/{file}")
