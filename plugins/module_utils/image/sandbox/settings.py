# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What every part of the sandbox agrees on."""

from __future__ import annotations

# As in typing, whose import would take longer than all else that a command waits for. What stands behind it only checkers see.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    # A partition as disk/partitions.py tells of it, and what root inside may reach: {"hosts": [...], "proxy": ""}.
    Partition = dict[str, Any]
    Network = dict[str, Any]
    # How a boot loader's tools see a filesystem's device: its path, its number, the filesystem's UUID.
    Device = tuple[str, int, str]

# What a command finds in its environment, and nothing else.
ENVIRONMENT = {
    "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME": "/root",
    # Sealing empties the template's own /tmp, where the module that does it would lie.
    "TMPDIR": "/run/tmp",
    "LC_ALL": "C.UTF-8",
    "DEBIAN_FRONTEND": "noninteractive",
    "SYSTEMD_OFFLINE": "1",
    "debian_chroot": "template",
}
# Begins the sentence that says why a command was not even started, which ends with this code.
MARK = "hygeia.golden: "
NOT_ENTERED = 125
# By this name the build host's own Python runs inside; there is no such file.
PYTHON = "/run/hygeia/python3"

STRONG, REDUCED = "strong", "reduced"
# In a strong sandbox user 0 is this user of the build host, which is nobody, and so on for as many users.
FIRST_USER = USERS = 1 << 30

# What the build host spends on one sandbox: bytes of memory, and processes.
MEMORY, PROCESSES = 4 << 30, 4096


def named(number: int, disk_number: int, volume: str = "", luks: str = "") -> str:
    """What a partition is called in sentences, or a logical volume; 0 is all of a disk, and of the first disk nothing is said.

    With ``luks`` it is what is encrypted there.
    """
    if luks:
        return f"the LUKS container on {named(number, disk_number, volume)}"
    if volume:
        return f"the logical volume {volume}"
    where = f" of disk {disk_number}" if disk_number > 1 else ""
    if number:
        return f"partition {number}{where}"
    return f"disk {disk_number}" if disk_number > 1 else "the disk"


def place_of(partition: Partition) -> str:
    """What one is called that disk/partitions.py tells of."""
    return named(partition["number"], partition["disk_number"], partition["volume"], partition["luks"])


class Problem(Exception):
    """Why the template cannot be entered or left, in one sentence."""
