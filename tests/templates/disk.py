# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The disk of a template: its partitions and filesystems in a raw file, found by offset and never by the kernel."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path

# build.py is a program beside it, and tests import it as a part of the collection.
sys.path.insert(0, str(Path(__file__).parent))

import lvm  # pylint: disable=wrong-import-position

MIB = 1 << 20
TYPES = {
    "gpt": {"bios": "21686148-6449-6E6F-744E-656564454649", "esp": "uefi", "boot": "linux", "lvm": "lvm", "root": "linux"},
    "mbr": {"esp": "ef", "boot": "linux, bootable", "lvm": "lvm", "root": "linux, bootable"},
}
SIZES = {"bios": "1MiB", "esp": "64MiB", "boot": "192MiB"}
# The volume group and its volume for swap, as the installers name them.
GROUPS = {"debian": ("template-vg", "swap_1"), "el": ("rhel", "swap")}
SWAP_EXTENTS = 16

# A host that is newer than the template must not use what the template's boot loader cannot read.
MKFS = {
    "ext4": ["mkfs.ext4", "-q", "-O", "^metadata_csum_seed,^orphan_file", "-E", "nodiscard", "-U", "{uuid}"],
    "xfs": ["mkfs.xfs", "-q", "-K", "-i", "nrext64=0", "-m", "uuid={uuid}"],
    "btrfs": ["mkfs.btrfs", "-q", "-K", "-U", "{uuid}"],
}


def run(*command, **options):
    return subprocess.run([str(word) for word in command], check=True, text=True, **options)


def output(*command):
    return run(*command, stdout=subprocess.PIPE).stdout


