# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a system expects around its root when nobody boots it: /proc, /sys, /dev, /run, and files that are covered.

All of it is made before the template's first program runs, in a mount namespace that belongs to the build host, so that
nothing inside can change it. ``owner`` is the user of the build host that root is inside.
"""

from __future__ import annotations

import contextlib
import os
import stat

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import kernel
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.kernel import (
    MS_BIND,
    MS_NODEV,
    MS_NOEXEC,
    MS_NOSUID,
    MS_RDONLY,
    MS_REMOUNT,
    mount,
    read_only,
)
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import TYPE_CHECKING
from ansible_collections.hygeia.golden.plugins.module_utils.system.covered import COVERED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import Device

# The file that nobody starts a service by, and the one that packages would write the build host's network into.
COVERS = {"/usr/sbin/policy-rc.d": ("#!/bin/sh\nexit 101\n", 0o755), "/etc/resolv.conf": ("", 0o644)}
PLACES = {"/run/lock": 0o1777, "/run/tmp": 0o1777, "/run/ansible": 0o700, "/run/hygeia": 0o700, COVERED: 0o700}
DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
LINKS = {"ptmx": "pts/ptmx", "fd": "/proc/self/fd", "stdin": "/proc/self/fd/0", "stdout": "/proc/self/fd/1", "stderr": "/proc/self/fd/2"}
_TTY_GROUP = 5
# Whoever is in the group of /proc sees every process: root's, unless another one is given.
_NO_GROUP = (1 << 31) - 1
_SEALED = ("/proc/sys", "/proc/irq", "/proc/bus", "/proc/fs", "/proc/acpi", "/proc/sysrq-trigger")
_HIDDEN = ("/proc/kcore", "/proc/keys", "/proc/kmsg", "/proc/timer_list", "/proc/sched_debug", "/proc/kallsyms", "/proc/vmcore")


def make_places(root: str) -> None:
    """Have the directories that something is mounted on; a template that has none of them gets them."""
    for name in ("proc", "sys", "dev", "run"):
        with contextlib.suppress(FileExistsError):
            os.mkdir(os.path.join(root, name))


def furnish(owner: int, note: Callable[[str], object], devices: Sequence[Device] = (), run: bool = True) -> None:
    """Do it around the root of this process; ``note`` is called with each file before it is made for a cover to lie on."""
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, f"hidepid=2,gid={_NO_GROUP}")
    mount("sysfs", "/sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY)
    if os.path.isdir("/sys/firmware"):  # the build host's firmware is not the template's
        mount("tmpfs", "/sys/firmware", "tmpfs", MS_RDONLY, "size=0,mode=555")
    _furnish_dev(owner, devices)
    _seal_kernel()
    mine = f"uid={owner},gid={owner}"
    if run:
        mount("tmpfs", "/run", "tmpfs", MS_NOSUID | MS_NODEV, f"mode=755,size=1g,{mine}")
    with _filesystem_owner(owner):
        for place, mode in PLACES.items():
            os.makedirs(place, exist_ok=True)
            os.chmod(place, mode)
    mount("/", COVERED, None, MS_BIND)  # alone, without what is mounted on it
    for path, (text, mode) in COVERS.items():
        _cover(path, text, mode, owner, note)


def _seal_kernel() -> None:
    """Nothing of the kernel can be changed, and what tells of its memory is not shown."""
    for path in _SEALED:
        read_only(path)
    for path in filter(os.path.exists, _HIDDEN):
        mount("/dev/null", path, None, MS_BIND)


def _furnish_dev(owner: int, devices: Sequence[Device]) -> None:
    """The devices that programs need, and for boot loaders the filesystems' own, which can only be read."""
    mount("tmpfs", "/dev", "tmpfs", MS_NOSUID | MS_NOEXEC, f"mode=755,size=16m,uid={owner},gid={owner}")
    for name, (major, minor) in DEVICES.items():
        _node(f"/dev/{name}", stat.S_IFCHR | 0o666, os.makedev(major, minor), owner)
    for place in ("/dev/pts", "/dev/shm", "/dev/disk", "/dev/disk/by-uuid"):
        os.mkdir(place)
        os.chown(place, owner, owner)
    mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, f"newinstance,ptmxmode=0666,mode=620,gid={owner + _TTY_GROUP}")
    mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777,size=256m")
    for name, target in LINKS.items():
        os.symlink(target, f"/dev/{name}")
    for number, (path, device, uuid) in enumerate(devices):
        # A name of its own: update-grub leaves every kernel out of the menu when the root is a loop device on a file.
        name = f"/dev/template{number}"
        _node(name, stat.S_IFBLK | 0o400, device, owner)
        for alias in (path, f"/dev/disk/by-uuid/{uuid}"):
            if not os.path.lexists(alias):
                os.symlink(name, alias)
    mount(None, "/dev", None, MS_REMOUNT | MS_BIND | MS_NODEV | MS_NOSUID | MS_NOEXEC)


def _node(path: str, mode: int, device: int, owner: int) -> None:
    """Make a device that works by a mount of its own: those that packages make beside it do not."""
    os.mknod(path, mode, device)
    os.chmod(path, mode & 0o777)
    os.chown(path, owner, owner)
    mount(path, path, None, MS_BIND)


# -- covers -----------------------------------------------------------------


def _cover(path: str, text: str, mode: int, owner: int, note: Callable[[str], object]) -> None:
    """Show a text at a path without touching the file there; where there is none, an empty one is made."""
    source = f"/run/hygeia/{os.path.basename(path)}"
    with _filesystem_owner(owner):
        with open(source + ".new", "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(source + ".new", mode)
        os.replace(source + ".new", source)  # another command may have the old one mounted
    target = os.path.realpath(path)
    if target.startswith("/run/"):
        with _filesystem_owner(owner):
            _show_in_run(source, target)
        return
    if not os.path.lexists(target):
        note(target)
        with _filesystem_owner(owner), contextlib.suppress(OSError):  # in the place of its directory may be anything
            os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644))
    if os.path.isfile(target):
        mount(source, target, None, MS_BIND)


def _show_in_run(source: str, target: str) -> None:
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.symlink(source, target)


@contextlib.contextmanager
def _filesystem_owner(owner: int) -> Iterator[None]:
    """Create files as root of the template creates them."""
    kernel.set_filesystem_owner(owner)
    try:
        yield
    finally:
        kernel.set_filesystem_owner(0)


def remove_empty(root: str, paths: Sequence[str]) -> None:
    """Remove files that were made for covers, and are still empty, from the filesystems below a root that nobody uses any more."""
    for path in paths:
        parent = _directory(root, os.path.dirname(path))
        if parent is None:
            continue
        name = os.path.basename(path)
        with contextlib.suppress(FileNotFoundError):
            found = os.stat(name, dir_fd=parent, follow_symlinks=False)
            if stat.S_ISREG(found.st_mode) and found.st_size == 0:
                os.unlink(name, dir_fd=parent)
        os.close(parent)


def _directory(root: str, path: str) -> int | None:
    """A descriptor of a directory below a root by way of directories alone, or None when something else is in the way."""
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    for part in filter(None, path.split("/")):
        outer = handle
        try:
            handle = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=outer)
        except OSError:
            return None
        finally:
            os.close(outer)
    return handle
