# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Running dnf 4 so that it never asks, and saying in one sentence why it failed.

What dnf would do is asked of its own Python interface (``query.py``); what is
done is done by the command, with its checks of signatures and its history.
"""

from __future__ import annotations

import configparser
import contextlib
import dataclasses
import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.module_utils.packages import restarts
from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt.simulation import Simulation, Step, Update
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
from ansible_collections.hygeia.golden.plugins.module_utils.packages.dnf import query
from ansible_collections.hygeia.golden.plugins.module_utils.packages.dnf.errors import sentence
from ansible_collections.hygeia.golden.plugins.module_utils.system.packages import rpm
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of, words_of

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.packages.base import Request
    from ansible_collections.hygeia.golden.plugins.module_utils.packages.restarts import Restarts
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult, Host

ARCHIVES = "/var/cache/dnf"
CACHE = f"{ARCHIVES}/*/repodata/repomd.xml"
# The repositories of one run. They lie in /run, so that they never become a part of a template.
RUN = "/run/hygeia-dnf"

# Never wait for another dnf without an end, never leave out a repository that does not answer, and keep what was downloaded
# for the step that installs it.
_ALWAYS = ("exit_on_lock=True", "skip_if_unavailable=False", "*.skip_if_unavailable=False", "keepcache=True")
# Of a package that is named only what it needs: no weak dependencies, nothing replaced by its successor, nothing tidied up.
_NAMED = {"install_weak_deps": False, "obsoletes": False, "clean_requirements_on_remove": False}
# Hardening installs what can be had even if another package cannot.
_OPTIONS = (*(f"{name}={value}" for name, value in _NAMED.items()), "strict=False")

_NEEDED = re.compile(r" is needed by \(installed\) (\S+)-[^-\s]+-[^-\s]+$", re.M | re.A)
_SCRIPT = re.compile(r"scriptlet failed, |Error in \w+ scriptlet in rpm package", re.A)
_REBOOT = re.compile(r"^  \* (\S+)$", re.M | re.A)
_ADVISORY = re.compile(r"[A-Z][A-Z0-9]*-\S*\d", re.A)
_KERNEL = ("kernel-", "kernel")
_TIMEOUT = 3600


class DnfError(PackageError):
    """Why dnf or rpm failed and what to do, in one sentence."""


class Dnf(Manager):
    """dnf of one host, for patching and for the kind of packages."""

    error = DnfError
    archives = ARCHIVES
    remove = ("remove",)
    install = ("install",)
    offline = ("--cacheonly",)

    def __init__(self, host: Host) -> None:
        super().__init__(host)
        self._unknown = False
        self._answer: dict[str, Any] = {}

    def _run(self, *arguments: str, options: Sequence[str] = ()) -> CommandResult:
        """Not quietly, since then dnf would not say why a repository does not answer."""
        own = (f"reposdir={RUN}",) if self.host.exists(RUN) else ()
        command = ["dnf", "-y", *(f"--setopt={option}" for option in (*_ALWAYS, *own, *options)), *arguments]
        ran = self.host.run(command, timeout=_TIMEOUT)
        if not ran.ok:
            raise DnfError(sentence(ran.err + "\n" + ran.out))
        return ran

    def run(self, *arguments: str) -> str:
        """Do it without a question; what it printed."""
        return self._run("-q", *arguments, options=_OPTIONS).out

    def _ask(self, question: str, options: Mapping[str, Any] | None = None, **details: Sequence[str]) -> dict[str, Any]:
        """What dnf itself says, in the Python that it runs in."""
        own = {"reposdir": [RUN]} if self.host.exists(RUN) else {}
        text = json.dumps({"ask": question, "options": {**own, **(options or {})}, "with": details})
        ran = self.host.run([*self._python(), "-", text], stdin=_program(), timeout=_TIMEOUT)
        last = ran.out.rstrip(BLANKS).rpartition("\n")[2]
        if not ran.ok or not last.startswith("{"):
            raise DnfError(sentence(ran.err or ran.out))
        answer = json.loads(last)
        if "problem" in answer:
            raise DnfError(sentence(answer["problem"]))
        return answer

    def _python(self) -> list[str]:
        """The interpreter of dnf's own first line."""
        path = self.host.which("dnf")
        if not path:
            raise DnfError("dnf is not installed, so updates can neither be looked for nor installed: install dnf")
        with open(self.host.path(path), "rb") as stream:
            first = stream.readline(200)
        if not first.startswith(b"#!"):
            raise DnfError("this is dnf 5, and only dnf 4 (of Enterprise Linux 9 and 10) is understood: patch this system with dnf itself")
        return words_of(first[2:].decode())

    # -- for the kind of packages -------------------------------------------------

    def simulate(self, verb: str, *names: str) -> Simulation:
        """What would be installed or removed; nothing is changed, and a removal asks no repository."""
        return self._removal(names) if verb == "remove" else self._installation(names)

    def _removal(self, names: Sequence[str]) -> Simulation:
        ran = self.host.run(["rpm", "--erase", "--test", *names])
        needing = _NEEDED.findall(ran.err + "\n" + ran.out)
        if not ran.ok and not needing:
            raise DnfError(f"rpm would not remove {' '.join(names)}: {ran.error}")
        versions = self.host.packages.versions
        return Simulation((), tuple(Step(name, versions.get(name, "?"), "") for name in dict.fromkeys([*names, *needing])))

    def _installation(self, names: Sequence[str]) -> Simulation:
        # Metadata is fetched by a running host alone, and not in check mode.
        offline = self.offline if self.host.check or not self.host.booted else ()
        found = self.run(*offline, "repoquery", "--available", "--latest-limit=1", "--queryformat", "%{name} %{evr}\n", *names)
        versions = dict(line.split(" ", 1) for line in lines_of(found) if " " in line)
        missing = [name for name in names if name not in versions]
        if missing:
            raise DnfError(f"no repository of dnf has a package {missing[0]}")
        return Simulation(tuple(Step(name, "", versions[name]) for name in names), ())

    # -- what can be had --------------------------------------------------------

    def use(self, text: str) -> None:
        """Repositories of one run are kept beside the system's own, which nobody touches."""
        wanted = f"{RUN}/run.repo"
        if text:
            _demand_signatures(self.host, text)
        if self.host.check:
            self._unknown = bool(text) and self.host.read(wanted) != text
        elif not text or self.host.read(wanted) != text:
            self._answer = {}
            shutil.rmtree(self.host.path(RUN), ignore_errors=True)
            if text:
                self.host.write(wanted, text)

    def refresh(self) -> None:
        """Fetch the metadata; what came is looked at at once, so that a damaged updateinfo stops a patch before it begins."""
        self._answer = {}
        self._run("--refresh", "makecache")
        self._repositories()

    def _repositories(self) -> list[dict[str, Any]]:
        if not self._answer:
            self._answer = self._ask("fetched")
        return self._answer["repositories"]

    def listed(self) -> bool:
        """Has this host metadata of any repository?"""
        return not self._unknown and bool(self.host.glob(CACHE))

    def state(self) -> object:
        """What identifies the fetched metadata: the digest of each repository's index, which names the digests of the rest."""
        return [(path, self._digest(path)) for path in self.host.glob(CACHE)]

    def _digest(self, path: str) -> str:
        return hashlib.sha256((self.host.read(path) or "").encode(errors="surrogateescape")).hexdigest()

    def sources(self) -> list[Source]:
        """A repository says when it was made, and never until when it is valid."""
        return [
            {
                "address": one["address"],
                "suite": one["id"],
                "origin": one["name"],
                "date": formatdate(one["made"], usegmt=True),
                "valid_until": "",
                "checks_validity": False,
                "sha256": self._digest(one["repomd"]),
            }
            for one in self._repositories()
        ]

    def expired(self, now: datetime) -> Iterator[str]:
        """The repositories whose metadata is older than metadata_expire of dnf.conf(5), and whether none tells of security."""
        repositories = self._repositories()
        for one in repositories:
            if one["expires_in"] is not None and one["expires_in"] < 0:
                days = -one["expires_in"] // 86400
                since = f"{days} day{'s' if days > 1 else ''} ago" if days else "today"
                yield f"the metadata of the repository {one['id']} expired {since}: download it again"
        if not any(one["updateinfo"] for one in repositories):
            yield _NO_UPDATEINFO

    # -- what would be done -----------------------------------------------------

    def pending(self) -> list[Update]:
        """What an upgrade would install, and what locks, excludes or conflicts keep from it."""
        return [
            _step(update).pending(
                held=update["held"],
                pinned=update["excluded"] and not update["locked"],
                advisories=[advisory["id"] for advisory in update["advisories"]],
                closes=sorted({cve for advisory in update["advisories"] for cve in advisory["cves"]}),
            )
            for update in self._updates()["updates"]
        ]

    def _updates(self) -> dict[str, Any]:
        if not self.listed():
            raise DnfError(f"{ARCHIVES} has no metadata, so it is not known what is pending: run hygeia.golden.package_download first")
        if "updates" not in self._answer:
            self._answer = self._ask("updates")
        return self._answer

    def origins(self, updates: Sequence[Update]) -> dict[tuple[str, str], tuple[str, str]]:
        """As the repositories say it."""
        found: dict[tuple[str, str], tuple[str, str]] = {}
        for update in self._updates()["updates"] if updates else ():
            made_from = rpm.made_from(update["source"])
            if made_from:
                found[(update["name"], update["to"])] = made_from
        return found

    def holds(self) -> list[str]:
        """What the plugin versionlock has a lock for."""
        return self._updates()["locked"]

    def choose(self, request: Request) -> PackagePlan | None:
        """An upgrade of everything, or of the packages that security advisories or somebody names, with what they need."""
        if request.updates == NONE:
            return None
        if request.updates == ALL and not request.only:
            return self._plan(("upgrade",), "upgrade")
        answer = self._updates()
        if request.updates == SECURITY and not any(one["updateinfo"] for one in answer["repositories"]):
            raise DnfError(_NO_UPDATEINFO)
        free = [update for update in answer["updates"] if not update["held"]]
        chosen = [update for update in free if update["from"] and (request.updates != SECURITY or _step(update).security)]
        if request.only:
            chosen = [update for update in chosen if _names(update) & set(request.only)]
            self._refuse(set(request.only) - {name for update in chosen for name in _names(update)}, answer["updates"])
        names = [update["nevra"] for update in chosen]
        return self._plan(("upgrade", *names), "upgrade", names=names) if names else None

    def _refuse(self, names: Iterable[str], updates: Iterable[dict[str, Any]]) -> None:
        """Say of what was named, and is not updated, why it cannot be; what has no update is well as it is."""
        unknown = [name for name in sorted(names) if not self.host.packages.installed(name)]
        known = self._ask("known", names=unknown)["known"] if unknown else []
        for name in sorted(names):
            held = next((update for update in updates if update["held"] and name in _names(update)), None)
            if held and held["locked"]:
                raise DnfError(
                    f"{held['name']} is held at its version: release it with dnf versionlock delete {held['name']}, or do not name it"
                )
            if held and held["excluded"]:
                raise DnfError(f"{held['name']} is excluded (excludepkgs of dnf.conf(5)): take it out of there, or do not name it")
            if held:
                self._ask("upgrade", {"best": True}, names=[held["nevra"]])
                raise DnfError(f"{held['name']} cannot be updated with what is installed: see what dnf upgrade {held['name']} says")
            if name in unknown and name not in known and _ADVISORY.match(name):
                raise DnfError(f"no repository of dnf has an advisory {name}: correct the name, or fetch the metadata anew")
            if name in unknown and name not in known:
                raise DnfError(sentence(f"No match for argument: {name}"))
            if name in unknown and not _ADVISORY.match(name):
                raise DnfError(f"{name} is not installed, so it has no update: correct the name, or have it installed")

    def addition(self, names: Sequence[str]) -> PackagePlan | None:
        names = [self.host.packages.called(name) for name in names]
        return self._plan((*self.install, *names), "install", _NAMED, names=names) if names else None

    def _plan(
        self, arguments: tuple[str, ...], question: str, options: Mapping[str, Any] | None = None, **details: Sequence[str]
    ) -> PackagePlan | None:
        answer = self._ask(question, options, **details)
        installs = tuple(_step(update) for update in answer["installs"])
        removes = tuple(Step(one["name"], one["from"], "") for one in answer["removes"])
        if not installs and not removes:
            return None
        settings = tuple(f"{name}={value}" for name, value in (options or {}).items())
        return PackagePlan(arguments, Simulation(installs, removes), Needs(answer["download"], answer["growth"]), settings)

    def kernel_packages(self, versions: Sequence[str]) -> list[str]:
        """With their versions, since several are installed under one name."""
        found = (line.split(" ") for line in lines_of(self.host.run(_ASK_KERNELS).out))
        return sorted(f"{name}-{version}" for name, version in found if name.startswith(_KERNEL) and version in versions)

    def removal(self, names: Sequence[str]) -> PackagePlan | None:
        return PackagePlan((*self.remove, *names), self._removal(names), options=_OPTIONS) if names else None

    def unneeded(self) -> PackagePlan | None:
        return self._plan(("autoremove",), "autoremove")

    # -- doing it ---------------------------------------------------------------

    def fetch(self, plan: PackagePlan) -> None:
        """dnf checks the signature of each package once it is there."""
        self._run("--downloadonly", *plan.arguments, options=plan.options)

    def carry_out(self, plan: PackagePlan) -> None:
        self._answer = {}
        ran = self._run(*self.offline, *plan.arguments, options=plan.options)
        if _SCRIPT.search(ran.err + ran.out):
            # rpm calls that a warning, and counts the package as installed.
            raise DnfError(sentence(ran.err + "\n" + ran.out))

    def repair(self) -> list[str]:
        """rpm can neither finish nor take back an interrupted transaction; where one left packages twice, somebody has to decide."""
        names = words_of(self.host.run(_ASK_NAMES).out)
        # Kernels may be there more than once; dnf knows what else.
        twice = self._ask("duplicates")["duplicates"] if len(names) > len(set(names)) else []
        if twice:
            raise DnfError(
                f"an interrupted transaction left {', '.join(twice)} in two versions: run dnf remove --duplicates where there "
                f"is network, or in a template begin again with its source"
            )
        return []

    def downloaded(self) -> set[str]:
        return set(self.host.glob(f"{ARCHIVES}/*/packages/*.rpm"))

    # -- afterwards -------------------------------------------------------------

    def restarts(self) -> Restarts:
        """What runs replaced code, and what the plugin needs-restarting knows of a reboot."""
        found = restarts.find(self.host)
        packages = _REBOOT.findall(self.host.run(["dnf", "-q", "--cacheonly", "needs-restarting", "-r"]).out) if self.host.booted else []
        if not packages:
            return found
        return dataclasses.replace(found, reboot=(*found.reboot, f"{', '.join(packages)} changed since the system was booted"))


