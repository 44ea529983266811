# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A look into a qcow2 file of the build host's own for a moment, such as a throwaway overlay that is about to boot.

    with opened("/var/lib/hygeia/sessions/web/boot.qcow2", work_dir) as image:
        image.write("/etc/issue", "hello\\n")
        ran = image.run(["systemctl", "enable", "probe.service"])

``image.host`` is a ``Host`` on its root, ``image.disk`` the raw disk, the first where there are ``further`` ones. On leaving, the filesystems are
clean and the file is nobody's again; a problem is an ``ImageError``.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.image.session import enter, enter_program, labels
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.cleanup import clean_up
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import Process
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.settings import DISK, WORK_DIR, Limits, Walls
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.state import SessionState
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import require_tools
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult


class Opened:
    """The inside of a disk image that is open right now."""

    def __init__(self, session: SessionState) -> None:
        self._enter = session.path(enter_program.NAME)
        self.host = enter.host(session)
        self.disk = session.path(DISK)

    def run(self, argv: Sequence[str], stdin: str | None = None, timeout: float = 300) -> CommandResult:
        """Run a program of the image in its namespaces."""
        return Host().run([self._enter] + list(argv), stdin, timeout)

    def write(self, path: str, content: str, mode: int = 0o644) -> None:
        self.host.write(path, content, mode)


@contextlib.contextmanager
def opened(
    image: str,
    work_dir: str = WORK_DIR,
    limits: Limits | None = None,
    walls: Walls | None = None,
    further: Sequence[str] = (),
    key: bytes | None = None,
) -> Iterator[Opened]:
    """Enter the qcow2 file ``image`` itself, with the further disks of its system, without an overlay, for as long as the caller needs.

    ``key`` is that of what LUKS holds.
    """
    images = [image, *further]
    require_tools()
    os.makedirs(work_dir, mode=0o700, exist_ok=True)
    session = SessionState(os.path.join(work_dir, f"opened-{os.getpid()}-{time.monotonic_ns()}"), limits, walls, key)
    session.throwaway = True
    with session.created(Process.there(os.getpid()), images):
        try:
            entered = enter.enter(session, images)
            yield Opened(session)
            labels.apply(enter.host(session), entered["mounts"], session.journal["since"])
            enter.leave(session)
        finally:
            clean_up(session)
