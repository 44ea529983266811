# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What patching asks of a package manager. apt and dnf each answer in a class of their own, and nobody else knows which it is."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.packages import restarts
from ansible_collections.hygeia.golden.plugins.module_utils.packages.simulation import Simulation

ALL = "all"
SECURITY = "security"
NONE = "none"
UPDATES = (ALL, SECURITY, NONE)


class PackageError(Exception):
    """Why a package manager cannot do what it was asked and what to do, in one sentence."""


@dataclass(frozen=True)
class Wish:
    """Which updates of installed packages are wanted; ``only`` names packages when nothing else is."""

    updates: str = ALL
    only: tuple = ()


@dataclass(frozen=True)
class Needs:
    """The bytes that a plan downloads, and those that it takes once it is installed."""

    download: int = 0
    growth: int = 0


@dataclass(frozen=True)
class Plan:
    """What the package manager is to be told, and what it says that it would do and need for that."""

    arguments: tuple
    simulation: Simulation
    needs: Needs = Needs()


class Manager:
    """The package manager of one host.

    A plan is made by ``choose``, ``addition``, ``removal`` or ``unneeded``, each
    of which gives None when there is nothing to do; ``fetch`` downloads what it
    needs and ``carry_out`` does it without network. Whatever cannot be done is
    a ``PackageError``, and nothing has changed then.
    """

    error = PackageError
    # The folder of downloaded packages.
    archives = ""
    # The kernels whose initramfs package scripts wanted built, where that was put off.
    asked = frozenset()

    def __init__(self, host):
        self.host = host

    # -- what can be had --------------------------------------------------------

    def use(self, text):
        """Take packages from the sources of a text alone, which is in the manager's own format, until ``use`` is told of none."""
        raise NotImplementedError

    def refresh(self):
        """Fetch what the sources have now."""
        raise NotImplementedError

    def listed(self):
        """Is it known at all what the sources have?"""
        raise NotImplementedError

    def state(self):
        """Something that is another one after the sources had news."""
        raise NotImplementedError

    def sources(self):
        """Each source as a module returns it: ``address``, ``suite``, ``date``, ``valid_until``, ``checks_validity``, ``sha256``."""
        raise NotImplementedError

    def expired(self, now):
        """A sentence for each source whose news are too old to be relied on."""
        raise NotImplementedError

    # -- what would be done -----------------------------------------------------

    def pending(self):
        """Every update that is not installed, as ``Step.pending`` returns it; held and pinned ones too."""
        raise NotImplementedError

    def origins(self, updates):
        """The source package of updates and its version, where they are known, as ``{(package, version): (source, version)}``."""
        return {}

    def holds(self):
        """The names of the packages that somebody holds at their version."""
        raise NotImplementedError

    def choose(self, wish):
        """The plan that installs the updates which are wished for."""
        raise NotImplementedError

    def addition(self, names):
        """The plan that installs packages by name."""
        raise NotImplementedError

    def kernel_packages(self, versions):
        """The installed packages that belong to these kernels and to no other."""
        raise NotImplementedError

    def removal(self, names):
        """The plan that removes packages by name."""
        raise NotImplementedError

    def unneeded(self):
        """The plan that removes what was installed for others that are gone."""
        raise NotImplementedError

    # -- doing it ---------------------------------------------------------------

    def fetch(self, plan):
        """Download what a plan needs."""
        raise NotImplementedError

    def carry_out(self, plan):
        """Do what was planned, without network and without a question."""
        raise NotImplementedError

    def repair(self):
        """Finish what an interrupted run left half done; the names of the packages."""
        raise NotImplementedError

    def downloaded(self):
        """The paths of the packages that lie downloaded."""
        raise NotImplementedError

    @contextlib.contextmanager
    def hurried(self):
        """A manager for a copy that is thrown away when anything fails, so that nothing has to be safe in between."""
        yield self

    # -- afterwards -------------------------------------------------------------

    def restarts(self):
        """What still runs replaced code (``restarts.find``)."""
        return restarts.find(self.host)
