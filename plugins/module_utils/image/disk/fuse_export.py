# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Disk images as raw files: one qemu-storage-daemon shows them over FUSE, on the build host's side.

The daemon never runs inside the session's namespaces: when both are killed at
once there, the kernel waits for the daemon's answers while it unmounts, for ever.
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import Process
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError, run

CONNECTIONS = "/sys/fs/fuse/connections"

# How qemu opens a disk: a driver over another, or over a file.
Node = dict[str, Any]


def qcow2(image: str) -> Node:
    """How qemu opens a qcow2 file."""
    return {"driver": "qcow2", "file": {"driver": "file", "filename": image}}


def file_of(node: Node) -> str:
    """The file below all layers."""
    return file_of(node["file"]) if "file" in node else node["filename"]


def start(nodes: Sequence[Node], disks: Sequence[str], pidfile: str, writable: bool = True) -> Process:
    """Show each disk, as its node says that qemu opens it, as its raw file of ``disks``; returns the daemon once they can be read.

    Zeros that are written become holes, which also hide what the backing file has there.
    """
    shown = [word for number, (node, disk) in enumerate(zip(nodes, disks), 1) for word in _shown(number, node, disk, writable)]
    for disk in disks:
        with open(disk, "w", encoding="utf-8"):
            pass  # the mount point
    ran = run(["qemu-storage-daemon", "--daemonize", "--pidfile", pidfile, *shown])
    images = " and ".join(dict.fromkeys(map(file_of, nodes)))
    if not ran.ok:
        raise ImageError(f"qemu-storage-daemon cannot export {images}: {ran.error}")
    daemon = found(pidfile)
    if daemon is None:
        raise ImageError(f"qemu-storage-daemon ended at once when it should have exported {images}")
    return daemon


def _shown(number: int, node: Node, disk: str, writable: bool) -> list[str]:
    """What tells the daemon of one disk."""
    access = {"discard": "unmap"} if writable else {"discard": "unmap", "read-only": True}
    name, zeros = f"image{number}", "unmap" if writable else "off"
    layers = {**node, "node-name": name, "file": {**node["file"], **access}, **access, "detect-zeroes": zeros}
    how = f"node-name={name},writable={'on' if writable else 'off'},growable=off,mountpoint={_escaped(disk)}"
    return ["--blockdev", json.dumps(layers), "--export", f"type=fuse,id=disk{number},{how}"]


def found(pidfile: str) -> Process | None:
    """The daemon that wrote ``pidfile``, or None."""
    try:
        with open(pidfile, encoding="utf-8") as stream:
            process = Process.of(int(stream.read()))
    except (OSError, ValueError):
        return None
    return process if process and _is_daemon(process.pid) else None


def _is_daemon(pid: int) -> bool:
    try:
        return os.path.basename(os.readlink(f"/proc/{pid}/exe")).startswith("qemu-storage-daemon")
    except OSError:
        return False


def stop(daemon: Process | None, disks: Sequence[str], limit: float) -> None:
    """End the daemon; past the limit its connections are aborted, which frees whoever waits for it."""
    if daemon and not daemon.ask(limit):
        for disk in disks:
            abort(disk)
        daemon.signal(signal.SIGKILL)
        daemon.ended(limit)
    for disk in filter(mounted, disks):  # a killed daemon leaves them
        run(["umount", "--lazy", disk], limit)


def abort(disk: str) -> None:
    """Make the kernel answer everything that still waits for the daemon with an error."""
    device = mounted(disk)
    if device is None:
        return
    number = device.split(":")[1]
    control = os.path.join(CONNECTIONS, number, "abort")
    if os.path.exists(control):
        run(["sh", "-c", f"echo 1 > {control}"], limit=10)
    else:
        script = f"mount -t fusectl fusectl {CONNECTIONS} && echo 1 > {control}"
        run(["unshare", "--mount", "--propagation", "slave", "sh", "-c", script], limit=10)


def mounted(place: str) -> str | None:
    """The device number (major:minor) of what is mounted at ``place``, or None."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as stream:
        for line in stream:
            fields = line.split(" ")
            if fields[4].replace("\\040", " ") == place:
                return fields[2]
    return None


def _escaped(path: str) -> str:
    """A comma in a qemu option value is written twice."""
    return path.replace(",", ",,")
