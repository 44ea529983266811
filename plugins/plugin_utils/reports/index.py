# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""runs.jsonl: the index of all runs whose evidence is in a directory, as a hash chain (util/chain.py).

An entry has the digest of a run's manifest, and the manifest has the head of the index before it. What is about to be written is noted
beside the index, so that a run that is killed in between is in it if its evidence is there.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterator
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.signing import checkpoints, timestamps
from ansible_collections.hygeia.golden.plugins.module_utils.signing.verification import MANIFEST
from ansible_collections.hygeia.golden.plugins.module_utils.util import atomic, chain, file_lock
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.manifest import retain_until
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.run import Run

# Each run holds the lock while it signs and writes; a security key may wait for a touch.
PATIENCE = 300.0
_MODE = 0o640


class Index:
    """The index at a path, whose lock is held."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.directory, self.name = os.path.split(os.path.abspath(path))
        self.noted = os.path.join(self.directory, f".{self.name}.next")

    def head(self) -> dict[str, Any] | None:
        last = chain.head(self.path)
        return {"entries": last.entries, "sha256": last.sha256} if last else None

    def note(self, path: str, run: Run, manifest: str) -> None:
        """Say what is about to be written, and where."""
        place = os.path.relpath(path, self.directory)
        if place.startswith(os.pardir):
            raise PolicyError(f"{path} is not below {self.directory}, where the index of runs lies: choose another index")
        entry = {
            "time": run["ended"],
            "host": run["host"],
            "run": place,
            "outcome": run["verdict"],
            "manifest_sha256": hashlib.sha256(manifest.encode()).hexdigest(),
            "retain_until": retain_until(run["ended"]),
        }
        atomic.write(self.noted, json.dumps(entry, ensure_ascii=False) + "\n", _MODE)

    def settle(self) -> None:
        """Add what was noted, if it was written."""
        with contextlib.suppress(FileNotFoundError):
            with open(self.noted, encoding="utf-8") as stream:
                entry = chain.entry(stream.read())
            if entry and self._is_there(entry) and not self._is_last(entry):
                chain.append(self.path, entry, _MODE)
            os.unlink(self.noted)

    def sign(self, moment: str, sign: Callable[[bytes], str]) -> None:
        """Sign a checkpoint, which shows later whether the index was written anew or cut off."""
        last, path = chain.head(self.path), f"{self.path}{checkpoints.SUFFIX}"
        if last:
            atomic.write(path, checkpoints.text(self.name, last, moment, sign), _MODE)
            # A time stamp is one of the checkpoint before.
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{path}{timestamps.SUFFIX}")

    def _is_there(self, entry: dict[str, Any]) -> bool:
        try:
            with open(os.path.join(self.directory, entry["run"], MANIFEST), "rb") as stream:
                return hashlib.sha256(stream.read()).hexdigest() == entry["manifest_sha256"]
        except OSError:
            return False

    def _is_last(self, entry: dict[str, Any]) -> bool:
        try:
            with open(self.path, "rb") as stream:
                return chain.entries(stream.read())[-1:] == [entry]
        except FileNotFoundError:
            return False


@contextlib.contextmanager
def held(path: str) -> Iterator[Index]:
    """The index for one run at a time, with everything in it that a killed run has left."""
    atomic.make_directory(os.path.dirname(os.path.abspath(path)))
    index = Index(path)
    with file_lock.held(os.path.join(index.directory, f".{index.name}.lock"), PATIENCE):
        index.settle()
        yield index
