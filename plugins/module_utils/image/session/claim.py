# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The claim on a template: one session works on it at a time, under a name that nobody else has."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.image.session import locks, reaper
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import Process, wait_until
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.settings import OVERLAY, numbered
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.state import SessionState
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.image.disk.template import Template

# Seconds from one look to the next for who waits for a template.
PAUSE = 1


class Busy(ImageError):
    """Somebody else works on the template, or under the session's name."""


@contextlib.contextmanager
def claimed(session: SessionState, template: Template, version: str, run_of: Process | None, wait: float) -> Iterator[bool]:
    """Make and hold the session's directory, as soon as nobody else works on the template; yields false when this run has it already."""
    with contextlib.ExitStack() as held:
        yield _claim(session, template, version, run_of, held, time.monotonic() + wait)


def _claim(session: SessionState, template: Template, version: str, run_of: Process | None, held: contextlib.ExitStack, end: float) -> bool:
    while True:
        stuck = {} if _is_ours(session, template, run_of) else _clear(session, template)
        try:
            with locks.mutex():
                session.read()
                if _is_ours(session, template, run_of):
                    return False
                _require_free(session, template, stuck)
                overlays = [session.path(numbered(OVERLAY, number)) for number in range(1, len(template.disks) + 1)]
                nodes = [disk.node for disk in template.disks]
                held.enter_context(session.created(run_of, overlays, version=version, source=template.source, nodes=nodes))
                for path in template.files:
                    locks.claim(path, session.directory)
                return True
        except Busy:
            if time.monotonic() >= end:
                raise
            time.sleep(PAUSE)


def _is_ours(session: SessionState, template: Template, run_of: Process | None) -> bool:
    """Is this session open on this source, by this very run?"""
    return bool(
        session.state == "open"
        and run_of
        and session.journal.get("owner") == run_of.dump()
        and locks.files(session.journal) == template.files
        and session.supervisor
        and session.supervisor.alive
    )


def _clear(session: SessionState, template: Template) -> dict[str, list[str]]:
    """Put away what dead sessions left; the sentences on those that hang, which are gone round unless they are in our way."""
    work_dir = os.path.dirname(session.directory)
    directories = [os.path.join(work_dir, name) for name in sorted(os.listdir(work_dir))]
    stuck = reaper.put_away(dict.fromkeys([*directories, *_holders(session, template)]), session.limits)
    session.warnings = [sentence for sentences in stuck.values() for sentence in sentences]
    return stuck


def _holders(session: SessionState, template: Template) -> list[str]:
    """The directories that are in the way: ours, and those of the sessions that have claimed a file of the template."""
    claimed = map(locks.holder, template.files)
    return list(dict.fromkeys([session.directory, *filter(None, claimed)]))


def _require_free(session: SessionState, template: Template, stuck: Mapping[str, list[str]]) -> None:
    """Refuse when somebody works on this source or under this name."""
    for directory in _holders(session, template):
        other = SessionState(directory, session.limits)
        if other.journal:
            if directory in stuck:
                raise ImageError(stuck[directory][0])
            raise Busy(other.busy_with(template.path))
    if not wait_until(lambda: _is_away(session), 5):
        raise ImageError(f"{session.directory} is there already and is no session: choose another work_dir or name")


def _is_away(session: SessionState) -> bool:
    """Is nothing in the directory's place? An empty one is what a killed run has left to remove."""
    with contextlib.suppress(OSError):
        os.rmdir(session.directory)
    return not os.path.lexists(session.directory)
