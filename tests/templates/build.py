# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Build a small bootable template: a Debian from the release pocket alone, so that real security updates are waiting, or a stand-in."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys

import base
import disk
import loader
import roots
from enterprise import tree as enterprise

PACKAGES = {
    "mmdebstrap": "mmdebstrap",
    "unshare": "util-linux",
    "qemu-img": "qemu-utils",
    "sfdisk": "fdisk",
    "vgcreate": "lvm2",
    "mkfs.ext4": "e2fsprogs",
    "mkfs.xfs": "xfsprogs",
    "mkfs.btrfs": "btrfs-progs",
    "mkfs.vfat": "dosfstools",
    "mcopy": "mtools",
}
FSTAB = "UUID={uuid} / {filesystem} {options} 0 {check}\n"
FSTAB_SEPARATE = "UUID={uuid} {path} {filesystem} defaults 0 {check}\n"
FSTAB_LVM = """\
/dev/mapper/{group}-root / {filesystem} {options} 0 {check}
UUID={boot} /boot ext4 defaults 0 2
/dev/mapper/{group}-{swap} none swap sw 0 0
"""
FSTAB_ESP = "UUID={serial} /boot/efi vfat umask=0077 0 1\n"


def main():
    options = arguments()
    os.makedirs(options.cache, exist_ok=True)
    os.makedirs(os.path.dirname(os.path.abspath(options.output)), exist_ok=True)
    tar = options.tree or TREES[options.family](options)
    if options.format == "directory":
        os.makedirs(options.output)
        unpack(tar, options.output)
    else:
        make_disk(tar, options)
    print(options.output)


def debian(options):
    include = options.include + (["lvm2"] if options.layout == "lvm" else [])
    return base.make(options.suite, os.path.abspath(options.cache), include)


def el(options):
    return enterprise.make(os.path.abspath(options.cache))


TREES = {"debian": debian, "el": el}


def make_disk(tar, options):
    """A disk is finished under another name, so that a broken one is never taken for a template."""
    raw = options.output + ".raw"
    try:
        fill(
            disk.Disk(raw, options.size << 20, options.table, options.firmware, options.layout, dict(options.separate), options.family),
            tar,
            options,
        )
        finish(raw, options)
    finally:
        if os.path.exists(raw):
            os.unlink(raw)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", required=True, help="the file to write")
    parser.add_argument(
        "--family", choices=sorted(TREES), default="debian", help="el is the stand-in for Enterprise Linux: SELinux, on LVM and XFS"
    )
    parser.add_argument("--tree", metavar="TAR", help="the root filesystem of somebody else, with a kernel and GRUB in it")
    parser.add_argument("--suite", default="bookworm", help="the release of Debian (default: %(default)s)")
    parser.add_argument("--format", choices=["qcow2", "raw", "directory"], default="qcow2")
    parser.add_argument("--table", choices=["gpt", "mbr", "none"], default="gpt", help="none is a bare filesystem")
    parser.add_argument("--layout", choices=["plain", "lvm"], default="plain", help="lvm is a root on a logical volume, and its own /boot")
    parser.add_argument("--filesystem", choices=sorted(disk.MKFS), default="ext4")
    parser.add_argument("--firmware", choices=["bios", "uefi", "direct"], help="default: bios, or direct without a table")
    parser.add_argument("--size", type=int, default=3072, help="MiB (default: %(default)s)")
    parser.add_argument(
        "--separate", default=[], nargs="+", type=separate, metavar="PATH=MIB", help="filesystems of their own, such as /var/log=256"
    )
    parser.add_argument("--fstab", default=[], nargs="+", metavar="LINE", help="what is mounted from disks that are made elsewhere")
    parser.add_argument("--include", default=[], nargs="+", metavar="PACKAGE", help="more packages")
    parser.add_argument("--cache", default=roots.CACHE, help="packages and root filesystems (default: .build/cache of the repository)")
    options = parser.parse_args()
    if options.family == "el":
        options.layout, options.filesystem = "lvm", "xfs"
    options.firmware = options.firmware or ("direct" if options.table == "none" else "bios")
    if options.table == "none" and options.firmware != "direct":
        parser.error("a bare filesystem has no place for a boot loader; use --firmware direct")
    if options.layout == "lvm" and options.firmware == "direct":
        parser.error("a root on a logical volume is found by the template's own initramfs; use --firmware bios or uefi")
    if options.separate and (options.table == "none" or options.layout == "lvm"):
        parser.error("filesystems of their own need partitions; use them with a partition table and without LVM")
    if os.geteuid() != 0:
        parser.error("building a template mounts filesystems: run it as root")
    missing = sorted(PACKAGES[tool] for tool in needs(options) if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin:/sbin"))
    if missing:
        parser.error("install what is missing first: apt-get install " + " ".join(missing))
    return options


def separate(word):
    """The path and the size of a filesystem of its own."""
    path, unused_sign, size = word.partition("=")
    return path, int(size)


def needs(options):
    """The programs that this template takes."""
    yield "mmdebstrap"
    if options.format != "directory":
        yield from ("sfdisk", f"mkfs.{options.filesystem}", "qemu-img")
    if options.layout == "lvm":
        yield "vgcreate"
    if options.firmware == "uefi":
        yield from ("mkfs.vfat", "mcopy")


def fill(target, tar, options):
    """Make the filesystems and put everything on them."""
    target.format_filesystems(options.filesystem)
    with target.mounted() as (directory, devices):
        unpack(tar, directory)
        with open(f"{directory}/etc/fstab", "w", encoding="utf-8") as stream:
            stream.write(fstab(target, options))
        if options.firmware == "direct":
            return
        with disk.entered(directory, devices) as enter:
            esp = loader.install(target, directory, enter, options.firmware)
            if options.family == "el":
                enter("setfiles", "-F", "-e", "/dev", "-e", "/proc", enterprise.CONTEXTS, "/")
        if esp:
            os.makedirs(f"{directory}/boot/efi", exist_ok=True)
            target.format_esp(esp)


def unpack(tar, directory):
    disk.run("tar", "--extract", "--file", tar, "--directory", directory, "--numeric-owner", "--xattrs", "--xattrs-include=*")


def fstab(target, options):
    ext4 = options.filesystem == "ext4"
    text = (FSTAB_LVM if options.layout == "lvm" else FSTAB).format(
        uuid=target.uuid,
        boot=target.boot_uuid,
        group=target.group.replace("-", "--"),
        swap=target.swap,
        filesystem=options.filesystem,
        options="errors=remount-ro" if ext4 else "defaults",
        check=1 if ext4 else 0,
    )
    for path, identifier in target.uuids.items():
        text += FSTAB_SEPARATE.format(uuid=identifier, path=path, filesystem=options.filesystem, check=2 if ext4 else 0)
    text += FSTAB_ESP.format(serial=target.esp_serial) if "esp" in target.parts else ""
    return text + "".join(f"{line}\n" for line in options.fstab)


def finish(raw, options):
    if options.format == "raw":
        os.rename(raw, options.output)
    else:
        disk.run("qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, options.output + ".part")
        os.rename(options.output + ".part", options.output)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as problem:
        sys.exit(f"building the template stopped at: {' '.join(map(str, problem.cmd))}")
