# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What dnf 4 knows and would do, printed by its own Python interface (DNF API) as one line of JSON.

The interface is there wherever dnf is, but only in the Python that dnf itself
runs in. So this file is a program: ``dnf.py`` sends its text to that Python,
with a question. It reads what was fetched before and changes nothing.
"""

from __future__ import annotations

import json
import re
import sys
import xml.parsers.expat
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

try:
    import dnf
    import dnf.exceptions
    import dnf.repo
    import dnf.subject
    import dnf.transaction
    import hawkey
except ImportError:  # on the controller, where this is only read
    dnf = None

UPDATEINFO = "updateinfo"

# What becomes JSON. The objects of dnf itself have no types.
Answer = dict[str, Any]


class Asked:
    """dnf with its configuration, its plugins and what it fetched before, without network."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.base = dnf.Base()
        self.conf = self.base.conf
        self.conf.read()
        self.conf.substitutions.update_from_etc(self.conf.installroot, varsdir=self.conf.varsdir)
        self.conf.exit_on_lock = True
        for name, value in options.items():
            setattr(self.conf, name, value)
        self.base.init_plugins()
        self.base.pre_configure_plugins()
        self.base.read_all_repos()
        self.base.configure_plugins()
        for repository in self.repositories:
            repository._repo.setSyncStrategy(dnf.repo.SYNC_ONLY_CACHE)  # as dnf --cacheonly does it; there is no other way
            # What cannot be read is never left out in silence.
            repository.skip_if_unavailable = False
        self.base.fill_sack()
        for repository in self.repositories:
            self._look_through(repository)

    @property
    def repositories(self) -> list[Any]:
        return sorted(self.base.repos.iter_enabled())

    def _look_through(self, repository: Any) -> None:
        """dnf takes what it can of a damaged updateinfo, and says nothing."""
        text = self._updateinfo(repository)
        if not text:
            return
        roots: list[str] = []
        parser = xml.parsers.expat.ParserCreate()
        parser.StartElementHandler = lambda name, unused_attributes: roots.extend([] if roots else [name])
        try:
            parser.Parse(text, True)
        except xml.parsers.expat.ExpatError as problem:
            raise dnf.exceptions.Error(f"the updateinfo of {repository.id} is damaged: {problem}") from problem
        if roots != ["updates"]:
            raise dnf.exceptions.Error(f"the updateinfo of {repository.id} is damaged: it begins with {roots[0]}")

    @staticmethod
    def _updateinfo(repository: Any) -> str:
        return repository.get_metadata_content(UPDATEINFO) if repository.get_metadata_path(UPDATEINFO) else ""

    # -- answers ----------------------------------------------------------------

    def fetched(self) -> Answer:
        """Each repository with what was fetched of it, and when that has to be fetched anew."""
        return {
            "repositories": [
                {
                    "id": repository.id,
                    "name": repository.name,
                    "address": repository.metalink or repository.mirrorlist or " ".join(repository.baseurl),
                    "made": repository._repo.getMaxTimestamp(),
                    "repomd": repository._repo.getCachedir() + "/repodata/repomd.xml",
                    "expires_in": None if repository.metadata_expire == -1 else repository._repo.getExpiresIn(),
                    "updateinfo": bool(repository.get_metadata_path(UPDATEINFO)),
                }
                for repository in self.repositories
            ]
        }

    def updates(self) -> Answer:
        """Every update, in the newest version that can be installed, and those that something keeps out."""
        self.conf.best = False  # what cannot be installed shall not hide the rest
        self.base.upgrade_all()
        self.base.resolve()
        locked = self._locked()
        coming = {(package.name, package.arch): package for package in self.base.transaction.install_set}
        found = [self._update(package) for package in coming.values()]
        allowed = set(self.base.sack.query().available())
        for package in self._newest():
            if (package.name, package.arch) not in coming:
                found.append({**self._update(package), "locked": package.name in locked, "excluded": package not in allowed, "held": True})
        names = {package.name for package in self._all().installed()}
        return {
            "updates": sorted(found, key=lambda update: (update["name"], update["arch"])),
            "locked": sorted(locked & names),
            **self.fetched(),
        }

    def upgrade(self, names: Sequence[str] | None = None) -> Answer:
        """What the upgrade of these packages would do, or of all."""
        if names is None:
            self.base.upgrade_all()
        for name in names or ():
            self.base.upgrade(name)
        return self._resolved()

    def install(self, names: Sequence[str]) -> Answer:
        for name in names:
            self.base.install(name, strict=True)
        return self._resolved()

    def autoremove(self) -> Answer:
        self.base.autoremove()
        return self._resolved()

    def known(self, names: Sequence[str]) -> Answer:
        """Which of these names is a package that can be had, an advisory, or a CVE of one."""
        texts = [self._updateinfo(repository) for repository in self.repositories]
        everything = self._all()
        return {
            "known": [
                name
                for name in names
                if everything.filter(name=name)
                or any(re.search(rf'<id>\s*{re.escape(name)}\s*</id>|id="{re.escape(name)}"', text) for text in texts)
            ]
        }

    def duplicates(self) -> Answer:
        """Packages that are there in two versions, where only one can be: what an interrupted transaction leaves."""
        query = self.base.sack.query()
        twice = query.duplicated().difference(self.base._get_installonly_query(query.installed()))
        return {"duplicates": sorted({package.name for package in twice})}

    # -- how they are found -----------------------------------------------------

    def _all(self) -> Any:
        """What is installed and what the repositories have; excludes hide packages of both."""
        return self.base.sack.query(flags=hawkey.IGNORE_REGULAR_EXCLUDES)

    def _installed(self, package: Any) -> Any:
        """The newest installed version of a package, or None."""
        return next(iter(self._all().installed().filter(name=package.name, arch=package.arch).latest(1)), None)

    def _newest(self) -> Iterator[Any]:
        """The newest version of each installed package that has a newer one."""
        for package in self._all().available().filter(upgrades=True).latest(1):
            there = self._installed(package)
            if there and package.evr_gt(there):
                yield package

    def _locked(self) -> set[str]:
        """The names of the packages that the plugin versionlock holds at a version, or keeps out."""
        names: set[str] = set()
        for plugin in self.base._plugins.plugins:
            if plugin.name == "versionlock":
                parser = plugin.read_config(self.conf)
                if parser.has_option("main", "locklist"):
                    with open(parser.get("main", "locklist"), encoding="utf-8") as stream:
                        patterns = [line.split("#")[0].strip().lstrip("!") for line in stream]
                    for pattern in filter(None, patterns):
                        names.update(nevra.name for nevra in dnf.subject.Subject(pattern).get_nevra_possibilities())
        return names

    def _update(self, package: Any) -> Answer:
        there = self._installed(package)
        return {
            "name": package.name,
            "arch": package.arch,
            "from": there.evr if there else "",
            "to": package.evr,
            "nevra": str(package),
            "repository": package.reponame,
            "source": package.sourcerpm or "",
            "advisories": self._advisories(there, package),
            "locked": False,
            "excluded": False,
            "held": False,
        }

    def _advisories(self, there: Any, package: Any) -> list[Answer]:
        """What was published between the installed version and this one."""
        found = {}
        for advisory in there.get_advisories(hawkey.GT) if there else package.get_advisories(hawkey.EQ):
            versions = [other.evr for other in advisory.packages if (other.name, other.arch) == (package.name, package.arch)]
            if any(self._between(there, version, package) for version in versions):
                found[advisory.id] = {
                    "id": advisory.id,
                    "security": advisory.type == hawkey.ADVISORY_SECURITY,
                    "severity": advisory.severity or "",
                    "cves": sorted(reference.id for reference in advisory.references if reference.type == hawkey.REFERENCE_CVE),
                }
        return [found[identifier] for identifier in sorted(found)]

    def _between(self, there: Any, version: str, package: Any) -> bool:
        compare = self.base.sack.evr_cmp
        return compare(version, package.evr) <= 0 and (there is None or compare(version, there.evr) > 0)

    def _resolved(self) -> Answer:
        """What the transaction would install and remove, and the bytes that it needs."""
        self.base.resolve()
        transaction = self.base.transaction
        gone = (dnf.transaction.PKG_REMOVE, dnf.transaction.PKG_OBSOLETED)
        return {
            "installs": [self._update(package) for package in sorted(transaction.install_set)],
            "removes": [{"name": item.pkg.name, "from": item.pkg.evr} for item in transaction if item.action in gone],
            "download": sum(package.downloadsize for package in transaction.install_set if not _lies_here(package)),
            "growth": sum(package.installsize for package in transaction.install_set)
            - sum(package.installsize for package in transaction.remove_set),
        }


def _lies_here(package: Any) -> bool:
    try:
        return package.verifyLocalPkg()
    except (OSError, dnf.exceptions.Error):
        return False


def main() -> None:
    question = json.loads(sys.argv[1])
    try:
        answer = getattr(Asked(question["options"]), question["ask"])(**question["with"])
    except (dnf.exceptions.Error, hawkey.Exception, RuntimeError, OSError) as problem:
        answer = {"problem": str(problem)}
    # Plugins print what they like before.
    sys.stdout.write("\n" + json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
