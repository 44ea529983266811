# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Small disk images with a system in them, made from what the build host has itself."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

PROGRAMS = ("sh", "cat", "dd", "env", "chmod", "hostname", "id", "ls", "mkdir", "mount", "rm", "sleep", "sync", "touch", "test", "readlink")
MIB = 1 << 20
# The partition table's own room before and after the partitions.
EDGE = MIB
TYPES = {"linux": "L", "esp": "U", "lvm": "V"}


def call(*argv, **kwargs):
    return subprocess.run([str(word) for word in argv], check=True, capture_output=True, text=True, **kwargs).stdout


def system(place, fstab="", python=False):
    """A tree that looks like an installed system and can run a few programs."""
    files = {
        "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nNAME="Debian GNU/Linux"\nID=debian\nVERSION_ID="12"\n',
        "etc/debian_version": "12.0\n",
        "etc/hostname": "template\n",
        "etc/fstab": fstab,
        "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
        "usr/sbin/.keep": "",
        "tmp/.keep": "",
        "root/.keep": "",
        "boot/.keep": "",
    }
    for name, text in files.items():
        write(place / name, text)
    os.makedirs(place / "usr/bin", exist_ok=True)
    for name, target in (("bin", "usr/bin"), ("sbin", "usr/sbin"), ("lib", "usr/lib"), ("lib64", "usr/lib64")):
        os.symlink(target, place / name)
    for name in PROGRAMS:
        bring(place, shutil.which(name))
    if python:
        bring_python(place)
    return place


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def bring(place, program):
    """Copy a program and the libraries that it needs."""
    listed = subprocess.run(["ldd", program], capture_output=True, text=True, check=False).stdout
    for path in re.findall(r"(/\S+) \(0x", listed) + [program]:
        under = path if path.startswith("/usr/") else "/usr" + path
        target = place / under.lstrip("/")
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(os.path.realpath(path), target)


def bring_python(place):
    """Debian's own Python, with its standard library."""
    real = os.path.realpath("/usr/bin/python3")
    version = os.path.basename(real)
    bring(place, real)
    os.symlink(version, place / "usr/bin/python3")
    library = f"/usr/lib/{version}"
    shutil.copytree(
        library, place / library.lstrip("/"), ignore=shutil.ignore_patterns("__pycache__", "test", "config-*", "*.a", "dist-packages")
    )
    for extension in (place / library.lstrip("/") / "lib-dynload").glob("*.so"):
        bring(place, os.path.join(library, "lib-dynload", extension.name))


def filesystem(kind, path, tree=None, size=48 * MIB, label="root"):
    """A raw file with one filesystem that holds a tree."""
    with open(path, "wb") as stream:
        stream.truncate(max(size, 320 * MIB if kind == "xfs" else 0, 128 * MIB if kind == "btrfs" else 0))
    if kind == "ext4":
        call("mke2fs", "-q", "-t", "ext4", "-L", label, *(["-d", tree] if tree else []), path)
    elif kind == "btrfs":
        call("mkfs.btrfs", "-q", "-L", label, *(["--rootdir", tree] if tree else []), path)
    elif kind == "xfs":
        call("mkfs.xfs", "-q", "-L", label, path)
        if tree:
            mounted(path, f"cp -a {tree}/. MOUNT/")
    else:
        raise ValueError(kind)
    return path


def mounted(path, script, options="loop"):
    """Run a script while a filesystem is mounted at MOUNT, where nobody else sees it."""
    mount = str(path) + ".mount"
    os.makedirs(mount, exist_ok=True)
    script = f"mount -n -o {options} {path} {mount} && {script.replace('MOUNT', mount)} && umount {mount}"
    call("unshare", "--mount", "--propagation", "private", "sh", "-ec", script)
    os.rmdir(mount)
    return path


def uuid(path):
    return call("blkid", "--probe", "--match-tag", "UUID", "--output", "value", path).strip()


def disk(label, path, parts):
    """A raw disk with a partition table; ``parts`` are (type, raw file of the filesystem)."""
    lines, start = [f"label: {label}"], EDGE
    for kind, content in parts:
        size = os.path.getsize(content)
        code = {"dos": {"linux": "83", "esp": "ef", "lvm": "8e"}[kind]}.get(label, TYPES[kind])
        lines.append(f"start={start // 512}, size={size // 512}, type={code}")
        start += size
    with open(path, "wb") as stream:
        stream.truncate(start + EDGE)
    call("sfdisk", "--quiet", path, input="\n".join(lines) + "\n")
    start = EDGE
    for unused_kind, content in parts:
        call("dd", f"if={content}", f"of={path}", "bs=1M", f"seek={start // MIB}", "conv=notrunc,sparse", "status=none")
        start += os.path.getsize(content)
    return path


def qcow2(raw, path):
    call("qemu-img", "convert", "-O", "qcow2", raw, path)
    return path


def raw(image, path):
    call("qemu-img", "convert", "-O", "raw", image, path)
    return path


def listed(ext4, *directories):
    """What lies in directories of an ext4 filesystem, without mounting it."""
    return "".join(call("debugfs", "-R", f"ls -p {directory}", ext4) for directory in directories)
