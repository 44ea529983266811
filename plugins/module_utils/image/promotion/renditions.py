# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The promoted image in further formats, for platforms that do not take qcow2.

Each is written from the promoted disk itself, read back, and compared with it before it may have its name.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Sequence
from typing import IO

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion import appliance
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.names import WHOLE
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError, run, which

# What a template came in, with the format that it is written in again.
AGAIN = {"vmdk": "vmdk", "ova": "ova", "ovf": "ova", "vhd": "vhd", "vhdx": "vhdx"}
_MIB, _GIB = 1 << 20, 1 << 30
# What open-vm-tools say of themselves, and what says that there are none.
_TOOLS, _NO_TOOLS = "2147483647", "0"
_BLOCK = 1 << 20


def needed(form: str, size: int, content: int) -> int:
    """The bytes that a format may take, with what it is made from, for a disk of so many bytes with so much content."""
    if form in ("raw", "vhd"):
        return size + _MIB
    return 2 * content if form in ("ova", "gcp") else content


def temporary(path: str, form: str, disks: int = 1) -> list[str]:
    """The files that may exist while a format is written, of so many disks where it holds all of them."""
    return [path, *_parts(path, disks if form in WHOLE else 1)] if form in ("ova", "gcp") else [path]


def _parts(path: str, disks: int) -> list[str]:
    return [f"{path}.part{disk}" for disk in range(1, disks + 1)]


def write(form: str, images: Sequence[str], path: str, name: str, machine: dict[str, str], limit: float) -> None:
    """Write qcow2 files, one but for formats that hold several disks, in a format, and compare."""
    image = images[0]
    size = capacity(image)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644))
    if form == "gcp":
        _write_for_google(image, path, size, limit)
    elif form == "ova":
        _write_appliance(images, path, name, machine, limit)
    elif form == "vmdk":
        _write_stream(image, path, machine, limit)
    elif form == "vhd":
        os.unlink(path)
        _run(["qemu-img", "create", "-q", "-f", "vpc", "-o", "subformat=fixed,force_size=on", path, -(-size // _MIB) * _MIB], limit)
        _run(["qemu-img", "convert", "-n", "--target-is-zero", "-f", "qcow2", "-O", "vpc", image, path], limit)
    else:
        _run(["qemu-img", "convert", "-f", "qcow2", "-O", form, image, path], limit)
    if form != "gcp":
        _require_same(form, images, path, limit)
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def capacity(image: str) -> int:
    """The size of the disk in a qcow2 file."""
    return int(json.loads(_run(["qemu-img", "info", "--output=json", "-f", "qcow2", image], 60))["virtual-size"])


def _write_stream(image: str, path: str, machine: dict[str, str], limit: float) -> None:
    """A VMDK as vSphere imports it, with the hardware version and the state of its tools, which qemu would make up."""
    adapter = "ide" if machine.get("controller") in ("ide", "ahci") else "lsilogic"
    tools = _TOOLS if machine.get("tools") else _NO_TOOLS
    hardware = appliance.HARDWARE[len("vmx-") :]
    options = f"subformat=streamOptimized,adapter_type={adapter},hwversion={hardware},toolsversion={tools}"
    _run(["qemu-img", "convert", "-f", "qcow2", "-O", "vmdk", "-o", options, image, path], limit)


def _write_appliance(images: Sequence[str], path: str, name: str, machine: dict[str, str], limit: float) -> None:
    """All disks as vSphere imports them, in an OVA."""
    disks = []
    for image, part in zip(images, _parts(path, len(images))):
        _write_stream(image, part, machine, limit)
        disks.append(appliance.Disk(part, inspection.sha256(part), capacity(image)))
    appliance.pack(path, name, disks, machine)
    for disk in disks:
        os.unlink(disk.path)


def _write_for_google(image: str, path: str, size: int, limit: float) -> None:
    """disk.raw of whole GiB in a tar of GNU's old form, compressed; what comes out of it again must be what went in."""
    (raw,) = _parts(path, 1)
    _run(["qemu-img", "convert", "-f", "qcow2", "-O", "raw", image, raw], limit)
    os.truncate(raw, -(-size // _GIB) * _GIB)
    _run(["qemu-img", "compare", "-q", "-f", "qcow2", "-F", "raw", image, raw], limit)
    inside = ["--transform=s|.*|disk.raw|", f"--directory={os.path.dirname(raw)}", os.path.basename(raw)]
    _run(["tar", "--create", "--gzip", "--sparse", "--format=oldgnu", "--owner=0", "--group=0", f"--file={path}", *inside], limit)
    if _sha256_inside(path) != inspection.sha256(raw):
        raise ImageError(f"what was written to {path} is not the image: check the disk of the build host")
    os.unlink(raw)


def _sha256_inside(path: str) -> str:
    digest = hashlib.sha256()
    command = [which("tar") or "tar", "--extract", "--gzip", "--to-stdout", f"--file={path}", "disk.raw"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
        unpacked: IO[bytes] = running.stdout  # type: ignore[assignment]
        for block in iter(lambda: unpacked.read(_BLOCK), b""):
            digest.update(block)
    return digest.hexdigest() if running.returncode == 0 else ""


def _require_same(form: str, images: Sequence[str], path: str, limit: float) -> None:
    """Read the file back, as a template of that format is read, and compare what it holds with the image."""
    raw = {"driver": "raw", "file": {"driver": "file", "filename": path}}
    nodes = [raw] if form == "raw" else [disk.node for disk in inspection.inspect_all(path)]
    what = f"what was written to {path} is not the image"
    if len(nodes) != len(images):
        raise ImageError(f"{what}, and its session is discarded")
    for image, node in zip(images, nodes):
        _run(["qemu-img", "compare", "-q", "-f", "qcow2", "-F", node["driver"], image, inspection.name_for_qemu(node)], limit, what)


def _run(argv: list[object], limit: float, what: str = "") -> str:
    ran = run([str(word) for word in argv], limit)
    if ran.ok:
        return ran.out
    advice = ": make room there" if "No space left on device" in ran.err else ""
    said = what or f"the image cannot be written in another format ({ran.error})"
    raise ImageError(f"{said}, and its session is discarded{advice}")
