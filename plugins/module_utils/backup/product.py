# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a proof asks of a backup product; one file a product knows how to ask it."""

from __future__ import annotations

import re
from dataclasses import dataclass

# What marks a canary in a repository, so that nobody takes it for a backup.
CANARY = "hygeia-canary"

_SECRET = re.compile(r"PASS|SECRET|TOKEN|_KEY$|CREDENTIAL")
_LOGIN = re.compile(r"(?<=://)[^/@\s]+@")


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


class Product:
    """A backup product on a host; ``declared`` are the options of the module."""

    NAME = ""
    # What a product says when something is wrong: a pattern, the sentence for the operator, and whether it is undecided.
    SAYS = ()

    def __init__(self, host, declared):
        self.host = host
        self.declared = declared
        self.limit = declared.get("limit") or 3600

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

    def run(self, argv, environ=None):
        """Run a program with what the product needs in its environment; it ends with this process, also when that is killed."""
        tied = [self.host.which("setpriv"), "--pdeathsig", "INT"] if self.host.which("setpriv") else []
        host = self.host if environ is None else type(self.host)(self.host.root, self.host.check, environ)
        return host.run(tied + list(argv), timeout=self.limit)

    def asked(self, argv, **kwargs):
        """What a program printed; trouble when it failed."""
        ran = self.run(argv, **kwargs)
        if not ran.ok:
            raise self.trouble(ran)
        return ran.out

    def trouble(self, ran):
        """A failed program as one sentence: what is known to go wrong with the product, else its own last line."""
        said = self.said(ran)
        if ran.code == 124:
            return Trouble(f"{self.NAME} did not end within {self.limit} s: look whether {self.place} answers, or raise limit")
        if ran.code == 127:
            return Trouble(f"{self.NAME} is not installed: install it, or say in program where it is")
        for pattern, sentence, undecided in self.SAYS:
            if re.search(pattern, said):
                return Trouble(sentence.format(place=self.place, said=self.masked(self.shortened(said))), undecided)
        return Trouble(f"{self.NAME} failed at {self.place}: {self.masked(self.shortened(said))}")

    def said(self, ran):
        return (ran.err.strip() or ran.out.strip()) or f"exit code {ran.code}"

    @staticmethod
    def shortened(said):
        """The last line that was said."""
        lines = said.strip().splitlines()
        return lines[-1].strip()[:300] if lines else ""

    def masked(self, text):
        """A text without logins in addresses and without what the environment keeps secret."""
        for name, value in self.host.environ.items():
            if _SECRET.search(name) and len(value) >= 4 and not name.endswith("_FILE"):
                text = text.replace(value, "********")
        return _LOGIN.sub("********@", text)
