# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a proof asks of a backup product; one file per product knows how to ask it."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.util.masking import MASK, masked_text
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult, Host

# What marks a canary in a repository, so that nobody takes it for a backup.
CANARY = "hygeia-canary"

# Seconds that a question may take, and that an interrupted program has for its end.
_QUESTION, _GRACE = 120, 30

_SECRET = re.compile(r"PASS|SECRET|TOKEN|_KEY$|CREDENTIAL")


@dataclass(frozen=True)
class Backup:
    """One backup that succeeded: how its product calls it, and when it began, in seconds since 1970."""

    id: str
    time: float


@dataclass(frozen=True)
class Entry:
    """What a backup says of a file in it."""

    size: int
    modified: float


class BackupError(Exception):
    """Why a product did not do what it was asked, in one sentence that says what to do.

    ``undecided`` says that nothing is known to be broken: it could not be tried now.
    """

    def __init__(self, message: str, undecided: bool = False) -> None:
        super().__init__(message)
        self.undecided = undecided


class Absent(BackupError):
    """A file is not in a backup."""

    def __init__(self) -> None:
        super().__init__("no recent backup has it: look at what the backup includes and leaves out")


def with_environ(host: Host, environ: Mapping[str, str]) -> Host:
    """The same host, whose programs find another environment."""
    other = copy.copy(host)
    other.environ = environ
    return other


class Product:
    """A backup product on a host; ``declared`` are the options of the module."""

    NAME = ""
    # What a product says when something is wrong: a pattern, the sentence for the operator, and whether it is undecided.
    SAYS: tuple[tuple[str, str, bool], ...] = ()

    def __init__(self, host: Host, declared: dict[str, Any]) -> None:
        self.host = host
        self.declared = declared
        self.limit = declared.get("limit") or 600

    @property
    def place(self) -> str:
        """Where the backups are, without what must not be read."""
        return self.masked(self.declared.get("repository") or f"the repository of {self.NAME}")

    @property
    def owner(self) -> str:
        """The name by which the product knows the host."""
        return self.declared.get("host_name") or (self.host.read("/proc/sys/kernel/hostname") or "").strip(BLANKS)

    @property
    def program(self) -> str:
        """Products that come as one file are often put into /usr/local/bin, where nothing else is looked for."""
        return self.declared.get("program") or self.host.which(self.NAME) or f"/usr/local/bin/{self.NAME}"

    def add_environ(self, given: Mapping[str, str | None]) -> None:
        """Let the programs find what is given in their environment, too."""
        self.host.environ = {**self.host.environ, **{name: value for name, value in given.items() if value}}

    # -- what a proof asks ----------------------------------------------------

    def backups(self) -> list[Backup]:
        """The backups of this host that succeeded, the oldest first; canaries are none."""
        raise NotImplementedError

    def encryption(self) -> tuple[bool | None, str]:
        """Whether nobody reads a backup without its key, and how the product calls it; None where it cannot say."""
        raise NotImplementedError

    def back_up(self, path: str) -> str:
        """Make a backup of this one file, marked as a canary; its id."""
        raise NotImplementedError

    def restore(self, backup: str, path: str, directory: str) -> str:
        """Restore a file of a backup into an empty directory; where it is then."""
        raise NotImplementedError

    def entry(self, backup: str, path: str) -> Entry | None:
        """What a backup says of a file in it, absent where it is not in it; None where the product cannot say."""
        raise NotImplementedError

    def forget_canaries(self) -> None:
        """Take each canary of this host out of the repository, those of runs that were killed too."""
        raise NotImplementedError

    # -- how it asks ----------------------------------------------------------

    def run(self, argv: Sequence[str], limit: int | None = None, environ: dict[str, str] | None = None) -> CommandResult:
        """Run a program with what the product needs in its environment.

        It is interrupted when this process is killed or when it takes too long, so that it takes its lock away.
        """
        limit = limit or self.limit
        setpriv = self.host.which("setpriv")
        tied = [setpriv, "--pdeathsig", "INT"] if setpriv else []
        host = self.host if environ is None else with_environ(self.host, environ)
        return host.run([*tied, "timeout", "--signal=INT", f"--kill-after={_GRACE}", str(limit), *argv], timeout=limit + 2 * _GRACE)

    def done(self, argv: Sequence[str]) -> str:
        """What a program printed that makes a backup or restores one; trouble when it failed."""
        return self._succeeded(self.run(argv))

    def answer(self, argv: Sequence[str]) -> str:
        """What a program printed that only looks; products try for long where nobody answers, and a proof does not wait for that."""
        return self._succeeded(self.run(argv, min(self.limit, _QUESTION)))

    def data(self, argv: Sequence[str]) -> Any:
        """What a program printed that only looks, where that is JSON."""
        out = self.answer(argv)
        try:
            return json.loads(out)
        except ValueError as problem:
            raise BackupError(
                f"{self.NAME} answered at {self.place} with something that is not JSON: look at what {argv[0]} is"
            ) from problem

    def _succeeded(self, ran: CommandResult) -> str:
        if not ran.ok:
            raise self.trouble(ran)
        return ran.out

    def trouble(self, ran: CommandResult) -> BackupError:
        """A failed program as one sentence: what is known to go wrong with the product, else what it said last."""
        lines = self.said(ran)
        for pattern, sentence, undecided in self.SAYS:
            telling = next((line for line in lines if re.search(pattern, line)), None)
            if telling is not None:
                return BackupError(sentence.format(place=self.place, said=self.masked(telling[:300])), undecided)
        if ran.code == 124:
            return BackupError(f"{self.NAME} did not end in time at {self.place}: check whether it responds, or raise limit")
        if ran.code == 127:
            return BackupError(f"{self.NAME} is not installed: install it, or say in program where it is")
        return BackupError(f"{self.NAME} failed at {self.place}: {self.masked(lines[-1][:300])}")

    def said(self, ran: CommandResult) -> list[str]:
        """What a program complained of, as plain lines."""
        return [line.strip(BLANKS) for line in lines_of(ran.err.strip(BLANKS) or ran.out.strip(BLANKS))] or [f"exit code {ran.code}"]

    def masked(self, text: str) -> str:
        """A text without passwords in addresses and without what the environment keeps secret."""
        for name, value in self.host.environ.items():
            if _SECRET.search(name) and len(value) >= 4 and not name.endswith("_FILE"):
                text = text.replace(value, MASK)
        return masked_text(text)
