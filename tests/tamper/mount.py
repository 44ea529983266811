# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options are gone from the place that describes the filesystem; a disk of its own comes without them."""

from __future__ import annotations

import os
import re

from ansible_collections.hygeia.golden.tests.tamper import file_edits

FSTAB = "/etc/fstab"
UNITS = ("/etc/systemd/system", "/usr/lib/systemd/system")


def alone(name, unused_wanted):
    """Without a filesystem of its own the options of a path mean nothing."""
    return name.startswith("separate ")


def tamper(root, name, unused_wanted):
    if name.startswith("separate "):
        _merge(root, name[len("separate ") :])
        return
    if name.startswith("type ") or "*" in name:
        kind, where = (name[5:].strip("*"), "/srv/share") if name.startswith("type ") else ("udf", name.replace("*", "disc"))
        file_edits.append(root, FSTAB, f"elsewhere:/share {where} {kind} defaults 0 0")
        return
    line = rf"^(\s*[^#\s]\S*\s+{re.escape(name)}\s+\S+\s+)\S+"
    unit = f"{name.strip('/').replace('/', '-')}.mount"
    if re.search(line, file_edits.read(root, FSTAB), re.M):
        file_edits.edit(root, FSTAB, line, r"\1defaults")
    elif any(file_edits.read(root, f"{directory}/{unit}") for directory in UNITS):
        file_edits.append(root, f"{UNITS[0]}/{unit}.d/zzz-vendor.conf", "[Mount]\nOptions=defaults")
    else:
        file_edits.append(root, FSTAB, f"UUID=0b6d9a3c-27bb-4c3f-9f0c-1f6b2f1c4e10 {name} ext4 defaults 0 2")


def _merge(root, where):
    """The disk was laid out anew, without this filesystem."""
    file_edits.edit(root, FSTAB, rf"^\s*[^#\s]\S*\s+{re.escape(where)}\s.*\n", "")
    unit = f"{where.strip('/').replace('/', '-')}.mount"
    if file_edits.read(root, f"{UNITS[1]}/{unit}"):
        os.symlink("/dev/null", file_edits.place(root, UNITS[0]) + f"/{unit}")
