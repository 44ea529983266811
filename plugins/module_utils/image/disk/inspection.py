# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A template's file: what it is, and why it would not be safe to open."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats import appliance, vdi, vhd, vhdx, vmdk
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.recognition import (
    OVA,
    OVF,
    PACKED,
    QCOW2,
    RAW,
    VDI,
    VHD,
    VHDX,
    VMDK,
    recognise,
)
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.formats.window import Window
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError, run

# The driver of qemu for each format; a fixed VHD is a part of a raw file for it.
DRIVERS = {QCOW2: "qcow2", RAW: "raw", VMDK: "vmdk", VHD: "vpc", VHDX: "vhdx", VDI: "vdi"}
_CHECKED = (QCOW2, VMDK, VHDX, VDI)


@dataclass(frozen=True)
class Disk:
    """A disk that passed ``inspect``; ``path`` is its file itself, never a symbolic link, and ``files`` are all of it.

    ``node`` is how qemu opens it, with the driver of each layer named. What is ``packed`` has none before it is unpacked.
    """

    path: str
    format: str
    virtual_size: int
    size: int
    snapshots: int
    files: tuple[str, ...] = ()
    node: dict[str, Any] = field(default_factory=dict)
    packed: str = ""
    machine: dict[str, str] = field(default_factory=dict)

    @property
    def summary(self) -> dict[str, Any]:
        """What a journal keeps of it."""
        parts = {"parts": list(self.files[1:])} if len(self.files) > 1 else {}
        machine = {"machine": self.machine} if self.machine else {}
        return {"path": self.path, "format": self.format, "size": self.size, "virtual_size": self.virtual_size, **parts, **machine}


def inspect(source: str) -> Disk:
    """Look at the file of one disk."""
    disks = inspect_all(source)
    if len(disks) > 1:
        raise ImageError(f"{source} holds {len(disks)} disks where one is asked for: name a file of one disk")
    return disks[0]


def inspect_all(source: str) -> list[Disk]:
    """Look at a template's file, which has one disk or several; anything that could read other files of the build host is refused."""
    path = _regular(source)
    whole = Window.whole(path)
    form = recognise(whole)
    if form in PACKED:
        return [Disk(path, RAW, 0, whole.size, 0, (path,), packed=form)]
    stretches = [whole]
    files: tuple[str, ...] = ()
    machine: dict[str, str] = {}
    if form == OVA:
        stretches, machine = appliance.in_archive(whole)
    elif form == OVF:
        stretches, files, machine = appliance.beside(whole)
    found = [_inspect(path, form if form not in (OVA, OVF) else _inner(stretch), stretch) for stretch in stretches]
    # What one description holds together are the files of each of its disks.
    files = tuple(dict.fromkeys([*files, *(file for disk in found for file in disk.files)]))
    size = sum(map(os.path.getsize, files))
    return [replace(disk, format=form, files=files, size=size, machine=machine) for disk in found]


def _inspect(path: str, form: str, stretch: Window) -> Disk:
    """Look at one disk of a template's file."""
    files, whole = _parts(form, stretch)
    node = _node("raw" if whole != stretch else DRIVERS[form], whole)
    info = _info(path, node)
    _refuse(path, info)
    if form in _CHECKED:
        _check(path, node)
    return Disk(path, form, info["virtual-size"], 0, len(info.get("snapshots", [])), files, node)


def inspect_unpacked(path: str, name: str) -> Disk:
    """Look at what came out of the compressed file ``name``, which must be one whole disk."""
    disk = inspect(path)
    if disk.packed or len(disk.files) > 1:
        raise ImageError(f"{name} holds no disk but another compressed file or a list of files: unpack it beforehand")
    return disk


def _inner(disk: Window) -> str:
    """The format of the disk that a description names, which is no description itself."""
    form = recognise(disk)
    if form in PACKED or form in (OVA, OVF):
        raise disk.refused("has a disk that is compressed or an archive itself", "export it anew, with its disk as streamOptimized")
    return form


def _parts(form: str, disk: Window) -> tuple[tuple[str, ...], Window]:
    """Look at the headers of a disk; its files, and where in the first of them it lies."""
    if form == VMDK:
        return (disk.path, *vmdk.inspect(disk, alone=disk != Window.whole(disk.path))), disk
    if form == VHD and not disk.read(0, 8).startswith(vhd.COOKIE):
        return (disk.path,), vhd.inspect_fixed(disk)
    look = {VHD: vhd.inspect_dynamic, VHDX: vhdx.inspect, VDI: vdi.inspect}.get(form)
    if look:
        look(disk)
    return (disk.path,), disk


