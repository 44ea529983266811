# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The first process of an opened template's namespaces: it mounts the filesystems, waits, and leaves them clean.

It stays on the build host's side, as its root, where nothing inside can see it or send it a signal: it makes the sandbox that
commands are put into (join.py), and has the filesystems mounted in a namespace of its own, with the owners that are on the disk.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys
import time

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import devices, filesystems, furniture, kernel, namespaces
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import TYPE_CHECKING, Problem, place_of

if TYPE_CHECKING:
    from typing import Any

    from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import Device, Partition

# What unshare(1) gives to this process. What the build host unmounts meanwhile is unmounted here too, so that nothing of it stays busy.
NAMESPACES = ("--mount", "--pid", "--uts", "--ipc", "--net", "--fork", "--kill-child", "--propagation", "slave")
# Inside /etc/hostname; longer names are none (sethostname(2)).
_HOSTNAME = 64


def main(plan: dict[str, Any]) -> None:
    """Enter the disk, report, wait for the end, leave."""
    signals = {signal.SIGTERM, signal.SIGCHLD}
    for number in signals:
        signal.signal(number, lambda unused_number, unused_frame: None)
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    opened = Opened(plan)
    try:
        entered = opened.enter()
    except filesystems.NoRoot:
        say({"no_root": True})
        return
    except (OSError, Problem) as problem:
        say({"refused": str(problem)})
        return
    say(entered)
    wait(signals)
    say(opened.leave())


def say(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def wait(signals: set[signal.Signals]) -> None:
    """Collect the dead until asked to end."""
    while signal.sigwait(signals) != signal.SIGTERM:
        _collect()


def _collect() -> None:
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


class Opened:
    """A template's disks with their filesystems mounted below ``root``, and the sandbox around them."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.root = plan["root"]
        self.plan = plan
        # An open directory of each filesystem: syncfs(2) on it reports every write that ever failed since it was opened.
        self.handles: dict[str, int] = {}
        self.namespaces: dict[str, int] = {}
        self.made: list[str] = []
        self.devices: list[int] = []

    def enter(self) -> dict[str, Any]:
        """Mount the template's filesystems and make the sandbox; returns what was found."""
        number = int(os.readlink("/proc/self"))  # the one that the build host knows this process by
        userns = namespaces.user_namespace(self.plan["isolation"])
        partition, options = filesystems.find_root(self.plan["candidates"], self.root)
        filesystems.attach(partition, self.root, options)
        furniture.make_places(self.root)
        mounts, skipped = filesystems.mount_others(self.plan["partitions"], self.root, (partition, options))
        places = [("/", partition), *mounts]
        self.handles = {place: os.open(self._path(place), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC) for place, unused_found in places}
        self._name()
        kernel.loopback_up()
        inside, self.made = namespaces.make_inside(
            self.root, userns, [self._device(place, found) for place, found in places], "" if self.plan["throwaway"] else None
        )
        self.namespaces = {"mnt": inside, **({"user": userns} if userns is not None else {})}
        return {
            "pid": number,
            "namespaces": self.namespaces,
            "root": {key: partition[key] for key in ("number", "filesystem", "uuid", "volume", "luks")},
            "isolation_reason": "" if userns is not None else _reduced(self.root),
            "mounts": [place for place, unused_found in places],
            "places": {place: place_of(found) for place, found in places},
            "not_mounted": skipped,
            "os": filesystems.os_release(self.root),
            "python": self._has_python(),
        }

    def _path(self, place: str) -> str:
        return os.path.join(self.root, place.strip("/")).rstrip("/")

    def _device(self, place: str, partition: Partition) -> Device:
        """How a boot loader's tools see the filesystem's device: its path, the number of one that can only be read, its UUID."""
        device, unused_path = devices.attached(partition)
        self.devices.append(device)
        path, unused_number = filesystems.device_of(self._path(place))
        return path, os.fstat(device).st_rdev, partition["uuid"]

    def _name(self) -> None:
        """The template's host name, for those who ask for it."""
        name = (filesystems.read(os.path.join(self.root, "etc/hostname"), 4096) or "").split()
        plain = name[0].encode("utf-8", "replace")[:_HOSTNAME].decode("utf-8", "ignore") if name else ""
        with contextlib.suppress(OSError, ValueError):
            socket.sethostname(plain or "localhost")

    def _has_python(self) -> bool:
        for directory in ("usr/bin", "usr/local/bin"):
            with contextlib.suppress(OSError):
                if "python3" in os.listdir(filesystems.inside(self.root, directory)):
                    return True
        return False

    # -- leaving ------------------------------------------------------------

    def leave(self) -> dict[str, Any]:
        """End everything that runs here and make the filesystems clean; what happens after this cannot change them."""
        try:
            end_others()
            for handle in [*self.namespaces.values(), *self.devices]:
                os.close(handle)
            furniture.remove_empty(self.root, self.made)
            for place in sorted(self.handles, key=len, reverse=True):
                self._finish(place)
        except (OSError, Problem) as problem:
            return {"clean": False, "why": str(problem)}
        return {"clean": True}

    def _finish(self, place: str) -> None:
        """Write everything of one filesystem, hand back what it does not use, and make it read-only."""
        handle = self.handles[place]
        with contextlib.suppress(OSError):  # not every filesystem can trim
            kernel.trim(handle)
        try:
            kernel.sync_filesystem(handle)
        except OSError as problem:
            raise Problem(
                f"not everything that was written to {place} of the template reached the disk of the build host "
                f"({os.strerror(problem.errno or 0)}): is it full?"
            ) from problem
        os.close(handle)
        kernel.mount(None, self._path(place), None, kernel.MS_REMOUNT | kernel.MS_RDONLY)


def _reduced(root: str) -> str:
    """Why the sandbox is not a strong one."""
    why = namespaces.beyond_reach(root)
    return f"image_isolation is reduced, {f'and strong cannot be had: {why}' if why else 'although strong can be had on this build host'}"


def end_others(patience: float = 3.0) -> None:
    """Ask every other process of this namespace to end, then kill it."""
    for first, limit in ((signal.SIGTERM, patience), (signal.SIGKILL, 10.0)):
        number: int = first
        end = time.monotonic() + limit
        while time.monotonic() < end:
            _collect()
            try:
                os.kill(-1, number)
            except ProcessLookupError:
                return
            number = number if number == signal.SIGKILL else 0
            time.sleep(0.005)
    raise Problem("processes that were started in the template cannot be ended")
