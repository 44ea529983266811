# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Running apt-get so that it never asks, and saying in one sentence why it failed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt import output, simulation, sources
from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt.errors import sentence
from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt.simulation import Update
from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt.sources import Source as AptSource
from ansible_collections.hygeia.golden.plugins.module_utils.packages.base import (
    ALL,
    NONE,
    SECURITY,
    Manager,
    Needs,
    PackageError,
    PackagePlan,
    Source,
)
from ansible_collections.hygeia.golden.plugins.module_utils.packages.kernels import Deferred
from ansible_collections.hygeia.golden.plugins.module_utils.system.packages import dpkg
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of, words_of

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt.simulation import Simulation
    from ansible_collections.hygeia.golden.plugins.module_utils.packages.base import Request
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult, Host

LISTS = "/var/lib/apt/lists"
ARCHIVES = "/var/cache/apt/archives"
# The sources of one run and the lists from them. It lies in /run, so that it never becomes a part of a template.
RUN = "/run/hygeia-apt"

_OPTIONS = (
    # Keep a configuration file that the site changed, take the new one where it did not.
    "Dpkg::Options::=--force-confdef",
    "Dpkg::Options::=--force-confold",
    "Dpkg::Use-Pty=0",
    "DPkg::Lock::Timeout=120",
    # A list that could not be fetched is a failure, not a warning.
    "APT::Update::Error-Mode=any",
)
# Nothing but the sources of this run, whose lists are kept small: /run is memory.
_RUN_OPTIONS = (
    "Dir::Etc::sourcelist=/dev/null",
    f"Dir::Etc::sourceparts={RUN}/sources.list.d",
    f"Dir::State::lists={RUN}/lists",
    "Acquire::GzipIndexes=true",
    "Acquire::Languages=none",
)
_WITHOUT_PINS = ("Dir::Etc::preferences=/dev/null", "Dir::Etc::preferencesparts=/dev/null", "APT::Default-Release=")
_WITHOUT_HOLDS = ("--ignore-hold", "--allow-change-held-packages")
# Helpers that would ask, wait or restart services; ucf is asked to do as dpkg does.
_ENVIRONMENT = ("NEEDRESTART_SUSPEND=1", "APT_LISTCHANGES_FRONTEND=none", "APT_LISTBUGS_FRONTEND=none", "UCF_FORCE_CONFFOLD=1")
_TIMEOUT = 3600
_TARGET = "$(FILENAME)|$(METAKEY)|$(REPO_URI)|$(RELEASE)"


def _proxied(host: Host) -> tuple[str, ...]:
    """By the proxy that this process was given, whatever the configuration says: where there is one, there is no other way out."""
    names = {"http": "http_proxy", "https": "https_proxy"}
    return tuple(f"Acquire::{scheme}::Proxy={host.environ[name]}" for scheme, name in names.items() if host.environ.get(name))


class AptError(PackageError):
    """Why apt-get or dpkg failed and what to do, in one sentence."""


