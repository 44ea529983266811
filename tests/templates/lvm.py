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
import re
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
        answer = json.loads(
            self.run(program, "--reportformat", "json", "--units", "b", "--nosuffix", "--binary", "-a", "-o", fields, *more)
        )
        return next(iter(answer["report"][0].values()))

    def layout(self):
        """Where lvs says that each volume lies, as (device, first byte, bytes), with neighbours as one."""
        starts = {row["pv_name"]: int(row["pe_start"]) for row in self.report("pvs", "pv_name,pe_start")}
        extent = int(self.report("vgs", "vg_extent_size")[0]["vg_extent_size"])
        volumes = {}
        for row in self.report("lvs", "lv_name,seg_start_pe,seg_pe_ranges", "--segments", "--sort", "lv_name,seg_start_pe"):
            extents = re.fullmatch(r"(.*):(\d+)-(\d+)", row["seg_pe_ranges"])
            if not extents or extents[1] not in starts:  # one that lies on other volumes
                continue
            device, first, last = extents.groups()
            begin, end = (starts[device] + int(number) * extent for number in (first, int(last) + 1))
            pieces = volumes.setdefault(row["lv_name"], [])
            name = os.path.basename(device)
            if pieces and pieces[-1][0] == name and sum(pieces[-1][1:]) == begin:
                pieces[-1] = (name, pieces[-1][1], pieces[-1][2] + end - begin)
            else:
                pieces.append((name, begin, end - begin))
        return volumes

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


def group(place, name, size, change=None, devices="a", **volumes):
    """Physical volumes of a group in files, with what each volume holds copied into it, given as ``name=file``.

    ``change`` is called with LVM before the contents are put in place; returns the files.
    """
    files = [place / f"{name}-{device}.raw" for device in devices]
    for path in files:
        with open(path, "wb") as stream:
            stream.truncate(size)
    with on(place / f"lvm-{name}", **{device: (path, 0, size) for device, path in zip(devices, files)}) as lvm:
        places = list(map(lvm.device, devices))
        lvm.run("vgcreate", "-y", "-s", "1m", name, *places)
        for volume, content in volumes.items():
            lvm.create(name, volume, os.path.getsize(content) >> 20)
        if change:
            change(lvm)
        layout = {volume: pieces for volume, pieces in lvm.layout().items() if volume in volumes}
    for volume, pieces in layout.items():
        with open(volumes[volume], "rb") as source:
            for device, start, length in pieces:
                with open(files[devices.index(device)], "r+b") as stream:
                    stream.seek(start)
                    stream.write(source.read(length))
    return files


def volume(name, number, segment, status='"READ", "WRITE", "VISIBLE"'):
    """The text of a logical volume of one segment, which begins at its start."""
    identifier = f"AAAAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA{number:02}"
    head = f'id = "{identifier}"\nstatus = [{status}]\nflags = []\nsegment_count = 1'
    return f"{name} {{\n{head}\nsegment1 {{\nstart_extent = 0\n{segment}\n}}\n}}\n"


def added(volumes):
    """What adds volumes to the text of a group, given as the arguments of ``volume`` without their numbers."""
    texts = [volume(each[0], number, *each[1:]) for number, each in enumerate(volumes)]
    return lambda text: text.replace("logical_volumes {", "logical_volumes {\n" + "".join(texts), 1)


HIDDEN = '"READ", "WRITE"'


def linear(first, count=2):
    return f'extent_count = {count}\ntype = "striped"\nstripe_count = 1\nstripes = ["pv0", {first}]'


THIN = [
    ("pool_tdata", linear(10), HIDDEN),
    ("pool_tmeta", linear(12), HIDDEN),
    (
        "pool",
        'extent_count = 2\ntype = "thin-pool"\nmetadata = "pool_tmeta"\npool = "pool_tdata"\ntransaction_id = 0\nchunk_size = 128\n'
        'discards = "passdown"\nzero_new_blocks = 1',
    ),
    ("thin", 'extent_count = 9\ntype = "thin"\nthin_pool = "pool"\ntransaction_id = 0\ndevice_id = 1'),
]
