# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a proof asks of a backup product; one file a product knows how to ask it."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import dataclass

# What marks a canary in a repository, so that nobody takes it for a backup.
CANARY = "hygeia-canary"

# Seconds that a question may take, and that an interrupted program has for its end.
_QUESTION, _GRACE = 120, 30

_SECRET = re.compile(r"PASS|SECRET|TOKEN|_KEY$|CREDENTIAL")
_LOGIN = re.compile(r"(?<=://)([^/@\s:]*):[^/@\s]+@")


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


class Trouble(Exception):
    """Why a product did not do what it was asked, in one sentence that says what to do.

    ``undecided`` says that nothing is known to be broken: it could not be tried now.
    """

    def __init__(self, message, undecided=False):
        super().__init__(message)
        self.undecided = undecided


class Absent(Trouble):
    """A file is not in a backup."""

    def __init__(self):
        super().__init__("no recent backup has it: look at what the backup includes and leaves out")


def with_environ(host, environ):
    """The same host, whose programs find another environment."""
    other = copy.copy(host)
    other.environ = environ
    return other


class Product:
    """A backup product on a host; ``declared`` are the options of the module."""

    NAME = ""
    # What a product says when something is wrong: a pattern, the sentence for the operator, and whether it is undecided.
    SAYS = ()

    def __init__(self, host, declared):
        self.host = host
        self.declared = declared
        self.limit = declared.get("limit") or 600

    @property
    def place(self):
        """Where the backups are, without what must not be read."""
        return self.masked(self.declared.get("repository") or f"the repository of {self.NAME}")

    @property
    def owner(self):
        """The name by which the product knows the host."""
        return self.declared.get("host_name") or (self.host.read("/proc/sys/kernel/hostname") or "").strip()

    @property
    def program(self):
        """Products that come as one file are often put into /usr/local/bin, where nothing else is looked for."""
        return self.declared.get("program") or self.host.which(self.NAME) or f"/usr/local/bin/{self.NAME}"

    # -- what a proof asks ----------------------------------------------------

    def backups(self):
        """The backups of this host that succeeded, the oldest first; canaries are none."""
        raise NotImplementedError

    def encryption(self):
        """Whether nobody reads a backup without its key, and how the product calls it; None where it cannot say."""
        raise NotImplementedError

    def back_up(self, path):
        """Make a backup of this one file, marked as a canary; its id."""
        raise NotImplementedError

    def restore(self, backup, path, folder):
        """Restore a file of a backup into an empty folder; where it is then."""
        raise NotImplementedError

    def entry(self, backup, path):
        """What a backup says of a file in it, absent where it is not in it; None where the product cannot say."""
        raise NotImplementedError

    def forget_canaries(self):
        """Take each canary of this host out of the repository, those of runs that were killed too."""
        raise NotImplementedError

    # -- how it asks ----------------------------------------------------------

    def run(self, argv, limit=None, environ=None):
        """Run a program with what the product needs in its environment.

        It is interrupted when this process is killed or when it takes too long, so that it takes its lock away.
        """
        limit = limit or self.limit
        tied = [self.host.which("setpriv"), "--pdeathsig", "INT"] if self.host.which("setpriv") else []
        host = self.host if environ is None else with_environ(self.host, environ)
        return host.run([*tied, "timeout", "--signal=INT", f"--kill-after={_GRACE}", str(limit), *argv], timeout=limit + 2 * _GRACE)

    def done(self, argv):
        """What a program printed that makes a backup or restores one; trouble when it failed."""
        return self._succeeded(self.run(argv))

    def answer(self, argv):
        """What a program printed that only looks; products try for long where nobody answers, and a proof does not wait for that."""
        return self._succeeded(self.run(argv, min(self.limit, _QUESTION)))

    def data(self, argv):
        """What a program printed that only looks, where that is JSON."""
        out = self.answer(argv)
        try:
            return json.loads(out)
        except ValueError as problem:
            raise Trouble(f"{self.NAME} answered at {self.place} with something that is no JSON: look at what {argv[0]} is") from problem

    def _succeeded(self, ran):
        if not ran.ok:
            raise self.trouble(ran)
        return ran.out

    def trouble(self, ran):
        """A failed program as one sentence: what is known to go wrong with the product, else what it said last."""
        lines = self.said(ran)
        for pattern, sentence, undecided in self.SAYS:
            telling = next((line for line in lines if re.search(pattern, line)), None)
            if telling is not None:
                return Trouble(sentence.format(place=self.place, said=self.masked(telling[:300])), undecided)
        if ran.code == 124:
            return Trouble(f"{self.NAME} did not end in time at {self.place}: look whether it answers, or raise limit")
        if ran.code == 127:
            return Trouble(f"{self.NAME} is not installed: install it, or say in program where it is")
        return Trouble(f"{self.NAME} failed at {self.place}: {self.masked(lines[-1][:300])}")

    def said(self, ran):
        """What a program complained of, as plain lines."""
        return [line.strip() for line in (ran.err.strip() or ran.out.strip()).splitlines()] or [f"exit code {ran.code}"]

    def masked(self, text):
        """A text without passwords in addresses and without what the environment keeps secret."""
        for name, value in self.host.environ.items():
            if _SECRET.search(name) and len(value) >= 4 and not name.endswith("_FILE"):
                text = text.replace(value, "********")
        return _LOGIN.sub(r"\1:********@", text)
