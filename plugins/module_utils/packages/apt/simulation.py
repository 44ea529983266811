# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a package manager says it would do, and reading it from ``apt-get --simulate``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

# Inst openssl [3.0.20-1] (3.0.22-1 Debian-Security:12/oldstable-security [amd64]) [...]
_INSTALL = re.compile(r"^Inst (?P<name>\S+) (?:\[(?P<old>\S+)\] )?\((?P<new>\S+)(?: (?P<source>.*?))? \[\w+\]\)", re.M | re.A)
_REMOVE = re.compile(r"^(?:Remv|Purg) (?P<name>\S+)(?: \[(?P<old>\S+)\])?", re.M | re.A)
# Debian's and Ubuntu's security suites are called SUITE-security, by label or by archive name.
_SECURITY = re.compile(r"Debian-Security:|/\S+-security\b", re.A)


# An update that is not installed, as a module returns it.
Update = dict[str, Any]


@dataclass(frozen=True)
class Step:
    """One package going from a version to another; no version means not installed."""

    package: str
    before: str
    after: str
    source: str = ""
    security: bool = False

    def result(self) -> dict[str, str]:
        """As a module returns it."""
        return {"package": self.package, "from": self.before, "to": self.after, "source": self.source}

    def pending(self, held: bool = False, pinned: bool = False, advisories: Sequence[str] = (), closes: Sequence[str] = ()) -> Update:
        """As a module returns an update that is not installed."""
        return {
            **self.result(),
            "security": self.security,
            "held": held,
            "pinned": pinned,
            "advisories": list(advisories),
            "closes": list(closes),
        }


@dataclass(frozen=True)
class Simulation:
    installs: tuple[Step, ...]
    removes: tuple[Step, ...]
    # Updates that stay out because of a held package or a conflict.
    kept_back: bool = False

    @property
    def steps(self) -> tuple[Step, ...]:
        return (*self.removes, *self.installs)


def step(package: str, before: str | None, after: str, source: str | None = "") -> Step:
    """A step of apt's, which is for security when one of its sources is."""
    return Step(package, before or "", after, source or "", bool(_SECURITY.search(source or "")))


def read(text: str) -> Simulation:
    """The steps of a simulation, those that install in apt's order."""
    installs = tuple(step(found["name"], found["old"], found["new"], found["source"]) for found in _INSTALL.finditer(text))
    removes = tuple(step(found["name"], found["old"], "") for found in _REMOVE.finditer(text))
    return Simulation(installs, removes, "\nThe following packages have been kept back:" in text)
