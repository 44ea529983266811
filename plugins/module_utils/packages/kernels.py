# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keeping each installed kernel and its initramfs in step."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Collection
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.system.packages import rpm
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

OK = "ok"
MISSING = "missing"
STALE = "stale"

# What the name of a package that has a kernel begins with, on Debian and on Enterprise Linux.
PACKAGES = ("linux-image-", "kernel-core")

_IMAGE = "/boot/vmlinuz-"
# What Enterprise Linux boots when nothing else does; it stays as it was made when the system was installed.
_RESCUE = "0-rescue-"
_MENU = "/boot/grub/grub.cfg"
_BUILDER = "update-initramfs"
_RPM_BUILDER = "dracut"

# Removing an initramfs is quick and is done at once.
_STAND_IN = """#!/bin/sh
# Stands in for update-initramfs while packages are installed: what it is asked is done once, afterwards.
case " $* " in
*" -d "*) exec {real} "$@" ;;
esac
echo "$*" >> {asked}
"""


def versions(host: Host) -> list[str]:
    """The kernels in /boot, the newest last."""
    found = [path[len(_IMAGE) :] for path in host.glob(_IMAGE + "*") if not path.endswith((".dpkg-new", ".dpkg-tmp"))]
    found = [version for version in found if not version.startswith(_RESCUE)]
    return sorted(found, key=lambda version: [int(part) if re.match("[0-9]", part) else part for part in re.split("([0-9]+)", version)])


def states(host: Host) -> list[dict[str, str]]:
    """Each kernel with the state of its initramfs, as a module returns it."""
    return [{"version": version, "initramfs": _state(host, version)} for version in versions(host)]


def running(host: Host) -> str | None:
    """The version of the kernel that runs, or None where it is not this system's own."""
    return (host.read("/proc/sys/kernel/osrelease") or "").strip(BLANKS) or None if host.kernel else None


def surplus(host: Host, keep: int) -> list[str]:
    """The kernels beyond the newest ``keep``; never the one that runs, and never the newest."""
    return [version for version in versions(host)[: -max(keep, 1)] if version != running(host)]


def initramfs(host: Host, version: str) -> str:
    """Its path, as the dracut of each family names it, and initramfs-tools."""
    if "suse" in host.systems:
        return f"/boot/initrd-{version}"
    return f"/boot/initramfs-{version}.img" if rpm.serves(host) else f"/boot/initrd.img-{version}"


def _state(host: Host, version: str) -> str:
    built = _modified(host, initramfs(host, version))
    if built is None:
        return MISSING
    parts = (f"/lib/modules/{version}/modules.dep", f"/var/lib/dpkg/info/linux-image-{version}.list")
    return STALE if any((_modified(host, part) or 0) > built for part in parts) else OK


def _modified(host: Host, path: str) -> int | None:
    try:
        return os.stat(host.path(path)).st_mtime_ns
    except FileNotFoundError:
        return None


def due(host: Host, asked: Collection[str] = ()) -> list[str]:
    """The kernels that lack their initramfs, have an older one or are ``asked`` for.

    Where no initramfs is built at all, as on some cloud images, there are none.
    """
    if not host.which(_RPM_BUILDER if rpm.serves(host) else _BUILDER):
        return []
    return [entry["version"] for entry in states(host) if entry["initramfs"] != OK or entry["version"] in asked]


def bring_in_step(host: Host, asked: Collection[str] = ()) -> list[str]:
    """Build the initramfs of each kernel that is due; those versions."""
    built = due(host, asked)
    created = False
    for version in built:
        place = initramfs(host, version)
        new = not host.exists(place)
        command = [_RPM_BUILDER, "--force", place, version] if rpm.serves(host) else [_BUILDER, "-c" if new else "-u", "-k", version]
        ran = host.run(command, timeout=1800)
        if not ran.ok:
            raise RuntimeError(f"the initramfs of kernel {version} could not be built: {ran.error}")
        created = created or new
    if host.which("update-grub") and host.exists(_MENU) and (created or not _listed(host)):
        # The boot menu names only those that were there when the kernel was installed.
        ran = host.run(["update-grub"])
        if not ran.ok:
            raise RuntimeError(f"the boot menu could not be written: {ran.error}")
    return built


def _listed(host: Host) -> bool:
    """Is the newest kernel in the boot menu?"""
    newest = versions(host)[-1:]
    return all(f"vmlinuz-{version}" in (host.read(_MENU) or "") for version in newest)


class Deferred:
    """While packages are installed, collect what update-initramfs is asked for instead of doing it each time.

    A kernel's installation builds its initramfs, and so do the triggers at the
    end, for the same kernel: at half a minute each. In between the system would
    not boot, so this is for a copy that is thrown away when anything fails.
    """

    def __init__(self, host: Host) -> None:
        self.host = host
        self._real = host.which(_BUILDER)
        self._directory: str | None = None

    def __enter__(self) -> Deferred:
        if self._real:
            self._directory = tempfile.mkdtemp(prefix="hygeia-", dir=self.host.path("/run"))
            inside = self.host.outside(self._directory)
            stand_in = os.path.join(self._directory, _BUILDER)
            with open(stand_in, "w", encoding="utf-8") as stream:
                stream.write(_STAND_IN.format(real=self._real, asked=f"{inside}/asked"))
            os.chmod(stand_in, 0o755)
        return self

    def __exit__(self, *unused_problem: object) -> None:
        if self._directory:
            shutil.rmtree(self._directory)

    @property
    def options(self) -> tuple[str, ...]:
        """What makes dpkg find the stand-in first."""
        if not self._directory:
            return ()
        return (f"DPkg::Path={self.host.outside(self._directory)}:/usr/sbin:/usr/bin:/sbin:/bin",)

    @property
    def asked(self) -> set[str]:
        """The kernels whose initramfs somebody wanted built."""
        if not self._directory:
            return set()
        try:
            with open(os.path.join(self._directory, "asked"), encoding="utf-8") as stream:
                lines = lines_of(stream.read())
        except FileNotFoundError:
            return set()
        installed = versions(self.host)
        named = [re.search(r"(?:^| )-k ?(\S+)", line, re.A) for line in lines]
        found = {name[1] for name in named if name}
        if "all" in found:
            return set(installed)
        # Without a kernel's name the newest is meant (update-initramfs(8)).
        return (found | set(installed[-1:] if None in named else ())) & set(installed)
