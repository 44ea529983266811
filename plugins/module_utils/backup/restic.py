# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""restic, asked by its JSON; what only reads takes no lock, so that it never hinders a backup and needs no right to write."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.backup.product import CANARY, Absent, Backup, BackupError, Entry, Product
from ansible_collections.hygeia.golden.plugins.module_utils.backup.times import moment
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult, Host

_PASSWORDS = ("RESTIC_PASSWORD", "RESTIC_PASSWORD_FILE", "RESTIC_PASSWORD_COMMAND")
# How long to wait before a lock is looked at again.
_PAUSE = 2


class Restic(Product):
    NAME = "restic"
    SAYS = (
        (r"wrong password or no key found", "the key does not open {place}: give the one that the backups are made with", False),
        (
            r"Resolving password failed|empty password is not allowed",
            "the password of {place} cannot be read ({said}): look at the file or the command that gives it",
            False,
        ),
        (
            r"repository is already locked",
            "{place} is locked ({said}): wait for the run that holds the lock, or where none runs any more take it away with 'restic unlock'",
            True,
        ),
        (
            r"no space left on device|[Qq]uota exceeded|507 Insufficient",
            "{place} is full: make room, with 'restic forget --prune' or a larger disk; no further backup can be stored",
            False,
        ),
        (
            r"dial tcp|connection refused|no such host|i/o timeout|is unreachable|o route to host|onnection timed out|ould not resolve|the sftp session",
            "{place} cannot be reached ({said}): check that its server runs and that the packet filters between let this host in",
            False,
        ),
        (
            r"read-only file system|403 Forbidden|405 Method|permission denied|AccessDenied",
            "{place} cannot be written by this host ({said}): give it the right to add backups, or check whether a disk has become read-only",
            False,
        ),
        (
            r"unable to open config file|[Rr]epository does not exist",
            "there is no repository at {place}: look at its address, and where it is lost make a new one with 'restic init'",
            False,
        ),
        (
            r"ciphertext verification failed|nonce is invalid|blob .* not found|invalid data returned|unexpected EOF|pack .* (damaged|not found)",
            "{place} is damaged ({said}): find out how much with 'restic check --read-data', repair it, and create a new backup",
            False,
        ),
    )

    def __init__(self, host: Host, declared: dict[str, Any]) -> None:
        super().__init__(host, declared)
        given = {
            "RESTIC_REPOSITORY": declared.get("repository"),
            "RESTIC_PASSWORD_FILE": declared.get("password_file"),
            "RESTIC_PASSWORD_COMMAND": declared.get("password_command"),
        }
        self.add_environ(given)

    @property
    def place(self) -> str:
        return self.masked(self.host.environ.get("RESTIC_REPOSITORY") or "the repository of restic")

    def backups(self) -> list[Backup]:
        found = self._snapshots("--host", self.owner, *self._filter())
        kept = [snapshot for snapshot in found if CANARY not in (snapshot.get("tags") or [])]
        return sorted((Backup(each["id"], moment(each["time"])) for each in kept), key=lambda backup: backup.time)

    def encryption(self) -> tuple[bool, str]:
        """Every repository of restic is encrypted, and since 0.17 one may have a key without a password."""
        environ = {name: value for name, value in self.host.environ.items() if name not in _PASSWORDS}
        if self.run([self.program, "cat", "config", "--no-lock", "--insecure-no-password"], environ=environ).ok:
            return False, "a key without a password"
        return True, "AES-256 with a password"

    def back_up(self, path: str) -> str:
        out = self._patiently("backup", "--json", "--tag", CANARY, "--host", self.owner, path)
        summaries = [line for line in _objects(out) if line.get("message_type") == "summary"]
        if not summaries or not summaries[-1].get("snapshot_id"):
            raise BackupError(f"restic said nothing of a snapshot after backing up to {self.place}: try 'restic backup' by hand")
        return summaries[-1]["snapshot_id"]

    def restore(self, backup: str, path: str, directory: str) -> str:
        self.done([self.program, "restore", "--no-lock", backup, "--include", re.sub(r"([*?[\\])", r"\\\1", path), "--target", directory])
        return directory + path

    def entry(self, backup: str, path: str) -> Entry:
        out = self.answer([self.program, "ls", "--json", "--no-lock", backup, path])
        found = next((line for line in _objects(out) if line.get("path") == path and line.get("type") == "file"), None)
        if found is None:
            raise Absent()
        return Entry(found["size"], moment(found["mtime"]))

    def forget_canaries(self) -> None:
        left = [snapshot["id"] for snapshot in self._snapshots("--host", self.owner, "--tag", CANARY)]
        if left:
            self._patiently("forget", *left)

    def _filter(self) -> list[str]:
        return [word for path in self.declared.get("paths") or [] for word in ("--path", path)]

    def _snapshots(self, *words: str) -> list[dict[str, Any]]:
        return self.data([self.program, "snapshots", "--json", "--no-lock", *words]) or []

    def _patiently(self, *words: str) -> str:
        """What needs a lock is tried for a while; versions before 0.16 cannot wait by themselves."""
        end = time.monotonic() + self.declared.get("lock_wait", 0)
        while True:
            try:
                return self.done([self.program, *words])
            except BackupError as trouble:
                if not trouble.undecided or time.monotonic() + _PAUSE > end:
                    raise
            time.sleep(_PAUSE)

    def said(self, ran: CommandResult) -> list[str]:
        """Its lines without how often it tried; newer versions tell the last one as JSON, and older ones print a list of calls after it."""
        messages = [line.get("message", "") for line in _objects(ran.err) if line.get("message_type") == "exit_error"]
        lines = [line for text in [ran.err, *messages] for line in lines_of(text) if line.strip(BLANKS)]
        lines = [line for line in lines if not line.startswith(("{", "\t", "github.com/"))]
        lines = [re.sub(r"^.* returned error, retrying after [^:]*: ", "", line.strip(BLANKS)) for line in lines]
        return sorted(lines, key=lambda line: line.startswith("Fatal")) or super().said(ran)


def _objects(text: str) -> Iterator[dict[str, Any]]:
    """The JSON objects among lines, one a line."""
    for line in lines_of(text):
        if line.startswith("{"):
            try:
                yield json.loads(line)
            except ValueError:
                continue
