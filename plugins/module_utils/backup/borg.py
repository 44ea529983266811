# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""BorgBackup 1.x, asked by its JSON; a list is read past the lock, so that it never waits for a backup that runs."""

from __future__ import annotations

import json
import secrets
import shlex
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.backup.product import CANARY, Absent, Backup, Entry, Product
from ansible_collections.hygeia.golden.plugins.module_utils.backup.times import moment
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult, Host


class Borg(Product):
    NAME = "borg"
    SAYS = (
        (
            r"No space left on device|Insufficient free space|[Qq]uota|InsufficientFreeSpace",
            "{place} is full: make room, with 'borg prune' and 'borg compact' or a larger disk; no further backup can be stored",
            False,
        ),
        (
            r"PassphraseWrong|PasscommandFailure|NoPassphraseFailure|PassphraseEnvInvalid|env_passcommand",
            "the passphrase does not open {place}: give the one that the backups are made with",
            False,
        ),
        (r"GetPassWarning", "no passphrase is given for {place}: say password_file, password_command or environment_file", False),
        (
            r"KeyfileNotFoundError|RepoKeyNotFoundError",
            "the key of {place} is not on this host ({said}): bring it back with 'borg key import'",
            False,
        ),
        (
            r"LockTimeout|LockError|LockFailed|NotLocked",
            "{place} is locked ({said}): wait for the run that holds the lock, or where none runs any more take it away with 'borg break-lock'",
            True,
        ),
        (
            r"Read-only file system|Permission denied: .*(lock|nonce|data|hints|index)",
            "{place} cannot be written by this host ({said}): give it the right to add backups, or check whether a disk has become read-only",
            False,
        ),
        (
            r"ConnectionClosed|Connection refused|Could not resolve|Connection timed out|No route to host|ConnectionBroken",
            "{place} cannot be reached ({said}): check that its server runs, that its SSH key is known, and that packet filters let this host in",
            False,
        ),
        (
            r"Repository[.]DoesNotExist|InvalidRepository|does not exist|is not a valid repository",
            "there is no repository at {place}: look at its address, and where it is lost make a new one with 'borg init'",
            False,
        ),
        (
            r"RepositoryAccessAborted|RELOCATED",
            "{place} was moved and borg does not trust it ({said}): when that was meant, confirm it once with 'borg info'",
            False,
        ),
        (
            r"RepositoryReplay",
            "{place} is older than this host knows it: find out who put an old copy in its place, and trust it only when that was meant",
            False,
        ),
        (
            r"IntegrityError|ObjectNotFound|chunk .* missing|CheckNeeded|Data integrity|Decompression",
            "{place} is damaged ({said}): find out how much with 'borg check --verify-data', repair it, and create a new backup",
            False,
        ),
        (r"never matched", "the file is not in the backup: look at what the backup includes and excludes", False),
    )

    def __init__(self, host: Host, declared: dict[str, Any]) -> None:
        super().__init__(host, declared)
        given = {"BORG_REPO": declared.get("repository"), "BORG_PASSCOMMAND": declared.get("password_command")}
        if declared.get("password_file"):
            given["BORG_PASSCOMMAND"] = f"cat {shlex.quote(declared['password_file'])}"
        # An unencrypted repository is to be reported, and not to be asked about.
        self.host.environ = {"BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes", **self.host.environ}
        self.add_environ(given)
        self._listing: dict[str, Any] | None = None

    @property
    def place(self) -> str:
        return self.masked(self.host.environ.get("BORG_REPO") or "the repository of borg")

    def backups(self) -> list[Backup]:
        found = [archive for archive in self._listed()["archives"] if not archive["name"].startswith(CANARY)]
        if not self.declared.get("archives"):
            found = [archive for archive in found if archive["hostname"] == self.owner]
        return sorted((Backup(each["name"], moment(each["start"])) for each in found), key=lambda backup: backup.time)

    def encryption(self) -> tuple[bool, str]:
        """The modes called authenticated show a change, and hide nothing."""
        mode = self._listed()["encryption"]["mode"]
        return not mode.startswith(("none", "authenticated")), mode

    def back_up(self, path: str) -> str:
        name = f"{self._canaries}{secrets.token_hex(8)}"
        self.done(self._borg("create", "--comment", CANARY, f"::{name}", path))
        return name

    def restore(self, backup: str, path: str, directory: str) -> str:
        """borg extracts into the directory that it is started in."""
        self.done(["env", f"--chdir={directory}", *self._borg("extract", "--bypass-lock", f"::{backup}", _only(path))])
        return directory + path

    def entry(self, backup: str, path: str) -> Entry:
        out = self.answer(
            self._borg("list", "--bypass-lock", "--json-lines", "--format", "{size}{mtime}{type}", f"::{backup}", _only(path))
        )
        found = next((item for item in map(json.loads, lines_of(out)) if "/" + item["path"] == path and item["type"] == "-"), None)
        if found is None:
            raise Absent()
        return Entry(found["size"], moment(found["mtime"]))

    def forget_canaries(self) -> None:
        listed = self.data(self._borg("list", "--bypass-lock", "--json", "--glob-archives", f"{self._canaries}*"))
        for archive in listed["archives"]:
            self.done(self._borg("delete", f"::{archive['name']}"))

    @property
    def _canaries(self) -> str:
        return f"{CANARY}-{self.owner}-"

    def _listed(self) -> Any:
        if self._listing is None:
            chosen = ["--glob-archives", self.declared["archives"]] if self.declared.get("archives") else []
            self._listing = self.data(self._borg("list", "--bypass-lock", "--json", "--format", "{hostname}", *chosen))
        return self._listing

    def _borg(self, command: str, *words: str) -> list[str]:
        return [self.program, "--log-json", "--lock-wait", str(self.declared.get("lock_wait", 0)), command, *words]

    def said(self, ran: CommandResult) -> list[str]:
        """What it logged as warnings and errors, each with its name in borg, and what others wrote in between, such as ssh."""
        messages = []
        for line in filter(None, map(str.strip, lines_of(ran.err))):
            try:
                entry = json.loads(line)
            except ValueError:
                messages.append(line)
                continue
            if entry.get("levelname") in ("WARNING", "ERROR", "CRITICAL"):
                messages += lines_of(": ".join(filter(None, [entry.get("msgid"), entry["message"]])))
        return messages or super().said(ran)


def _only(path: str) -> str:
    """A pattern that takes this path for what it is."""
    return "pp:" + path.lstrip("/")
