# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What zypper of SUSE says is pending: patches, which are its advisories (zypper(8), and src/output/xmlout.rnc of its sources).

Nothing is installed with it. A patch names the packages that it replaces only once it is to be installed, so it is listed by its
own name, with the flaws that it closes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from ansible_collections.hygeia.golden.plugins.module_utils.packages.apt.simulation import Step, Update
from ansible_collections.hygeia.golden.plugins.module_utils.packages.base import Manager, PackageError
from ansible_collections.hygeia.golden.plugins.module_utils.system.packages import rpm
from ansible_collections.hygeia.golden.plugins.module_utils.util.safe_xml import BadXml, tree
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, words_of

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult, Host

# libzypp touches the index of a repository whenever it has looked for a newer one.
INDEX = "/var/cache/zypp/raw/*/repodata/repomd.xml"
LOCKS = "/etc/zypp/locks"
# Without --no-refresh it would fetch what is new first.
LIST = ("zypper", "--quiet", "--non-interactive", "--no-refresh", "--xmlout", "list-patches")
NOT_CHANGED = "packages are not installed or removed with zypper by this collection: do it yourself, such as with zypper patch"
# As long as dnf trusts what it knows of a repository.
OLDEST = timedelta(hours=48)
# A system that was never patched has a thousand of them, each with its description.
_LARGEST = 64 << 20
_LOCK = "solvable_name:"
# Patches for zypper itself come first; all others wait until these are installed, in a list of their own.
_LISTS = ("update-list", "blocked-update-list")
_CAUSES = {
    6: "no repository is defined: register the system with SUSEConnect, or add its repositories",
    7: "another zypper or YaST is at work: wait until it has ended, then run this again",
    106: "repositories were left out, because they could not be read: run zypper refresh to see why",
}


class ZypperError(PackageError):
    """Why zypper does not say what is pending and what to do, in one sentence."""


def serves(host: Host) -> bool:
    """Does zypper manage the packages of this system?"""
    return "suse" in host.systems and rpm.serves(host)


class Zypper(Manager):
    """zypper of one host, which is asked and changes nothing."""

    error = ZypperError

    def listed(self) -> bool:
        return bool(self.host.glob(INDEX))

    def expired(self, now: datetime) -> Iterator[str]:
        """The repositories whose metadata nobody has compared with their servers for two days."""
        for path in self.host.glob(INDEX):
            age = now - datetime.fromtimestamp(os.stat(self.host.path(path)).st_mtime, timezone.utc)
            if age > OLDEST:
                yield f"the metadata of the repository {path.split('/')[5]} is {age.days} days old: run zypper refresh"

    def pending(self) -> list[Update]:
        """Every patch that is needed and not installed; locked ones are held."""
        if not self.listed():
            raise ZypperError("zypper has no metadata of any repository, so it is not known what is pending: run zypper refresh")
        ran = self.host.run(LIST, timeout=600)
        try:
            stream = tree(ran.out, _LARGEST)
        except BadXml as problem:
            raise ZypperError(f"what zypper says {problem}" if ran.ok else _cause(ran, "")) from problem
        if not ran.ok:
            raise ZypperError(_cause(ran, _reported(stream)))
        if stream.find(".//appletinfo[@status='no-update-repositories']") is not None:
            raise ZypperError("no repository has patches, so it is not known what is pending: add the update repositories of the release")
        if stream.find(".//update-list") is None:
            raise ZypperError("zypper lists no patches and says no reason: run zypper list-patches to see why")
        return [_update(patch) for name in _LISTS for patch in stream.iterfind(f".//{name}/update[@kind='patch']")]

    def holds(self) -> list[str]:
        """What somebody has locked, as zypper keeps it."""
        lines = (line.strip(BLANKS) for line in self.host.lines(LOCKS))
        return [line[len(_LOCK) :].strip(BLANKS) for line in lines if line.startswith(_LOCK)]

    # -- what it is not asked for -------------------------------------------------

    def use(self, text: str) -> None:
        """The first thing that whoever patches asks for."""
        raise ZypperError(NOT_CHANGED)


def _update(patch: Element) -> Update:
    """One patch as a module returns it; its issues are bug reports too."""
    source = patch.find("source")
    name, edition = patch.get("name", ""), patch.get("edition", "")
    step = Step(name, "", edition, "" if source is None else source.get("alias", ""), patch.get("category") == "security")
    issues = [issue.get("id", "") for issue in patch.iterfind("issue-list/issue") if issue.get("type") == "cve"]
    return step.pending(held=patch.get("status") == "unwanted", advisories=[name], closes=sorted(set(issues)))


def _reported(stream: Element) -> str:
    """The first error in the stream."""
    errors = ("".join(message.itertext()).strip(BLANKS) for message in stream.iter("message") if message.get("type") == "error")
    return next(filter(None, errors), "")


def _cause(ran: CommandResult, reported: str) -> str:
    return _CAUSES.get(ran.code) or f"zypper failed with exit code {ran.code}: {' '.join(words_of(reported or ran.error))}"
