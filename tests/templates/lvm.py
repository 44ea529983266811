# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Real LVM on parts of files: its programs see nothing but these, keep their settings in a directory of their own, and activate nothing.

Without device-mapper they write metadata all the same. What they then refuse to create, such as a thin pool, can be restored
from a text that describes it (``restore``).
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess

CONFIG = """\
devices {{
    dir="{place}/dev" scan=["{place}/dev"] filter=["a|^{place}/dev/|","r|.*|"] global_filter=["a|^{place}/dev/|","r|.*|"]
    use_devicesfile=0 obtain_device_list_from_udev=0 external_device_info_source="none" hints="none" scan_lvs=0
    md_component_detection=0 fw_raid_component_detection=0 multipath_component_detection=0
}}
global {{ locking_dir="{place}/lock" activation=0 use_lvmpolld=0 event_activation=0 notify_dbus=0 etc="{place}" }}
activation {{ udev_sync=0 udev_rules=0 monitoring=0 verify_udev_operations=0 }}
backup {{ backup=0 archive=0 }}
"""


class Lvm:
    """The programs of LVM, for the physical volumes in ``place``/dev."""

    def __init__(self, place):
        self.place = place
        os.makedirs(place / "dev")
        (place / "lvm.conf").write_text(CONFIG.format(place=place))

    def device(self, name):
        return str(self.place / "dev" / name)

    def run(self, *command, may_fail=False):
        """Call a program of LVM; what it printed."""
        environment = {**os.environ, "LVM_SYSTEM_DIR": str(self.place), "LVM_SUPPRESS_FD_WARNINGS": "1", "LC_ALL": "C.UTF-8"}
        done = subprocess.run([str(word) for word in command], env=environment, capture_output=True, text=True, check=False)
        assert may_fail or done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def create(self, group, name, extents, *where):
        """A linear volume, on these parts or wherever there is room."""
        self.run("lvcreate", "-y", "-an", "--zero", "n", "--wipesignatures", "n", "-l", extents, "-n", name, group, *where)

    def report(self, program, fields, *more):
        """What a reporting program such as lvs says, as dictionaries."""
        told = json.loads(self.run(program, "--reportformat", "json", "--units", "b", "--nosuffix", "--binary", "-a", "-o", fields, *more))
        return next(iter(told["report"][0].values()))

    def restore(self, group, change):
        """Write the metadata of a group after ``change`` of their text."""
        path = self.place / "text"
        self.run("vgcfgbackup", "-f", path, group)
        path.write_text(change(path.read_text()))
        self.run("vgcfgrestore", "--force", "-y", "-f", path, group)


@contextlib.contextmanager
def on(place, **parts):
    """LVM for parts of files, given as ``name=(file, offset, size)``; each is a device of this name."""
    lvm = Lvm(place)
    loops = []
    try:
        for name, (path, offset, size) in parts.items():
            command = ["losetup", "--find", "--show", "--offset", offset, "--sizelimit", size, path]
            loop = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True).stdout.strip()
            loops.append(loop)
            os.symlink(loop, lvm.device(name))
        yield lvm
    finally:
        for loop in loops:
            subprocess.run(["losetup", "--detach", loop], check=True)