class Disk:
    """A raw file; ``parts`` maps esp, bios, boot, root and the paths of separate filesystems to
    (offset, size) in bytes.

    With the layout ``lvm`` the root is a logical volume beside one for swap, and /boot a partition.
    """

    def __init__(self, path, size, table, firmware, layout="plain", separate=None, family="debian"):
        self.path, self.table, (self.group, self.swap) = path, table, GROUPS[family]
        self.uuid, self.boot_uuid = str(uuid.uuid4()), str(uuid.uuid4())
        # The MiB of each filesystem with a partition of its own, from the outermost path to the innermost.
        self.separate = dict(sorted((separate or {}).items()))
        self.uuids = {path: str(uuid.uuid4()) for path in self.separate}
        with open(path, "wb") as stream:
            stream.truncate(size)
        self.parts = {"root": (0, size)} if table == "none" else self._partition(firmware, layout)
        if "lvm" in self.parts:
            self._divide(*self.parts["lvm"])

    def _divide(self, offset, size):
        """Make the group and its volumes."""
        with tempfile.TemporaryDirectory() as place, lvm.on(Path(place), a=(self.path, offset, size)) as tools:
            tools.run("vgcreate", "-y", self.group, tools.device("a"))
            tools.create(self.group, self.swap, SWAP_EXTENTS)
            tools.create(self.group, "root", "100%FREE")
            for name, ((unused_device, start, length),) in tools.layout().items():
                self.parts[name] = (offset + start, length)
        with self._loop(self.swap) as device:
            run("mkswap", device, stdout=subprocess.DEVNULL)

    def _partition(self, firmware, layout):
        first = {"uefi": ["esp"], "bios": ["bios"] if self.table == "gpt" else [], "direct": []}[firmware]
        roles = first + (["boot", "lvm"] if layout == "lvm" else [*self.separate, "root"])
        lines = [f"label: {'gpt' if self.table == 'gpt' else 'dos'}"]
        for role in roles:
            size = f"{self.separate[role]}MiB" if role in self.separate else SIZES.get(role)
            lines.append((f"size={size}, " if size else "") + f"type={TYPES[self.table].get(role, 'linux')}")
        run("sfdisk", "--quiet", self.path, input="\n".join(lines) + "\n")
        table = json.loads(output("sfdisk", "--json", self.path))["partitiontable"]
        sector = table.get("sectorsize", 512)
        places = [(part["start"] * sector, part["size"] * sector) for part in table["partitions"]]
        return dict(zip(roles, places))

    def write(self, offset, data):
        with open(self.path, "r+b") as stream:
            stream.seek(offset)
            stream.write(data)

    def format_filesystems(self, filesystem):
        """Make the root filesystem and the separate ones, all of one type, and /boot."""
        for role, identifier in {"root": self.uuid, **self.uuids}.items():
            with self._loop(role) as device:
                run(*(word.format(uuid=identifier) for word in MKFS[filesystem]), device)
        if "boot" in self.parts:
            with self._loop("boot") as device:
                run(*(word.format(uuid=self.boot_uuid) for word in MKFS["ext4"]), device)

    def format_esp(self, files):
        """Make the EFI system partition and copy ``{path: file}`` onto it, without a vfat driver."""
        offset, size = self.parts["esp"]
        serial = self.esp_serial
        with tempfile.NamedTemporaryFile() as esp:
            esp.truncate(size)
            run("mkfs.vfat", "-F", "32", "-i", serial.replace("-", ""), esp.name, stdout=subprocess.DEVNULL)
            for path, source in files.items():
                directories = path.strip("/").split("/")[:-1]
                for depth in range(1, len(directories) + 1):
                    run("mmd", "-D", "s", "-i", esp.name, "::" + "/".join(directories[:depth]))
                run("mcopy", "-i", esp.name, source, "::" + path)
            with open(esp.name, "rb") as stream:
                self.write(offset, stream.read())

    @property
    def esp_serial(self):
        """The volume's serial number, as it is written in fstab."""
        return f"{self.uuid[:4]}-{self.uuid[4:8]}".upper()

    @contextlib.contextmanager
    def mounted(self):
        """The root filesystem, with those inside it, mounted in a directory; and the devices by UUID."""
        with contextlib.ExitStack() as held:
            directory = held.enter_context(tempfile.TemporaryDirectory(prefix="template-"))
            devices = {self.uuid: held.enter_context(self._loop("root"))}
            run("mount", devices[self.uuid], directory)
            held.callback(run, "umount", "--recursive", directory)
            places = [directory]
            inside = {"/boot": ("boot", self.boot_uuid)} if "boot" in self.parts else {}
            for path, (role, identifier) in {**inside, **{path: (path, self.uuids[path]) for path in self.separate}}.items():
                devices[identifier] = held.enter_context(self._loop(role))
                places.append(f"{directory}{path}")
                os.makedirs(places[-1], exist_ok=True)
                run("mount", devices[identifier], places[-1])
                held.callback(run, "umount", places[-1])
            yield directory, devices
            # Whoever has copied the mounts meanwhile keeps the filesystem mounted, and what was not written stays unwritten.
            for place in places:
                run("sync", "--file-system", place)

    @contextlib.contextmanager
    def _loop(self, role):
        offset, size = self.parts[role]
        device = output("losetup", "--find", "--show", "--offset", offset, "--sizelimit", size, self.path).strip()
        try:
            yield device
        finally:
            run("losetup", "--detach", device)


@contextlib.contextmanager
def entered(directory, devices):
    """Run in the root with just enough of /dev and /proc that update-grub finds where it is.

    ``devices`` are those of its filesystems by UUID. Each goes by a name of its own: for a loop device on a file, update-grub writes a menu without a
    single kernel and reports success.
    """
    run("mount", "-t", "proc", "proc", os.path.join(directory, "proc"))
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", os.path.join(directory, "dev"))
    for name in ("null", "zero", "random", "urandom", "tty"):
        node = os.stat("/dev/" + name)
        os.mknod(os.path.join(directory, "dev", name), node.st_mode, node.st_rdev)
    os.makedirs(os.path.join(directory, "dev/disk/by-uuid"))
    for number, (identifier, device) in enumerate(devices.items()):
        name = f"/dev/template{number}"
        os.mknod(directory + name, 0o60600, os.stat(device).st_rdev)
        for alias in (device, "/dev/disk/by-uuid/" + identifier):
            os.symlink(name, directory + alias)
    try:
        yield lambda *command: run("chroot", directory, *command)
    finally:
        run("umount", os.path.join(directory, "dev"), os.path.join(directory, "proc"))
