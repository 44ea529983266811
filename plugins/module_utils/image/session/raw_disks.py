# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Searching the raw disks of a closed session by rules: what is promoted, byte for byte, without the layers of its images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import fuse_export
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import Process
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.residue import shown
from ansible_collections.hygeia.golden.plugins.module_utils.residue import scan
from ansible_collections.hygeia.golden.plugins.module_utils.residue.disk import Disk

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.partitions import Partition
    from ansible_collections.hygeia.golden.plugins.module_utils.image.session.state import SessionState
    from ansible_collections.hygeia.golden.plugins.module_utils.residue.rules import Rule
    from ansible_collections.hygeia.golden.plugins.module_utils.residue.scan import Scan


def search(session: SessionState, rules: Sequence[Rule], key: bytes, seconds: float) -> Scan:
    """Search the raw disks of a closed session by rules; its files, with the archives among them, were searched while it was open."""
    with session.acting("closed", "staged"):
        session.require_key()
        # That of a search that was killed.
        fuse_export.stop(Process.load(session.journal.get("daemon")), session.disks, session.limits.teardown)
        try:
            with shown(session, list(map(fuse_export.qcow2, session.overlays)), "search", writable=False) as found:
                return scan.of_disks(_disks(session, found), rules, key, seconds)
        finally:
            session.journal.record(step=session.state, daemon=None)


def _disks(session: SessionState, found: Sequence[Partition]) -> list[Disk]:
    """The disks and what LUKS holds on them, each with the filesystems that were mounted while the session was open."""
    mounted = [stretch for each in found if each.place in session.journal["places"].values() for stretch in each.stretches]
    places = {path: f"disk {number}" for number, path in enumerate(session.disks, 1)}
    places.update((part.disk, part.place) for part in found if part.luks)
    return [Disk(name, path, tuple((start, end) for disk, start, end in mounted if disk == path)) for path, name in places.items()]
