# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The disks of a session that is being closed: overwritten where no file is, and searched for what was sealed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import contents, fuse_export, partitions
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.fuse_export import Node
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue import canaries, closing
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.settings import PIDFILE, ROOT

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.image.session.state import SessionState


def clean(session: SessionState) -> dict[str, Any]:
    """Overwrite what the disks hold beside their files, and search them for what is gone from these; returns what came of it."""
    root = session.path(ROOT)
    with shown(session, session.journal["nodes"], "known", writable=False) as found:
        known = closing.known(found, root)
    sown = session.journal.get("canaries", {"seed": "", "planted": [], "missing": ["no canary was planted before sealing"]})
    planted = canaries.patterns(sown["seed"], sown["planted"])
    with shown(session, list(map(fuse_export.qcow2, session.overlays)), "overwrite") as found:
        cleaned = closing.clean(session.disks, found, root, session.limits.promote, known, planted)
    return {**cleaned, "canaries": sown["planted"], "not_planted": sown["missing"]}


@contextlib.contextmanager
def shown(session: SessionState, nodes: Sequence[Node], step: str, writable: bool = True) -> Iterator[list[partitions.Partition]]:
    """Images as the session's raw disks, which nobody has entered; their partitions."""
    session.journal.record(step=step, daemon=None)  # not that of the step before, in whose place this one is looked for
    daemon = fuse_export.start(nodes, session.disks, session.path(PIDFILE), writable)
    session.journal.record(daemon=daemon.dump())
    try:
        with contents.shown(session.disks, list(map(fuse_export.file_of, nodes)), session.key, writable) as found:
            yield found
    finally:
        fuse_export.stop(daemon, session.disks, session.limits.teardown)
