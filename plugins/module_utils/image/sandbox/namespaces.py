# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The mount namespace that a template's programs see: its filesystems, the furniture, and nothing of the build host."""

from __future__ import annotations

import errno
import json
import os

from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import furniture, kernel, owners
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import (
    FIRST_USER,
    REDUCED,
    STRONG,
    TYPE_CHECKING,
    Problem,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn

    from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import Device


def user_namespace(isolation: str) -> int | None:
    """The user namespace that a sandbox of this strength has, or None."""
    if isolation != STRONG:
        return None
    try:
        return owners.make()
    except OSError as problem:
        raise Problem(f"the build host has no user namespaces ({problem}): {advice()}") from problem


def beyond_reach(root: str) -> str:
    """Why a sandbox around the tree at ``root`` cannot be strong on this build host; nothing where it can."""
    try:
        userns = owners.make()
    except OSError as problem:
        return f"the build host has no user namespaces ({problem})"
    try:
        os.close(owners.mapped(root, userns))
    except OSError as problem:
        return f"a filesystem of the template cannot have its owners mapped ({problem})"
    finally:
        os.close(userns)
    return ""


def advice() -> str:
    return f"use another with Linux 5.12 or later, or set image_isolation (for a directory, ansible_image_isolation) to {REDUCED}"


def enter_root(
    root: str, userns: int | None, note: Callable[[str], object], devices: Sequence[Device] = (), run: str | None = None
) -> None:
    """Make the tree at ``root`` all that this process sees; ``note`` is called with the files made for covers.

    ``run`` is a directory of the build host to have as /run instead of an empty one, or nothing ("") to keep the tree's own. The
    process stays the build host's root.
    """
    try:
        tree = owners.mapped(root, userns) if userns is not None else kernel.copy_mounts(root)
    except OSError as problem:
        raise Problem(f"a filesystem of the template cannot have its owners mapped ({problem}): {advice()}") from problem
    try:
        kernel.without_devices(tree)
    except OSError as problem:
        if problem.errno != errno.ENOSYS:  # before Linux 5.12; then the root alone is so, as it was mounted
            raise
    kernel.place_mounts(tree, root)
    os.close(tree)
    if run:
        place = os.path.join(root, "run")
        kernel.mount(run, place, None, kernel.MS_BIND)
        kernel.mount(None, place, None, kernel.MS_REMOUNT | kernel.MS_BIND | kernel.MS_NOSUID | kernel.MS_NODEV)
    kernel.pivot_root(root)
    furniture.furnish(FIRST_USER if userns is not None else 0, note, devices, run is None)


def make_inside(root: str, userns: int | None, devices: Sequence[Device], run: str | None = None) -> tuple[int, list[str]]:
    """A descriptor of a new mount namespace with the tree at ``root``, and the files made for covers.

    Whoever calls this stays where it is, with the template's filesystems mounted in a way of its own.
    """
    answering, ending = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        _make_and_wait(root, userns, devices, run, answering, ending)
    os.close(answering[1])
    os.close(ending[0])
    try:
        with os.fdopen(answering[0], "rb") as stream:
            answer = json.loads(stream.readline() or b'{"problem": "the inside cannot be made"}')
            if "problem" in answer:
                raise Problem(answer["problem"])
            return os.open(f"/proc/{answer['number']}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC), answer["made"]
    finally:
        os.close(ending[1])
        os.waitpid(child, 0)


def _make_and_wait(
    root: str, userns: int | None, devices: Sequence[Device], run: str | None, answering: tuple[int, int], ending: tuple[int, int]
) -> NoReturn:
    """The child's part: it ends when its caller holds the namespace."""
    os.close(answering[0])
    os.close(ending[1])
    try:
        number = os.readlink("/proc/self")
        made: list[str] = []
        kernel.unshare(kernel.CLONE_NEWNS)
        enter_root(root, userns, made.append, devices, run)
        answer = {"number": number, "made": made}
    except (OSError, Problem) as problem:
        answer = {"problem": str(problem)}
    os.write(answering[1], json.dumps(answer).encode() + b"\n")
    os.read(ending[0], 1)
    os._exit(0)