class Apt(Manager):
    """apt-get of one host; ``options`` are added to each of its commands."""

    error = AptError
    archives = ARCHIVES
    remove = ("remove",)
    install = ("--no-install-recommends", "install")

    def __init__(self, host: Host, options: tuple[str, ...] = ()) -> None:
        super().__init__(host)
        self._options = (*_OPTIONS, *options)
        self._unknown = False

    @property
    def offline(self) -> tuple[str, ...]:
        """apt-get never copies a package from a directory, and takes it from there only when it may download."""
        return () if any(source.uri.startswith("file:") for source in self._sources()) else ("--no-download",)

    def _run(self, *arguments: str, options: Sequence[str] = (), program: str = "apt-get") -> CommandResult:
        own = _proxied(self.host) + (_RUN_OPTIONS if self.host.exists(f"{RUN}/sources.list.d") else ())
        command = ["env", *_ENVIRONMENT, program]
        for option in (*self._options, *own, *options):
            command += ["-o", option]
        return self.host.run([*command, *arguments], timeout=_TIMEOUT)

    def run(self, *arguments: str) -> str:
        """Do it without a question; what it printed."""
        return _out(self._run("-y", *arguments))

    def simulate(self, *arguments: str, options: Sequence[str] = ()) -> Simulation:
        """What apt-get would install and remove; nothing is changed, and nothing must be downloaded."""
        return simulation.read(_out(self._run("-y", "-s", *arguments, options=options)))

    # -- what can be had --------------------------------------------------------

    def use(self, text: str) -> None:
        """Sources of one run are kept beside the system's own, which nobody touches."""
        wanted = f"{RUN}/sources.list.d/run.{'sources' if re.search(r'^Types:', text, re.M) else 'list'}"
        if text:
            _demand_signatures(self.host, list(sources.read(wanted, text)))
        if self.host.check:
            self._unknown = bool(text) and self.host.read(wanted) != text
        elif not text or self.host.read(wanted) != text:
            shutil.rmtree(self.host.path(RUN), ignore_errors=True)
            if text:
                self.host.write(wanted, text)

    def refresh(self) -> None:
        """Fetch the lists. Older releases of apt-get call a list that they could not fetch a success."""
        if self.host.exists(RUN):
            os.makedirs(self.host.path(f"{RUN}/lists"), exist_ok=True)
        ran = self._run("update")
        failed = re.search(r"^(Err:|[EW]: Failed to fetch|W: Some index files failed)", ran.err + "\n" + ran.out, re.M)
        if not ran.ok or failed:
            raise AptError(sentence(ran.err + "\n" + ran.out))

    @property
    def lists(self) -> str:
        """The directory of the lists."""
        return f"{RUN}/lists" if self.host.exists(f"{RUN}/sources.list.d") else LISTS

    def listed(self) -> bool:
        """Has this host lists of packages at all?"""
        return not self._unknown and bool(self.host.glob(self.lists + "/*_Packages*") or self.host.glob(self.lists + "/*_InRelease"))

    def state(self) -> list[tuple[str, int, int]]:
        """What identifies the fetched lists; apt gives each the time at which the archive changed it."""
        found = [path for path in self.host.glob(self.lists + "/*_*") if os.path.isfile(self.host.path(path))]
        return [(path, os.path.getsize(self.host.path(path)), int(os.path.getmtime(self.host.path(path)))) for path in found]

    def sources(self) -> list[Source]:
        """Where the lists come from, with the digest of what the archive signed."""
        checks = {(source.uri.rstrip("/"), source.suite): source.checks_validity for source in self._sources()}
        found: dict[tuple[str, str], Source] = {}
        for line in lines_of(self._run("indextargets", "--format", _TARGET, "Created-By: Packages").out):
            filename, key, address, suite = line.split("|")
            start = self.host.outside(filename) if self.host.root != "/" and filename.startswith(self.host.root) else filename
            start = start[: start.rfind(key.replace("/", "_"))]
            signed = next((path for path in (start + "InRelease", start + "Release") if self.host.exists(path)), None)
            if signed:
                fields = self._fields(signed)
                found[(address, suite)] = {
                    "address": address,
                    "suite": suite,
                    "origin": fields.get("Origin", ""),
                    "date": fields.get("Date", ""),
                    "valid_until": fields.get("Valid-Until", ""),
                    "checks_validity": checks.get((address.rstrip("/"), suite), True),
                    "sha256": hashlib.sha256((self.host.read(signed) or "").encode(errors="surrogateescape")).hexdigest(),
                }
        return list(found.values())

    def _sources(self) -> Iterator[AptSource]:
        own = self.host.exists(f"{RUN}/sources.list.d")
        return sources.listed(self.host, f"{RUN}/sources.list.d", "") if own else sources.listed(self.host)

    def _fields(self, path: str) -> dict[str, str]:
        return dict(line.split(": ", 1) for line in self.host.lines(path)[:30] if ": " in line)

    def expired(self, now: datetime) -> Iterator[str]:
        """The fetched lists that are past the day until which the archive calls them valid, in one sentence each."""
        for path in self.host.glob(self.lists + "/*Release"):
            fields = self._fields(path)
            until = parsedate_to_datetime(fields["Valid-Until"]) if "Valid-Until" in fields else now
            if until < now:
                yield f"the lists of {fields.get('Suite', path)} were valid until {until:%Y-%m-%d}: fetch them anew"

    # -- what would be done -----------------------------------------------------

    def pending(self) -> list[Update]:
        """What dist-upgrade would install, then what holds keep from it, then what pins do."""
        if not self.listed():
            raise AptError(f"{self.lists} is empty, so it is not known what is pending: run hygeia.golden.package_download first")
        free = released = self._foreseen("dist-upgrade").simulation
        if free.kept_back:
            released = self._foreseen(*_WITHOUT_HOLDS, "dist-upgrade").simulation
        installable = {step.package for step in free.installs}
        found = [step.pending(held=step.package not in installable) for step in released.installs]
        return found + self._pinned(installable, released)

    def _foreseen(self, *arguments: str, options: Sequence[str] = ()) -> PackagePlan:
        """What apt-get would do, in no order, and what it needs for that; sooner known than by simulating it."""
        text = _out(self._run("-y", "--print-uris", "--verbose-versions", *arguments, options=options))
        names, origins = output.names(text), {}
        if names:
            origins = output.origins(*(self._run("policy", *given, options=options, program="apt-cache").out for given in ((), names)))
        return PackagePlan(arguments, output.read(text, origins), Needs(*output.needs(text)))

    def _plan(self, *arguments: str) -> PackagePlan | None:
        plan = self._foreseen(*arguments)
        return plan if plan.simulation.steps else None

    def origins(self, updates: Sequence[Update]) -> dict[tuple[str, str], tuple[str, str]]:
        """As the lists say it; apt-cache looks where apt-get does."""
        names = [f"{update['package']}={update['to']}" for update in updates]
        return dpkg.origins(self._run("show", *names, program="apt-cache").out) if names else {}

    def _pinned(self, installable: set[str], released: Simulation) -> list[Update]:
        """The updates that the preferences of apt keep out."""
        if not self._has_pins():
            return []
        unpinned = self._foreseen(*_WITHOUT_HOLDS, "dist-upgrade", options=_WITHOUT_PINS).simulation
        known = {(step.package, step.after) for step in released.installs}
        held = self.holds() if unpinned.kept_back else ()
        return [
            step.pending(held=step.package in held, pinned=True)
            for step in unpinned.installs
            if step.before and (step.package, step.after) not in known and step.package not in installable
        ]

    def _has_pins(self) -> bool:
        files = self.host.regular("/etc/apt/preferences") + self.host.regular("/etc/apt/preferences.d/*")
        configured = self.host.run(["apt-config", "shell", "release", "APT::Default-Release"]).out
        return bool(configured.strip(BLANKS)) or any("Pin:" in (self.host.read(path) or "") for path in files)

    def holds(self) -> list[str]:
        """What ``apt-mark hold`` was said of."""
        return words_of(self.host.run(["apt-mark", "showhold"]).out)

    def choose(self, request: Request) -> PackagePlan | None:
        """dist-upgrade for all updates, else those by name, with what they need."""
        if request.updates == NONE:
            return None
        everything = self._plan("dist-upgrade")
        if request.updates == ALL and not request.only:
            return everything
        installs = everything.simulation.installs if everything else ()
        steps = [step for step in installs if step.before and (request.updates != SECURITY or step.security)]
        if request.only:
            steps = [step for step in steps if step.package.split(":")[0] in request.only or step.package in request.only]
            self._refuse(set(request.only) - {step.package.split(":")[0] for step in steps} - {step.package for step in steps})
        names = [step.package for step in steps]
        return self._plan("--only-upgrade", "install", *names) if names else None

    def _refuse(self, names: Iterable[str]) -> None:
        """Say of a package that was named, and is not updated, why it cannot be; one that has no update is well as it is."""
        held = set(self.holds())
        for name in sorted(names):
            if not self.host.packages.installed(name.split(":")[0]):
                self.simulate("install", name)
                raise AptError(f"{name} is not installed, so it has no update: correct the name, or have it installed")
            if self.simulate(*_WITHOUT_HOLDS, "--only-upgrade", "install", name).installs:
                if name in held:
                    raise AptError(f"{name} is held at its version: release it with apt-mark unhold {name}, or do not name it")
                self.simulate("--only-upgrade", "install", name)

    def addition(self, names: Sequence[str]) -> PackagePlan | None:
        return self._plan(*self.install, *names) if names else None

    def kernel_packages(self, versions: Sequence[str]) -> list[str]:
        endings = tuple(f"-{version}" for version in versions)
        return sorted(name for name in self.host.packages.versions if name.startswith("linux-") and name.endswith(endings))

    def removal(self, names: Sequence[str]) -> PackagePlan | None:
        return self._simulated(*self.remove, *names) if names else None

    def unneeded(self) -> PackagePlan | None:
        return self._simulated("autoremove")

    def _simulated(self, *arguments: str) -> PackagePlan | None:
        """A removal fetches nothing, and that nothing is fetched is all that --print-uris promises (apt-get(8))."""
        found = self.simulate(*arguments)
        return PackagePlan(arguments, found) if found.steps else None

    # -- doing it ---------------------------------------------------------------

    def fetch(self, plan: PackagePlan) -> None:
        self.run("--download-only", *plan.arguments)

    def carry_out(self, plan: PackagePlan) -> None:
        with self._marks_kept() if "install" in plan.arguments else contextlib.nullcontext():
            self.run(*self.offline, *plan.arguments)

    @contextlib.contextmanager
    def hurried(self) -> Iterator[Apt]:
        """dpkg does not wait for the disk, and each initramfs is built once at the end."""
        with Deferred(self.host) as deferred:
            yield _Hurried(self.host, deferred)

    def repair(self) -> list[str]:
        """Finish what an interrupted dpkg left half done, when it did; the names of the packages."""
        unfinished = list(self.host.packages.unfinished)
        if unfinished or self.host.glob("/var/lib/dpkg/updates/[0-9]*"):
            ran = self.host.run(["dpkg", "--force-confdef", "--force-confold", "--configure", "-a"], timeout=_TIMEOUT)
            if not ran.ok:
                raise AptError(sentence(ran.err + "\n" + ran.out))
            self.host.packages.forget()
        return unfinished

    @contextlib.contextmanager
    def _marks_kept(self) -> Iterator[None]:
        """What was installed as a dependency still counts as one, though apt-get takes a named package for a wanted one."""
        automatic = set(words_of(self.host.run(["apt-mark", "showauto"]).out))
        yield
        lost = sorted(automatic - set(words_of(self.host.run(["apt-mark", "showauto"]).out)))
        self.host.packages.forget()
        lost = [name for name in lost if self.host.packages.installed(name)]
        if lost:
            self.host.run(["apt-mark", "auto", *lost])

    def downloaded(self) -> set[str]:
        return set(self.host.glob(ARCHIVES + "/*.deb"))


class _Hurried(Apt):
    """apt-get in a copy that is thrown away when anything fails."""

    def __init__(self, host: Host, deferred: Deferred) -> None:
        super().__init__(host, ("Dpkg::Options::=--force-unsafe-io", *deferred.options))
        self._deferred = deferred

    @property
    def asked(self) -> set[str]:
        return self._deferred.asked


def _out(ran: CommandResult) -> str:
    if not ran.ok:
        raise AptError(sentence(ran.err + "\n" + ran.out))
    return ran.out


def _demand_signatures(host: Host, found: Sequence[AptSource]) -> None:
    """Sources of one run are believed by a key that they name, and by nothing else."""
    if not found:
        raise AptError("the sources of this run name none: write them as sources.list(5) has it")
    for source in found:
        missing = [key for key in source.keys if not host.exists(key)]
        if source.careless:
            raise AptError(f"the source {source.name} would be believed without a good signature: leave out {source.careless[0]}")
        if not source.options.get("signed-by"):
            raise AptError(f"the source {source.name} does not say which key signs it: add Signed-By")
        if missing:
            raise AptError(f"the source {source.name} names the key {missing[0]}, which is not there: install it, or write the key out")
