# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The image of a closed session: written where nobody sees it yet, and published in the image store."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection, template
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion import names, promote
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import locks
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.settings import USED
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.promote import Target
    from ansible_collections.hygeia.golden.plugins.module_utils.image.session.state import SessionState


def require_promotable(session: SessionState, target: Target) -> None:
    """Refuse what could not be promoted: a disk on which something was found that is gone from its files, or without room for it."""
    found = session.journal["residue"]["found"]
    if found:
        places = ", ".join(f"{one['what']} at the byte {one['offset']}{_of_disk(one['disk'])}" for one in found[:3])
        raise ImageError(f"the image of the session {session.name} is not promoted, for its disk still holds what was sealed: {places}")
    target.require_space(session.overlays)


def _of_disk(number: int) -> str:
    return f" of disk {number}" if number > 1 else ""


def write(session: SessionState, target: Target, compress: bool) -> None:
    """Write and digest the image with all its disks, hidden beside those of before."""
    source = session.journal["source"]
    again = template.Digests(source)
    session.journal.record(state="staging", step="flatten", pointer=target.pointer, leftovers=target.temporary)
    for number, overlay in enumerate(session.overlays, 1):
        target.flatten(overlay, compress, session.limits.promote, number)
    changed = template.changed(source, again.results())
    if changed:
        raise ImageError(f"{changed} was changed by another process while the session {session.name} was open, which is discarded")
    whole, digest = promote.identity(target.partial), inspection.sha256(target.partial)
    files = {}
    for key in target.keys:
        path = target.partial_of(key)
        if names.form_of(key) != names.QCOW2:
            target.render(key, session.journal.get("machine", {}), session.limits.promote)
        files[key] = {"sha256": inspection.sha256(path), "identity": promote.identity(path)}
    os.utime(session.path(USED))  # whoever promotes it has its time from now on
    staged = {"partial": target.partial, "sha256": digest, "identity": whole, "files": files}
    session.journal.record(state="staged", step="staged", staged=staged)


def bind(session: SessionState, target: Target) -> None:
    """Bind the target to the file that was written for it."""
    if session.journal["pointer"] != target.pointer:
        raise ImageError(
            f"the session {session.name} was staged for {session.journal['pointer']}, not {target.pointer}: promote it there, or discard it"
        )
    target.partial = session.journal["staged"]["partial"]
    target.keys = list(session.journal["staged"].get("files", {}))


def described(session: SessionState, target: Target) -> dict[str, Any]:
    """What is reported of the image."""
    staged = session.journal["staged"]
    written = {**staged.get("files", {}), names.QCOW2: staged}
    paths = target.published(staged["sha256"])
    return {
        "files": [
            {
                "format": names.form_of(key),
                "disk": names.disk_of(key),
                "path": paths[key],
                "sha256": file["sha256"],
                "size": file["identity"][promote.SIZE],
                "pointer": target.pointer_of(key),
            }
            for key, file in written.items()
        ],
        "path": target.path(staged["sha256"]),
        "version": target.version,
        "sha256": staged["sha256"],
        "size": staged["identity"][promote.SIZE],
        "pointer": target.pointer,
    }


def publish(session: SessionState, target: Target) -> None:
    """Give the files of the image their names, and move the pointers to them."""
    staged = session.journal["staged"]
    path = target.path(staged["sha256"])
    with locks.image_store(target.directory):
        # The same image under the same name may be there from before, and is somebody's.
        ours = [name for name in target.published(staged["sha256"]).values() if not os.path.lexists(name)]
        session.journal.record(state="promoting", step="publish", leftovers=[*session.journal["leftovers"], *ours])
        target.publish(staged["sha256"], staged.get("files"))
        session.journal.record(step="point")
        target.move_to(path, staged["sha256"], tuple(staged["identity"]), staged.get("files"))
