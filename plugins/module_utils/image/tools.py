# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Programs of the build host: which are needed, and running one so that it always ends."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult
from ansible_collections.hygeia.golden.plugins.module_utils.util.readable import readable

# Each program with the Debian package that brings it.
PACKAGES = {
    "blkid": "util-linux",
    "losetup": "mount",
    "mount": "mount",
    "qemu-img": "qemu-utils",
    "qemu-storage-daemon": "qemu-system-common",
    "sfdisk": "fdisk",
    "umount": "mount",
    "unshare": "util-linux",
}
DEVICES = {"/dev/fuse": "fuse", "/dev/loop-control": "loop"}
SEARCH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class ImageError(Exception):
    """What is wrong with an image or its build host, in one sentence that says what to do.

    It quotes what an image says of itself, so whatever a terminal would obey is spelt out.
    """

    def __str__(self) -> str:
        return readable(super().__str__())


def which(name: str) -> str | None:
    """The path of a program of the build host, or None."""
    return shutil.which(name, path=os.environ.get("PATH", SEARCH) + ":/usr/sbin:/sbin")


def require_tools() -> None:
    """Refuse to begin on a build host that lacks something, naming everything it lacks."""
    if os.geteuid() != 0:
        raise ImageError("opening a template needs root on the build host: set become, or run as root")
    missing = sorted(name for name in PACKAGES if which(name) is None)
    if missing:
        packages = sorted({PACKAGES[name] for name in missing})
        raise ImageError(f"the build host lacks {_listed(missing)}: install the Debian {_plural('package', packages)} {_listed(packages)}")
    for device, module in DEVICES.items():
        if not os.path.exists(device):
            raise ImageError(f"the build host has no {device}: load the kernel module with 'modprobe {module}'")


def run(argv: Sequence[str], limit: float = 60, environ: Mapping[str, str] | None = None, stdin: int = subprocess.DEVNULL) -> CommandResult:
    """Run a program of the build host; past ``limit`` seconds it is killed and not waited for.

    Not waiting matters: a program that sleeps in the kernel on a dead disk
    cannot be killed, and must not take us with it.
    """
    program = which(argv[0])
    if program is None:
        return CommandResult(127, "", f"{argv[0]} is not installed")
    running = subprocess.Popen(
        [program] + [str(word) for word in argv[1:]],
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=dict(environ or os.environ, LC_ALL="C.UTF-8"),
        text=True,
        errors="replace",
    )
    try:
        out, err = running.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        running.kill()
        return CommandResult(124, "", f"{argv[0]} did not end within {limit} s")
    except BaseException:
        running.kill()
        raise
    return CommandResult(running.returncode, out, err)


def sized(count: float) -> str:
    """A number of bytes as people say it."""
    units = ["B", "KiB", "MiB", "GiB", "TiB"]
    while count >= 1024 and len(units) > 1:
        count /= 1024
        units.pop(0)
    return f"{count:.0f} B" if units[0] == "B" else f"{count:.1f} {units[0]}"


def free_space(directory: str) -> int:
    """Bytes that a file in ``directory`` may still grow by."""
    stat = os.statvfs(directory)
    return stat.f_bavail * stat.f_frsize


def _listed(words: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _plural(word: str, things: list[str]) -> str:
    return word if len(things) == 1 else word + "s"