def _node(driver: str, disk: Window) -> dict[str, Any]:
    """How qemu opens a disk, with nothing left for it to guess."""
    file = {"driver": "file", "filename": disk.path}
    if disk == Window.whole(disk.path):
        return {"driver": driver, "file": file}
    stretch = {"driver": "raw", "offset": disk.offset, "size": disk.size, "file": file}
    return stretch if driver == "raw" else {"driver": driver, "file": stretch}


def name_for_qemu(node: dict[str, Any]) -> str:
    """A disk as the programs of qemu name it: the path of a whole file, or all layers."""
    file = node["file"]
    return str(file["filename"]) if file["driver"] == "file" and set(node) == {"driver", "file"} else "json:" + json.dumps(node)


def _info(path: str, node: dict[str, Any]) -> dict[str, Any]:
    ran = run(["qemu-img", "info", "--output=json", "-f", node["driver"], name_for_qemu(node)])
    if ran.ok:
        info: dict[str, Any] = json.loads(ran.out)
        return info
    if 'Failed to get shared "write" lock' in ran.err:
        raise ImageError(f"{path} is being written by another process, such as a running virtual machine: shut that down first")
    if "log that needs to be replayed" in ran.err:
        raise ImageError(
            f"{path} was not closed cleanly, so that its log must be played back: attach and detach it once in Hyper-V, or repair a copy "
            "with 'qemu-img check -r all'"
        )
    raise ImageError(f"{path} is no disk image that can be read: {ran.error}")


def _regular(source: str) -> str:
    if not source.startswith("/"):
        raise ImageError(f"the source must be the absolute path of a file on the build host, not {source!r}")
    path = os.path.realpath(source)
    try:
        mode = os.stat(path).st_mode
    except OSError as problem:
        raise ImageError(f"there is no template at {source}: {problem.strerror}") from problem
    if not stat.S_ISREG(mode):
        raise ImageError(f"{source} is not a regular file: copy it into a qcow2 or raw file first")
    return path


def _refuse(path: str, info: dict[str, Any]) -> None:
    """Raise when qemu-img's description names anything but one plain file of a known format."""
    specific = info.get("format-specific", {}).get("data", {})
    backing = info.get("full-backing-filename") or info.get("backing-filename")
    if backing:
        raise ImageError(f"{path} has the backing file {backing}: flatten it with 'qemu-img convert -O qcow2' first")
    if specific.get("data-file"):
        raise ImageError(f"{path} keeps its data in {specific['data-file']}: convert it with 'qemu-img convert -O qcow2' first")
    if info.get("encrypted") or specific.get("encrypt"):
        raise ImageError(f"{path} is encrypted: convert it to a plain qcow2 file first")
    if specific.get("corrupt"):
        raise ImageError(f"{path} is marked as corrupt: restore it, or repair a copy with 'qemu-img check -r all'")
    if not info["virtual-size"]:
        raise ImageError(f"{path} is empty")


def _check(path: str, node: dict[str, Any]) -> None:
    """qemu-img check: 0 is sound, 3 is sound with unused clusters."""
    ran = run(["qemu-img", "check", "--output=json", "-f", node["driver"], name_for_qemu(node)], limit=600)
    if ran.code in (0, 3):
        return
    try:
        found = json.loads(ran.out).get("corruptions", 0)
    except ValueError:
        found = 0
    what = f"qemu-img check found {found} errors" if found else f"qemu-img check says: {ran.error}"
    raise ImageError(f"{path} is damaged, {what}: restore it, or repair a copy with 'qemu-img check -r all'")


def sha256(path: str) -> str:
    """The SHA-256 of a file's bytes."""
    digest, block = hashlib.sha256(), bytearray(1 << 20)
    with open(path, "rb", buffering=0) as stream:
        while True:
            count = stream.readinto(block)
            if not count:
                return digest.hexdigest()
            digest.update(memoryview(block)[:count])


def sha256_of_all(paths: Sequence[str]) -> str:
    """The SHA-256 of a disk's file; of several, that of the list that sha256sum prints of them."""
    if len(paths) == 1:
        return sha256(paths[0])
    listed = "".join(f"{sha256(path)}  {os.path.basename(path)}\n" for path in paths)
    return hashlib.sha256(os.fsencode(listed)).hexdigest()
