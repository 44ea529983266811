# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The disk of a session that is being closed: overwritten where no file is, and searched for what was sealed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import fuse_export, partitions
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.fuse_export import Node
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue import canaries, closing
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.settings import DISK, PIDFILE, ROOT

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.image.session.state import SessionState


def clean(session: SessionState) -> dict[str, Any]:
    """Overwrite what the disk holds beside its files, and search it for what is gone from them; returns what came of it."""
    root = session.path(ROOT)
    with _shown(session, session.journal["node"], "known", writable=False) as (disk, found):
        known = closing.known(disk, found, root)
    sown = session.journal.get("canaries", {"seed": "", "planted": [], "missing": ["no canary was planted before sealing"]})
    planted = canaries.patterns(sown["seed"], sown["planted"])
    with _shown(session, fuse_export.qcow2(session.overlay), "overwrite") as (disk, found):
        cleaned = closing.clean(disk, found, root, session.limits.promote, known, planted)
    return {**cleaned, "canaries": sown["planted"], "not_planted": sown["missing"]}


@contextlib.contextmanager
def _shown(session: SessionState, node: Node, step: str, writable: bool = True) -> Iterator[tuple[str, list[partitions.Partition]]]:
    """An image as a raw file that nobody has entered, with its partitions."""
    session.journal.record(step=step, daemon=None)  # not that of the step before, in whose place this one is looked for
    daemon = fuse_export.start(node, session.path(DISK), session.path(PIDFILE), writable)
    session.journal.record(daemon=daemon.dump())
    try:
        yield session.path(DISK), partitions.read(session.path(DISK), fuse_export.file_of(node))
    finally:
        fuse_export.stop(daemon, session.path(DISK), session.limits.teardown)
