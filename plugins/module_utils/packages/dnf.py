# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Running dnf so that it never asks and never takes away what was not named."""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.module_utils.packages.base import Manager, PackageError
from ansible_collections.hygeia.golden.plugins.module_utils.packages.simulation import Simulation, Step

CACHE = "/var/cache/dnf/*/repodata/repomd.xml"

# Only what is named: no weak dependencies, nothing replaced by its successor, nothing tidied up; what can be had is installed
# even if another package cannot.
_OPTIONS = ("install_weak_deps=False", "obsoletes=False", "clean_requirements_on_remove=False", "strict=False")
_NEEDED = re.compile(r" is needed by \(installed\) (\S+)-[^-\s]+-[^-\s]+$", re.M)
_TIMEOUT = 3600


class DnfError(PackageError):
    """Why dnf or rpm failed, in one sentence."""


class Dnf(Manager):
    """dnf of one host, with what the kind of packages asks of a package manager."""

    error = DnfError
    remove = ("remove",)
    install = ("install",)
    offline = ("--cacheonly",)

    def __init__(self, host):
        super().__init__(host)
        self._command = ["dnf", "-y", "-q", *(f"--setopt={option}" for option in _OPTIONS)]

    def run(self, *arguments):
        """Do it without a question; what it printed."""
        ran = self.host.run([*self._command, *arguments], timeout=_TIMEOUT)
        if not ran.ok:
            raise DnfError(f"dnf failed: {ran.complaint}")
        return ran.out

    def simulate(self, verb, *names):
        """What would be installed or removed; nothing is changed, and a removal asks no repository."""
        return self._removal(names) if verb == "remove" else self._installation(names)

    def _removal(self, names):
        ran = self.host.run(["rpm", "--erase", "--test", *names])
        needing = _NEEDED.findall(ran.err + "\n" + ran.out)
        if not ran.ok and not needing:
            raise DnfError(f"rpm would not remove {' '.join(names)}: {ran.complaint}")
        versions = self.host.packages.versions
        return Simulation((), tuple(Step(name, versions.get(name, "?"), "") for name in dict.fromkeys([*names, *needing])))

    def _installation(self, names):
        # Metadata is fetched by a running host alone, and not in check mode.
        offline = self.offline if self.host.check or not self.host.booted else ()
        found = self.run(*offline, "repoquery", "--available", "--latest-limit=1", "--queryformat", "%{name} %{evr}\n", *names)
        versions = dict(line.split(" ", 1) for line in found.splitlines() if " " in line)
        missing = [name for name in names if name not in versions]
        if missing:
            raise DnfError(f"no repository of dnf has a package {missing[0]}")
        return Simulation(tuple(Step(name, "", versions[name]) for name in names), ())

    def listed(self):
        """Has this host metadata of any repository?"""
        return bool(self.host.glob(CACHE))
