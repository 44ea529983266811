# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One session as its journal tells it: its state, and whose it is."""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterator, Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.session import journal, locks
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.directory import idle
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import Process, owner
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.settings import DISK, Limits, Walls, numbered
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError

# What a playbook may want to know of a session.
FACTS = (
    "version",
    "isolation",
    "isolation_reason",
    "source",
    "root",
    "mounts",
    "not_mounted",
    "os",
    "python",
    "labels",
    "residue",
    "encrypted",
)
# States between two others: a session in one of them is worked on, or its process was killed.
PASSING = ("opening", "closing", "staging", "promoting", "promoted", "discarding")


class SessionState:
    """One session, by its directory. ``journal`` is empty when there is no such session."""

    def __init__(self, directory: str, limits: Limits | None = None, walls: Walls | None = None, key: bytes | None = None) -> None:
        self.directory = os.path.realpath(directory)
        self.name = os.path.basename(self.directory)
        self.limits = limits or Limits()
        self.walls = walls or Walls()
        # Of what LUKS holds. No journal, log or result ever tells it.
        self.key = key
        # Of a disk that will boot once, /run is the disk's own: what the build host puts there is seen inside, and a boot hides it.
        self.throwaway = False
        self.warnings: list[str] = []
        self.read()

    def read(self) -> None:
        """Learn what the journal says now."""
        entries = journal.load(self.directory)
        self.journal = journal.Journal(self.directory, **(entries or {}))

    # -- what it is ---------------------------------------------------------

    @property
    def state(self) -> str:
        return self.journal["state"] if self.journal else "discarded"

    @property
    def version(self) -> str:
        """The version that its image will have."""
        self._require_there()
        return self.journal["version"]

    @property
    def overlays(self) -> list[str]:
        """What is changed in place of the template's disks, in their order."""
        return self.journal["overlays"]

    @property
    def disks(self) -> list[str]:
        """The raw files that the overlays are shown as."""
        count = len(self.journal.get("overlays", [])) or 1
        return [self.path(numbered(DISK, number)) for number in range(1, count + 1)]

    @property
    def supervisor(self) -> Process | None:
        return Process.load(self.journal.get("supervisor")) if self.journal else None

    def path(self, name: str) -> str:
        return os.path.join(self.directory, name)

    def beside(self, purpose: str) -> str:
        """A directory's name beside ours that nobody else has."""
        return os.path.join(os.path.dirname(self.directory), f".{self.name}.{secrets.token_hex(8)}.{purpose}")

    def facts(self) -> dict[str, Any]:
        """What a playbook may want to know."""
        known = self.journal
        return {"name": self.name, "directory": self.directory, "state": self.state, **{key: known[key] for key in FACTS if key in known}}

    def busy_with(self, source: str) -> str:
        """The sentence for a second opener."""
        known = self.journal
        since = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(known.get("since")))
        who = (known.get("owner") or known.get("opener") or {}).get("pid", "unknown")
        advice = "end that" if known.get("owner") else f"discard the session {self.directory}"
        return (
            f"{known.get('source', {}).get('path', source)} is open in the session {self.name} since {since} by process {who}: "
            f"wait for it to end, or {advice}"
        )

    # -- whose it is --------------------------------------------------------

    @property
    def abandoned(self) -> bool:
        """Has everybody gone who could still want it? Ask only while holding its ``lock.action``."""
        if self.state in PASSING:
            return True
        run_of = Process.load(self.journal.get("owner"))
        if run_of:
            return not run_of.alive
        return not (self.supervisor and self.supervisor.alive) and self._idle() > self.journal["lease"]

    @property
    def left(self) -> bool:
        """Is it abandoned, and nobody puts it away yet?"""
        if not self.journal:
            return False
        with locks.action(self.directory) as got:
            self.read()
            return bool(got and self.journal and self.abandoned)

    def _idle(self) -> float:
        try:
            return idle(self.directory)
        except FileNotFoundError:
            return float("inf")

    def require_ours(self) -> None:
        """Refuse to act on the session of another run that still goes on."""
        run_of = Process.load(self.journal.get("owner"))
        if run_of and run_of.alive and run_of not in (owner(), Process.there(os.getpid())):
            raise ImageError(f"the session {self.name} belongs to process {run_of.pid}, which still runs: wait for it to end, or end that")

    def require_key(self) -> None:
        """Refuse to go on without the key by which the session was opened: what is encrypted could not be looked at."""
        if self.journal.get("encrypted") and self.key is None:
            raise ImageError(
                f"the session {self.name} holds what is encrypted with LUKS: give its key (luks_key or luks_key_file) here, too"
            )

    @contextlib.contextmanager
    def acting(self, *states: str) -> Iterator[None]:
        """Hold the session while acting on it; it must be in one of these states."""
        self._require_there()
        with locks.action(self.directory) as got:
            if not got:
                raise ImageError(f"another process is working on the session {self.name}: wait for it to end")
            self.read()
            self.require_ours()
            if self.state not in states:
                raise ImageError(f"the session {self.name} is {self.state}, but must be {' or '.join(states)} for this")
            yield

    def _require_there(self) -> None:
        if not self.journal:
            raise ImageError(f"there is no session {self.directory}: it was discarded, or never opened")

    @contextlib.contextmanager
    def created(self, run_of: Process | None, overlays: Sequence[str], **entries: Any) -> Iterator[None]:
        """Make the directory with its journal in one step, and hold it: nobody ever sees a session without both."""
        new = self.beside("new")
        os.mkdir(new, 0o700)
        with locks.action(new):
            self.journal = journal.Journal(new)
            self.journal.record(
                state="opening",
                step="claim",
                since=time.time(),
                opener=Process.there(os.getpid()).dump(),
                lease=self.limits.lease,
                owner=run_of.dump() if run_of else None,
                overlays=list(overlays),
                **entries,
            )
            self.journal.directory = self.directory
            os.rename(new, self.directory)
            yield