_ASK_NAMES = ["rpm", "-qa", "--queryformat", "%{NAME}.%{ARCH}\\n"]
_ASK_KERNELS = ["rpm", "-qa", "--queryformat", "%{NAME} %{VERSION}-%{RELEASE}.%{ARCH}\\n"]
_NO_UPDATEINFO = (
    "no repository of dnf has an updateinfo, so it is not known which updates are for security: use a mirror that serves it, "
    "or install all updates"
)


def _program() -> str:
    """The text of ``query.py``, also where Ansible has packed it."""
    loader: Any = query.__spec__ and query.__spec__.loader
    return loader.get_source(query.__name__)


def _step(update: dict[str, Any]) -> Step:
    security = any(advisory["security"] for advisory in update["advisories"])
    return Step(update["name"], update["from"], update["to"], update["repository"], security)


def _names(update: dict[str, Any]) -> set[str]:
    """What an update may be asked for by: its name, its advisories, and the vulnerabilities that it closes."""
    advisories = update["advisories"]
    return {update["name"], *(advisory["id"] for advisory in advisories), *(cve for advisory in advisories for cve in advisory["cves"])}


def _demand_signatures(host: Host, text: str) -> None:
    """Repositories of one run are believed by a key that they name, and by nothing else."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    with contextlib.suppress(configparser.Error):
        parser.read_string(text)
    if not parser.sections():
        raise DnfError("the sources of this run name none: write them as dnf.conf(5) has its repositories")
    for name in parser.sections():
        keys = words_of(parser.get(name, "gpgkey", fallback=""))
        missing = [key for key in keys if key.startswith("file://") and not host.exists(key[len("file://") :])]
        if parser.get(name, "gpgcheck", fallback="0").lower() not in ("1", "yes", "true", "on"):
            raise DnfError(f"the repository {name} would be believed without a good signature: add gpgcheck=1")
        if not keys:
            raise DnfError(f"the repository {name} does not say which key signs its packages: add gpgkey")
        if missing:
            raise DnfError(f"the repository {name} names the key {missing[0]}, which is not there: install it")
