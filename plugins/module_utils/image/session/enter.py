# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How disk images are entered: a storage daemon shows them as raw disks, and a sandbox starts inside, held by a supervisor."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.image import archive
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import contents, fuse_export, partitions
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import program
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import settings as sandbox_settings
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.session import NAMESPACES
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import FIRST_USER, STRONG
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import (
    control_groups,
    directory,
    enter_program,
    processes,
    settings,
    supervision,
    supervisor,
)
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import Process
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.settings import PIDFILE, ROOT, USED
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import SEARCH, ImageError, which
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util import atomic

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.partitions import Partition
    from ansible_collections.hygeia.golden.plugins.module_utils.image.session.state import SessionState

# What the supervisor needs as a program of its own.
_SUPERVISION = (atomic, control_groups, directory, processes, sandbox_settings, settings, supervision)


def enter(session: SessionState, names: Sequence[str], partition: int | None = None) -> dict[str, Any]:
    """Show the session's overlays as disks, and start the sandbox inside them; what the sandbox found there.

    ``names`` is what each disk is called in sentences.
    """
    name = names[0]
    session.journal.record(step="export")
    daemon = fuse_export.start(list(map(fuse_export.qcow2, session.overlays)), session.disks, session.path(PIDFILE))
    session.journal.record(step="partitions", daemon=daemon.dump())
    with contents.shown(session.disks, names, session.key) as found:
        return _enter(session, daemon, found, name, partition)


def _enter(session: SessionState, daemon: Process, found: list[Partition], name: str, partition: int | None) -> dict[str, Any]:
    """Start the sandbox inside what was found."""
    plan: dict[str, Any] = {
        "root": session.path(ROOT),
        "isolation": session.walls.isolation,
        "throwaway": session.throwaway,
        "partitions": [part.dump() for part in found],
        "candidates": [part.dump() for part in partitions.candidates(found, name, partition)],
    }
    os.makedirs(plan["root"], exist_ok=True)
    session.journal.record(step="sandbox")
    entered = _start_supervisor(session, daemon, plan)
    if "no_root" in entered:
        raise ImageError(partitions.no_root(partitions.of_number(found, partition), name))
    inner = Process.of(entered["pid"]) if "pid" in entered else None
    if inner is None:
        raise ImageError(f"{name} cannot be entered: {entered.get('refused') or _last_word(session)}")
    encrypted = [{"place": part.container, "version": part.luks_version, "uuid": part.luks} for part in found if part.luks]
    session.journal.record(sandbox=inner.dump(), isolation=session.walls.isolation, encrypted=encrypted)
    enter_program.write_open(
        session.directory,
        inner,
        namespaces=entered["namespaces"],
        owner=FIRST_USER if session.walls.isolation == STRONG else 0,
        groups=session.journal["groups"],
        network=session.walls.network,
        tree=tree(session),
    )
    return entered


def tree(session: SessionState) -> str:
    """The template's filesystems as their sandbox has them, seen from here."""
    return f"/proc/{session.journal['sandbox']['pid']}/root{session.path(ROOT)}"


def host(session: SessionState) -> Host:
    """The template as a system whose programs run in its sandbox."""
    return Host(tree(session), entering=[session.path(enter_program.NAME)])


def _start_supervisor(session: SessionState, daemon: Process, plan: dict[str, Any]) -> dict[str, Any]:
    script, sandbox = session.path("supervisor.pyz"), session.path("sandbox.pyz")
    atomic.write(script, archive.program(supervisor, _SUPERVISION))
    atomic.write(sandbox, program.session_program())
    atomic.write(session.path(USED), "")
    session.journal.record(groups=control_groups.make(session.directory))
    python = [program.python(), "-I", "-S"]
    plan = {
        "directory": session.directory,
        "daemon": daemon.dump(),
        "owner": session.journal["owner"],
        "groups": session.journal["groups"],
        "lease": session.limits.lease,
        "lifetime": session.limits.lifetime,
        "limit": session.limits.teardown,
        "sandbox": [which("unshare"), *NAMESPACES, *python, sandbox, json.dumps(plan)],
    }
    with open(session.path("supervisor.log"), "wb") as log:
        process = subprocess.Popen(
            [*python, script, json.dumps(plan)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            start_new_session=True,
            cwd="/",
            env={"PATH": SEARCH, "LC_ALL": "C.UTF-8"},
        )
    session.journal.record(supervisor=Process.there(process.pid).dump())
    return json.loads(_first_line(process, session.limits.teardown) or b"{}")


def _first_line(process: subprocess.Popen[bytes], limit: float) -> bytes:
    """The first line that a process prints, or nothing when it prints none within the limit."""
    lines: list[bytes] = []
    reader = threading.Thread(target=lambda: lines.append(process.stdout.readline() if process.stdout else b""), daemon=True)
    reader.start()
    reader.join(limit)
    return lines[0] if lines else b""


def _last_word(session: SessionState) -> str:
    """The last thing that the sandbox or its supervisor said."""
    for name in ("sandbox.log", "supervisor.log"):
        with contextlib.suppress(FileNotFoundError), open(session.path(name), encoding="utf-8", errors="replace") as stream:
            lines = stream.read().strip().splitlines()
            if lines:
                return lines[-1]
    return "the sandbox ended without a word"


def leave(session: SessionState) -> None:
    """End the supervisor, which ends the sandbox and the daemon; whatever is not in order is a problem."""
    limit = 3 * session.limits.teardown
    if session.supervisor and not session.supervisor.ask(limit):
        raise ImageError(f"the session {session.name} did not end within {limit} s, and its changes are discarded")
    try:
        with open(session.path("ended.json"), encoding="utf-8") as stream:
            ended = json.load(stream)
    except FileNotFoundError:
        ended = {"clean": False, "why": "its supervisor was killed"}
    refused = f"the session {session.name} cannot be closed, and its changes are discarded"
    if not ended["clean"]:
        raise ImageError(f"{refused}: {ended['why']}")
    for disk in filter(fuse_export.mounted, session.disks):
        raise ImageError(f"{refused}: {disk} is still mounted")
