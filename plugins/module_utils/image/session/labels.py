# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The SELinux labels of what was written to an opened template: those that the template's own policy gives.

Nobody inside the sandbox may write a label, since the kernel lets only the host's own root do so. Therefore the template's
``matchpathcon`` answers inside which label a path has, and the build host writes it, once it looks like a label. A
template that lies gets wrong labels, and nothing more. Where this does not work, the next boot is asked to label everything.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.system import selinux
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util import places
from ansible_collections.hygeia.golden.plugins.module_utils.util.descent import descend
from ansible_collections.hygeia.golden.plugins.module_utils.util.presentable import shortened

PROGRAM = "matchpathcon"
NONE = "<<none>>"
# How much is asked for at once, in letters: a command line has room for more.
AT_ONCE = 60_000
# How many files are labelled; nobody writes as many, but a template may hold them.
MOST = 2_000_000
# The clock of a filesystem is behind that of processes by up to a tick, or a second on old ones.
TOLERANCE = 2.0
PATIENCE = 120

# A path of the template with its label, empty where it has none.
Labelled = tuple[str, str]


class Unknown(Exception):
    """Why nobody knows the labels, in words that fit behind a colon."""


def apply(host: Host, mounts: Sequence[str], since: float) -> dict[str, Any]:
    """Label what has no label, and what was changed since a time, on the filesystems of an opened template.

    Returns ``{"policy", "labelled", "relabel"}``: the last is why the next boot labels everything instead. The policy is
    empty where SELinux is off in the template.
    """
    policy, labelled, why = "", 0, ""
    with contextlib.suppress(OSError):  # what cannot be read is a finding of the audit
        policy = selinux.policy(host)
    if policy:
        try:
            labelled = _apply(host, mounts, since)
        except (Unknown, OSError) as problem:
            why = f"files cannot be labelled from the build host, so the first boot labels them: {problem}"
            _ask_boot(host)
    return {"policy": policy, "labelled": labelled, "relabel": why}


def _apply(host: Host, mounts: Sequence[str], since: float) -> int:
    wanted = [each for mount in mounts for each in _changed(host, mount, since - TOLERANCE)]
    if not wanted:
        return 0
    kept = selinux.customizable(host)
    written = 0
    for (path, before), label in zip(wanted, _labels(host, [path for path, unused_label in wanted])):
        if before and (label == NONE or selinux.type_of(before) in (selinux.type_of(label), *kept)):
            continue
        written += _write(host, path, label)
    return written


def _changed(host: Host, mount: str, since: float) -> Iterator[Labelled]:
    """What is new or unlabelled on one filesystem, from its top on."""
    place = host.path(mount)
    top = os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        found = os.fstat(top)
        before = selinux.label(f"/proc/self/fd/{top}/.")
        if before is None:
            return
        if not before or found.st_ctime >= since:
            yield mount, before
        prefix = mount.rstrip("/")
        for number, met in enumerate(descend(top, lambda met: met.found.st_dev == found.st_dev)):
            if number > MOST:
                raise Unknown(f"there are more than {MOST} files on {mount}")
            if met.left or met.found.st_dev != found.st_dev:
                continue
            before = selinux.label(f"/proc/self/fd/{met.directory}/{met.name}")
            if before is not None and (not before or met.found.st_ctime >= since):
                yield prefix + met.whole, before
    finally:
        os.close(top)


def _labels(host: Host, paths: Sequence[str]) -> Iterator[str]:
    """The label of each path by the template's policy, which its own program reads."""
    for some in _portions(paths):
        ran = host.run([PROGRAM, "-N", "-n", *some], timeout=PATIENCE)
        if not ran.ok:
            raise Unknown(f"the template's {PROGRAM} says: {ran.error}")
        answers = ran.out.splitlines()
        if len(answers) != len(some):
            raise Unknown(f"the template's {PROGRAM} does not give one answer for each file")
        for answer in answers:
            if answer != NONE and not selinux.is_label(answer):
                raise Unknown(f"the template's {PROGRAM} gave an answer that is no label")
            yield answer


def _portions(paths: Sequence[str]) -> Iterator[list[str]]:
    some: list[str] = []
    size = 0
    for path in paths:
        if size + len(path) > AT_ONCE and some:
            yield some
            some, size = [], 0
        some.append(path)
        size += len(path)
    if some:
        yield some


def _write(host: Host, path: str, label: str) -> bool:
    """Write a label; one that the policy leaves open is that of the directory, as the kernel would have given it."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError), _entry(host, path) as (directory, name):  # it may have gone
        value = label if label != NONE else selinux.label(f"/proc/self/fd/{directory}/.") or ""
        if not value:
            raise Unknown(f"neither the policy nor its directory has a label for {shortened(path)}")
        try:
            os.setxattr(f"/proc/self/fd/{directory}/{name}", selinux.ATTRIBUTE, value.encode() + b"\0", follow_symlinks=False)
        except FileNotFoundError:
            return False
        except OSError as problem:
            raise Unknown(f"the build host's kernel refuses the label {value} ({problem.strerror})") from problem
        return True
    return False


@contextlib.contextmanager
def _entry(host: Host, path: str) -> Iterator[tuple[int, str]]:
    """The open directory that a path lies in, without following a link, and its name there."""
    directory = places.parent(host.root, path)
    try:
        yield directory, os.path.basename(path) or "."
    finally:
        os.close(directory)


def _ask_boot(host: Host) -> None:
    """Leave the file by which the next boot labels everything."""
    with _entry(host, selinux.RELABEL) as (directory, name), contextlib.suppress(FileExistsError):
        os.close(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644, dir_fd=directory))
