# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Running apt-get so that it never asks, and saying in one sentence why it failed."""

from __future__ import annotations

import contextlib
import re

from ansible_collections.hygeia.golden.plugins.module_utils.packages import simulation
from ansible_collections.hygeia.golden.plugins.module_utils.packages.complaints import sentence

LISTS = "/var/lib/apt/lists"
ARCHIVES = "/var/cache/apt/archives"

_OPTIONS = (
    # Keep a configuration file that the site changed, take the new one where it did not.
    "Dpkg::Options::=--force-confdef",
    "Dpkg::Options::=--force-confold",
    "Dpkg::Use-Pty=0",
    "DPkg::Lock::Timeout=120",
    # A list that could not be fetched is a failure, not a warning.
    "APT::Update::Error-Mode=any",
)
# Helpers that would ask, wait or restart services; ucf is asked to do as dpkg does.
_ENVIRONMENT = ("NEEDRESTART_SUSPEND=1", "APT_LISTCHANGES_FRONTEND=none", "APT_LISTBUGS_FRONTEND=none", "UCF_FORCE_CONFFOLD=1")
_TIMEOUT = 3600
_UNITS = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_GROWTH = re.compile(r"^After this operation, ([\d.,]+) (\w+) of additional disk space will be used\.$", re.M)


class AptError(Exception):
    """Why apt-get or dpkg failed and what to do, in one sentence."""


class Apt:
    """apt-get of one host; ``options`` are added to each of its commands."""

    error = AptError
    remove = ("remove",)
    install = ("--no-install-recommends", "install")
    offline = ("--no-download",)

    def __init__(self, host, options=()):
        self.host = host
        self._command = ["env", *_ENVIRONMENT, "apt-get"]
        for option in (*_OPTIONS, *options):
            self._command += ["-o", option]

    def _run(self, *arguments):
        return self.host.run([*self._command, *arguments], timeout=_TIMEOUT)

    def run(self, *arguments):
        """Do it without a question; what it printed."""
        ran = self._run("-y", *arguments)
        if not ran.ok:
            raise AptError(sentence(ran.err + "\n" + ran.out))
        return ran.out

    def update(self):
        """Fetch the lists. Older releases of apt-get call a list that they could not fetch a success."""
        ran = self._run("update")
        failed = re.search(r"^(Err:|[EW]: Failed to fetch|W: Some index files failed)", ran.err + "\n" + ran.out, re.M)
        if not ran.ok or failed:
            raise AptError(sentence(ran.err + "\n" + ran.out))

    def simulate(self, *arguments):
        """What apt-get would install and remove; nothing is changed, and nothing must be downloaded."""
        ran = self._run("-y", "-s", *arguments)
        if not ran.ok:
            raise AptError(sentence(ran.err + "\n" + ran.out))
        return simulation.read(ran.out)

    def growth(self, *arguments):
        """How many more bytes would be used on the disk."""
        found = _GROWTH.search(self._run("--assume-no", *arguments).out)
        return int(float(found[1].replace(",", "")) * _UNITS.get(found[2], 1)) if found else 0

    def repair(self):
        """Finish what an interrupted dpkg left half done, when it did; the names of the packages."""
        unfinished = list(self.host.packages.unfinished)
        if unfinished or self.host.glob("/var/lib/dpkg/updates/[0-9]*"):
            ran = self.host.run(["dpkg", "--force-confdef", "--force-confold", "--configure", "-a"], timeout=_TIMEOUT)
            if not ran.ok:
                raise AptError(sentence(ran.err + "\n" + ran.out))
            self.host.packages.forget()
        return unfinished

    @contextlib.contextmanager
    def marks_kept(self):
        """What was installed as a dependency still counts as one, though apt-get takes a named package for a wanted one."""
        automatic = set(self.host.run(["apt-mark", "showauto"]).out.split())
        yield
        lost = sorted(automatic - set(self.host.run(["apt-mark", "showauto"]).out.split()))
        self.host.packages.forget()
        lost = [name for name in lost if self.host.packages.installed(name)]
        if lost:
            self.host.run(["apt-mark", "auto", *lost])

    def archives(self):
        """The packages that lie downloaded, by file name."""
        return set(self.host.glob(ARCHIVES + "/*.deb"))

    def listed(self):
        """Has this host lists of packages at all?"""
        return bool(self.host.glob(LISTS + "/*_Packages*") or self.host.glob(LISTS + "/*_InRelease"))
