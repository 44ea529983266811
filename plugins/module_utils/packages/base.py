# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What patching asks of a package manager. apt and dnf each answer in a class of their own, and nobody else knows which it is."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.packages import restarts
from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt.simulation import Simulation, Update

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.packages.restarts import Restarts
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

ALL = "all"
SECURITY = "security"
NONE = "none"
UPDATES = (ALL, SECURITY, NONE)

# Where packages come from, as a module returns it.
Source = dict[str, Any]


class PackageError(Exception):
    """Why a package manager cannot do what it was asked and what to do, in one sentence."""


@dataclass(frozen=True)
class Request:
    """Which updates of installed packages are wanted; ``only`` names packages when nothing else is."""

    updates: str = ALL
    only: tuple[str, ...] = ()


@dataclass(frozen=True)
class Needs:
    """The bytes that a plan downloads, and those that it takes once it is installed."""

    download: int = 0
    growth: int = 0


@dataclass(frozen=True)
class PackagePlan:
    """What is requested of the package manager, and what it says that it would do and need for that."""

    arguments: tuple[str, ...]
    simulation: Simulation
    needs: Needs = Needs()
    # With which it was made, and is to be carried out.
    options: tuple[str, ...] = ()


class Manager:
    """The package manager of one host.

    A plan is made by ``choose``, ``addition``, ``removal`` or ``unneeded``, each
    of which gives None when there is nothing to do; ``fetch`` downloads what it
    needs and ``carry_out`` does it without network. Whatever cannot be done is
    a ``PackageError``, and nothing has changed then.
    """

    error: type[PackageError] = PackageError
    # The directory of downloaded packages.
    archives = ""

    def __init__(self, host: Host) -> None:
        self.host = host

    @property
    def asked(self) -> Collection[str]:
        """The kernels whose initramfs package scripts wanted built, where that was put off."""
        return ()

    # -- what can be had --------------------------------------------------------

    def use(self, text: str) -> None:
        """Take packages from the sources of a text alone, which is in the manager's own format, until ``use`` is called without any."""
        raise NotImplementedError

    def refresh(self) -> None:
        """Fetch what the sources have now."""
        raise NotImplementedError

    def listed(self) -> bool:
        """Is it known at all what the sources have?"""
        raise NotImplementedError

    def state(self) -> object:
        """Something that is another one after the sources had news."""
        raise NotImplementedError

    def sources(self) -> list[Source]:
        """Each source as a module returns it: ``address``, ``suite``, ``date``, ``valid_until``, ``checks_validity``, ``sha256``."""
        raise NotImplementedError

    def expired(self, now: datetime) -> Iterator[str]:
        """A sentence for each source whose news are too old to be relied on."""
        raise NotImplementedError

    # -- what would be done -----------------------------------------------------

    def pending(self) -> list[Update]:
        """Every update that is not installed, as ``Step.pending`` returns it; held and pinned ones too."""
        raise NotImplementedError

    def origins(self, updates: Sequence[Update]) -> Mapping[tuple[str, str], tuple[str, str]]:
        """The source package of updates and its version, where they are known, as ``{(package, version): (source, version)}``."""
        return {}

    def holds(self) -> list[str]:
        """The names of the packages that somebody holds at their version."""
        raise NotImplementedError

    def choose(self, request: Request) -> PackagePlan | None:
        """The plan that installs the updates which are wished for."""
        raise NotImplementedError

    def addition(self, names: Sequence[str]) -> PackagePlan | None:
        """The plan that installs packages by name."""
        raise NotImplementedError

    def kernel_packages(self, versions: Sequence[str]) -> list[str]:
        """The installed packages that belong to these kernels and to no other."""
        raise NotImplementedError

    def removal(self, names: Sequence[str]) -> PackagePlan | None:
        """The plan that removes packages by name."""
        raise NotImplementedError

    def unneeded(self) -> PackagePlan | None:
        """The plan that removes what was installed for others that are gone."""
        raise NotImplementedError

    # -- doing it ---------------------------------------------------------------

    def fetch(self, plan: PackagePlan) -> None:
        """Download what a plan needs."""
        raise NotImplementedError

    def carry_out(self, plan: PackagePlan) -> None:
        """Do what was planned, without network and without a question."""
        raise NotImplementedError

    def repair(self) -> list[str]:
        """Finish what an interrupted run left half done; the names of the packages."""
        raise NotImplementedError

    def downloaded(self) -> set[str]:
        """The paths of the packages that lie downloaded."""
        raise NotImplementedError

    @contextlib.contextmanager
    def hurried(self) -> Iterator[Manager]:
        """A manager for a copy that is thrown away when anything fails, so that nothing has to be safe in between."""
        yield self

    # -- afterwards -------------------------------------------------------------

    def restarts(self) -> Restarts:
        """What still runs replaced code (``restarts.find``)."""
        return restarts.find(self.host)
