# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A vendor's installer leaves files behind, with the modes and owners that made it easiest for him."""

from __future__ import annotations

import os
import struct

from ansible_collections.hygeia.golden.tests.tamper import file_edits

# CAP_NET_RAW, permitted and effective, as the kernel keeps it (capabilities(7)).
NET_RAW = struct.pack("<IIIII", 0x02000001, 1 << 13, 0, 0, 0)
# Each as (path, mode, owner, group).
LEFT = {
    "world_writable_files": ("/opt/vendor/state.db", 0o666, 0, 0),
    "unowned": ("/opt/vendor/data", 0o640, 54321, 0),
    "ungrouped": ("/opt/vendor/more", 0o640, 0, 54321),
    "set_user_id": ("/opt/vendor/helper", 0o4755, 0, 0),
    "set_group_id": ("/opt/vendor/writer", 0o2755, 0, 0),
    "loose_programs": ("/usr/local/bin/vendor", 0o755, 65534, 0),
    "loose_libraries": ("/usr/lib/vendor.so", 0o664, 0, 65534),
    "loose_configuration": ("/etc/vendor.conf", 0o664, 0, 65534),
    "readable_logs": ("/var/log/vendor/agent.out", 0o644, 0, 0),
}


def tamper(root, name, unused_wanted):
    if name in LEFT:
        path, mode, owner, group = LEFT[name]
        file_edits.write(root, path, "left behind\n")
        os.chown(file_edits.place(root, path), owner, group)
        os.chmod(file_edits.place(root, path), mode)
    elif name == "capabilities":
        file_edits.write(root, "/opt/vendor/sniffer", "left behind\n")
        os.chmod(file_edits.place(root, "/opt/vendor/sniffer"), 0o755)
        os.setxattr(file_edits.place(root, "/opt/vendor/sniffer"), "security.capability", NET_RAW)
    elif name == "device_files":
        os.makedirs(file_edits.place(root, "/opt/vendor"), exist_ok=True)
        os.mknod(file_edits.place(root, "/opt/vendor/disk"), 0o60600, os.makedev(7, 0))
    else:
        owner = 1000 if name == "foreign_shared_directories" else 0
        directory = file_edits.place(root, f"/opt/vendor/{name}")
        os.makedirs(directory, exist_ok=True)
        os.chown(directory, owner, 0)
        os.chmod(directory, 0o1777 if owner else 0o777)
