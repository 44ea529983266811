# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A unit is unmasked, brought along by a package, switched on or off."""

from __future__ import annotations

import glob
import os

from ansible_collections.hygeia.golden.tests.tamper import file_edits

OWN = "/etc/systemd/system"
VENDOR = ("/usr/lib/systemd/system", "/lib/systemd/system")
UNIT = "[Unit]\nDescription=Brought along by something else\n\n[Service]\nExecStart=/bin/true\n\n[Install]\nWantedBy=multi-user.target\n"


def tamper(root, name, wanted):
    unit = name if "." in name else f"{name}.service"
    if wanted == "enabled":
        _switch_off(root, unit)
        return
    if os.path.islink(f"{root}{OWN}/{unit}"):
        file_edits.remove(root, f"{OWN}/{unit}")
    if not any(os.path.lexists(f"{root}{directory}/{unit}") for directory in VENDOR):
        file_edits.write(root, f"{VENDOR[0]}/{unit}", UNIT)
    if wanted == "disabled":
        _link(root, f"{VENDOR[0]}/{unit}", f"{OWN}/multi-user.target.wants/{unit}")


def _switch_off(root, unit):
    """As systemctl disable does: the links that start it and those that give it another name are gone."""
    wants = [path for kind in ("wants", "requires") for path in glob.glob(f"{root}{OWN}/*.{kind}/{unit}")]
    links = wants + [path for path in glob.glob(f"{root}{OWN}/*") if os.path.islink(path) and os.path.basename(os.readlink(path)) == unit]
    for link in links:
        os.unlink(link)
    if not links:
        _link(root, "/dev/null", f"{OWN}/{unit}")


def _link(root, target, path):
    os.makedirs(file_edits.place(root, os.path.dirname(path)), exist_ok=True)
    os.symlink(target, os.path.join(file_edits.place(root, os.path.dirname(path)), os.path.basename(path)))
