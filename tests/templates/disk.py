# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The disk of a template: its partitions and filesystems in a raw file, found by offset and never by the kernel."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import tempfile
import uuid

MIB = 1 << 20
TYPES = {
    "gpt": {"bios": "21686148-6449-6E6F-744E-656564454649", "esp": "uefi", "root": "linux"},
    "mbr": {"esp": "ef", "root": "linux, bootable"},
}
SIZES = {"bios": "1MiB", "esp": "64MiB"}

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
    """A raw file; ``parts`` maps esp, bios and root to (offset, size) in bytes."""

    def __init__(self, path, size, table, firmware):
        self.path, self.table = path, table
        self.uuid = str(uuid.uuid4())
        with open(path, "wb") as stream:
            stream.truncate(size)
        self.parts = {"root": (0, size)} if table == "none" else self._partition(firmware)

    def _partition(self, firmware):
        first = {"uefi": ["esp"], "bios": ["bios"] if self.table == "gpt" else [], "direct": []}[firmware]
        roles = first + ["root"]
        lines = [f"label: {'gpt' if self.table == 'gpt' else 'dos'}"]
        for role in roles:
            size = f"size={SIZES[role]}, " if role in SIZES else ""
            lines.append(f"{size}type={TYPES[self.table][role]}")
        run("sfdisk", "--quiet", self.path, input="\n".join(lines) + "\n")
        table = json.loads(output("sfdisk", "--json", self.path))["partitiontable"]
        sector = table.get("sectorsize", 512)
        places = [(part["start"] * sector, part["size"] * sector) for part in table["partitions"]]
        return dict(zip(roles, places))

    def write(self, offset, data):
        with open(self.path, "r+b") as stream:
            stream.seek(offset)
            stream.write(data)

    def format_root(self, filesystem):
        with self._loop() as device:
            run(*(word.format(uuid=self.uuid) for word in MKFS[filesystem]), device)

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
        """The root filesystem, mounted in a directory, with the device it is on."""
        with self._loop() as device, tempfile.TemporaryDirectory(prefix="template-") as directory:
            run("mount", device, directory)
            try:
                yield directory, device
            finally:
                # Whoever has copied the mounts meanwhile keeps the filesystem mounted, and what was not written stays unwritten.
                run("sync", "--file-system", directory)
                run("umount", "--recursive", directory)

    @contextlib.contextmanager
    def _loop(self):
        offset, size = self.parts["root"]
        device = output("losetup", "--find", "--show", "--offset", offset, "--sizelimit", size, self.path).strip()
        try:
            yield device
        finally:
            run("losetup", "--detach", device)


@contextlib.contextmanager
def entered(directory, device, identifier):
    """Run in the root with just enough of /dev and /proc that update-grub finds where it is.

    The root's device goes by a name of its own: for a loop device on a file, update-grub writes a menu without a
    single kernel and reports success.
    """
    run("mount", "-t", "proc", "proc", os.path.join(directory, "proc"))
    run("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", os.path.join(directory, "dev"))
    for name in ("null", "zero", "random", "urandom", "tty"):
        node = os.stat("/dev/" + name)
        os.mknod(os.path.join(directory, "dev", name), node.st_mode, node.st_rdev)
    os.mknod(os.path.join(directory, "dev/template"), 0o60600, os.stat(device).st_rdev)
    os.makedirs(os.path.join(directory, "dev/disk/by-uuid"))
    for alias in (device, "/dev/disk/by-uuid/" + identifier):
        os.symlink("/dev/template", directory + alias)
    try:
        yield lambda *command: run("chroot", directory, *command)
    finally:
        run("umount", os.path.join(directory, "dev"), os.path.join(directory, "proc"))
