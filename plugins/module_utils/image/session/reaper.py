# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The reaper: removes what a killed run left of its sessions. It runs at each open."""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterable

from ansible_collections.hygeia.golden.plugins.module_utils.image.session import locks
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.aside import side_by_side
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.cleanup import clean_up, cut_off
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.settings import Limits
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.state import SessionState
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError

# Seconds that an opener waits for what dead sessions left to be put away.
PATIENCE = 20
# The directory of a session that is being made.
_NEW = re.compile(r"\..+\.[0-9a-f]{16}\.new")


def reap(work_dir: str, limits: Limits | None = None) -> list[str]:
    """Put away every abandoned session of a directory; those that are in use stay. Returns what is to be reported."""
    stuck = put_away([os.path.join(work_dir, name) for name in sorted(os.listdir(work_dir))], limits)
    return [sentence for sentences in stuck.values() for sentence in sentences]


def put_away(directories: Iterable[str], limits: Limits | None = None) -> dict[str, list[str]]:
    """Put away those of these sessions that are abandoned, side by side, each by a process of its own; what is to be reported of which."""
    reports: dict[str, list[str]] = {}
    left: list[SessionState] = []
    for directory in directories:
        try:
            session = SessionState(directory, limits)
            if session.left:
                left.append(session)
            elif not session.journal and _begun_long_ago(directory):
                shutil.rmtree(directory, ignore_errors=True)
        except (ImageError, OSError) as problem:
            reports[directory] = [str(problem)]
    works = {session: lambda session=session: _put_away(session) for session in left}
    for session, said in side_by_side(works, PATIENCE).items():
        if said != []:
            reports[session.directory] = [_hanging(session)] if said is None else said
    return reports


def _put_away(session: SessionState) -> list[str]:
    """Discard a session if everybody has gone who could still want it; returns what is to be reported."""
    with locks.action(session.directory) as got:
        if got:
            session.read()  # it may have moved on before the lock was ours
            if not session.journal:
                clean_up(session)
            elif session.abandoned:
                cut_off(session)
                clean_up(session)
    return session.warnings


def _hanging(session: SessionState) -> str:
    """The sentence for one that could not be put away in time."""
    pids = [f"{name} {session.journal[name]['pid']}" for name in ("supervisor", "sandbox", "daemon", "guest") if session.journal.get(name)]
    return (
        f"what a killed run left of the session {session.directory} could not be cleaned up within {PATIENCE} s and is skipped: "
        f"look at its processes ({', '.join(pids) or 'none is known'})"
    )


def _begun_long_ago(directory: str) -> bool:
    """Is this the directory of a session whose opener was killed before there was a journal?"""
    return bool(_NEW.fullmatch(os.path.basename(directory))) and time.time() - os.stat(directory).st_mtime > 60
