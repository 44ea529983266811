# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is open on a host, what closes it, and why the rest stays open: its packages joined with the feeds."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.loader import ABOUT_VULNERABILITIES, Feed
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.model import Claim, Facts, FeedError, Key, first_fixed, highest
from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.versions import order

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.plugin_utils.feeds.loader import Feed

FIXABLE, NO_FIX, HELD = "fixable", "no_fix", "held"
# dpkg calls each kernel's packages by its version, rpm installs several versions of one name; the newest is what boots.
_KERNEL_VERSION = re.compile(r"-\d+\.\d[\w.~+]*(?:-\d[\w.]*)?(?=-|$)")
# A package of a module of rpm says so in its release.
_MODULE = ".module"

# What the modules tell of an installed package, of a pending update or one that was made, and what is known of a vulnerability.
Package = dict[str, Any]
Update = dict[str, Any]
Vulnerability = dict[str, Any]
# Whether claims are about binaries, then by package, each with the feed that makes it.
Claims = dict[bool, dict[str, list[tuple[Feed, Claim]]]]


def telling(feeds: Sequence[Feed], system: Mapping[str, str]) -> list[Feed]:
    """The feeds that tell of a system; without one that knows its packages nothing can be said, which is an error."""
    scopes = scopes_of(system)
    found = [feed for feed in feeds if feed.kind in ABOUT_VULNERABILITIES or set(scopes) & set(feed.scopes)]
    if not any(feed.kind not in ABOUT_VULNERABILITIES for feed in found):
        raise FeedError(
            f"none of the feeds covers the packages of {system['id']} {system['version']}, so it is not known what is open: "
            f"add one that knows {' or '.join(scopes)}; those that are there know {_known(feeds)}"
        )
    return found


def _known(feeds: Sequence[Feed]) -> str:
    return ", ".join(sorted({scope for feed in feeds for scope in feed.scopes})) or "no packages of any system"


def scopes_of(system: Mapping[str, str]) -> list[str]:
    """The names under which feeds tell of a system."""
    own, major = system["id"], system["version"].split(".", maxsplit=1)[0]
    if system["manager"] == "rpm":
        return list(dict.fromkeys(["rpm", f"rpm/{'fc' if own == 'fedora' else 'el'}{major}", f"{own}/{major}"]))
    return list(dict.fromkeys(f"{own}/{release}" for release in (system["codename"], system["version"]) if release))


def joined(found: Mapping[str, Any], feeds: Sequence[Feed]) -> tuple[list[Update], list[Vulnerability]]:
    """What the module found on a host, with what the feeds know: ``pending`` with what each closes, and ``vulnerabilities``."""
    scopes, key = scopes_of(found["system"]), order(found["system"]["manager"])
    claims = _claims([feed for feed in feeds if feed.scopes], scopes, found)
    free = [update for update in found["pending"] if not update["held"] and not update["pinned"]]
    now = _open(found["installed"], claims, key)
    after = _open(_updated(found["installed"], free), claims, key)
    released = after if len(free) == len(found["pending"]) else _open(_updated(found["installed"], found["pending"]), claims, key)
    for name, entry in now.items():
        entry["closed_by_update"] = name not in after
        entry["state"] = NO_FIX if not entry["fixed"] else HELD if name in after and name not in released else FIXABLE
        entry["reason"] = _reason(entry, found["pending"])
    _add_facts(now.values(), feeds)
    pending = [_with_what_it_closes(update, [entry for name, entry in now.items() if name not in released]) for update in found["pending"]]
    return pending, sorted(now.values(), key=lambda entry: (entry["id"], entry["package"]))


def closed(found: Mapping[str, Any], feeds: Sequence[Feed], changes: Sequence[Update]) -> list[Vulnerability]:
    """The vulnerabilities that packages had before these changes and that none has now; of removed packages nothing is said."""
    scopes, key = scopes_of(found["system"]), order(found["system"]["manager"])
    claims = _claims([feed for feed in feeds if feed.scopes], scopes, found)
    now = _open(found["installed"], claims, key)
    gone = {name: entry for name, entry in _open(_before(found["installed"], changes), claims, key).items() if name not in now}
    _add_facts(gone.values(), feeds)
    return sorted(gone.values(), key=lambda entry: (entry["id"], entry["package"]))


def _before(installed: Iterable[Package], changes: Sequence[Update]) -> Iterator[Package]:
    """What was installed before; where a source has a version of its own, the one of before is not known and none is made up."""
    old = {(change["package"].split(":")[0], change["to"]): change["from"] for change in changes}
    for entry in installed:
        before = old.get((entry["package"], entry["version"]))
        if before is None:
            yield entry
        elif before:
            source = before if entry["source_version"] == entry["version"] else entry["source_version"]
            yield {**entry, "version": before, "source_version": source}


def _claims(feeds: Sequence[Feed], scopes: list[str], found: Mapping[str, Any]) -> Claims:
    """Each claim about packages that are installed or would be, with the feed that makes it: those about sources, and those about binaries."""
    names = {entry[name] for entry in found["installed"] for name in ("package", "source")}
    names |= {update[name] for update in found["pending"] for name in ("package", "source_package")}
    about: Claims = {True: {}, False: {}}
    for feed in feeds:
        for package, claimed in feed.index.claims(scopes, names):
            about[bool(claimed.get("binary"))].setdefault(package, []).append((feed, claimed))
    return about


# -- what is open ---------------------------------------------------------------


def _open(installed: Iterable[Package], claims: Claims, key: Key) -> dict[tuple[str, str], Vulnerability]:
    """The vulnerabilities of these packages, by id and source package."""
    found: dict[tuple[str, str], Vulnerability] = {}
    for entry in _newest(installed, key):
        about = [
            (entry["source_version"], claims[False].get(entry["source"], ())),
            (entry["version"], claims[True].get(entry["package"], ())),
        ]
        for version, some in about:
            for feed, claimed in some:
                if claimed.get("modular") and _MODULE not in version:
                    continue
                try:
                    fixed = first_fixed(claimed, version, key)
                except FeedError as problem:
                    raise FeedError(f"the feed {feed.path} ({feed.kind}) {problem}") from problem
                for identifier in claimed["ids"]:
                    if fixed is not None:
                        _note(found, identifier, entry, version, fixed, claimed, feed, key)
    return found


def _note(
    found: dict[tuple[str, str], Vulnerability],
    identifier: str,
    package: Package,
    version: str,
    fixed: str,
    claimed: Claim,
    feed: Feed,
    key: Key,
) -> None:
    """Add what one claim says of one package to what is known of a vulnerability."""
    entry = found.setdefault(
        (identifier, package["source"]),
        {
            "id": identifier,
            "package": package["source"],
            "installed": version,
            "packages": [],
            "severity": "unknown",
            "kev": False,
            "kev_added": None,
            "epss": None,
            "fixed": None,
            "fix_available": None,
            "published": None,
            "advisories": [],
            "feeds": [],
        },
    )
    entry["installed"] = min(entry["installed"], version, key=key)
    entry["severity"] = highest([entry["severity"], claimed.get("severity", "unknown")])
    entry["packages"] = sorted({*entry["packages"], package["package"]})
    entry["advisories"] = sorted({*entry["advisories"], *claimed.get("advisories", ())})
    entry["feeds"] = sorted({*entry["feeds"], feed.kind})
    entry["published"] = min(filter(None, [entry["published"], claimed.get("published")]), default=None)
    newer = fixed and (entry["fixed"] is None or key(fixed) > key(entry["fixed"]))
    if newer:
        entry["fixed"], entry["fix_available"] = fixed, claimed.get("fix_available")
    elif fixed and key(fixed) == key(entry["fixed"]):
        entry["fix_available"] = min(filter(None, [entry["fix_available"], claimed.get("fix_available")]), default=None)


def _newest(installed: Iterable[Package], key: Key) -> Collection[Package]:
    """The packages without those that lie beside a newer version of theirs."""
    newest: dict[tuple[str, str], Package] = {}
    for entry in installed:
        kernel = entry["source"].startswith(("linux", "kernel"))
        name = (_KERNEL_VERSION.sub("-*", entry["package"]), "") if kernel else (entry["package"], entry["architecture"])
        if name not in newest or key(newest[name]["version"]) < key(entry["version"]):
            newest[name] = entry
    return newest.values()


def _updated(installed: Iterable[Package], updates: Sequence[Update]) -> list[Package]:
    """What is installed once these updates are."""
    new = {(update["package"].split(":")[0], update["from"]): update for update in updates}
    there = {(entry["package"], entry["version"]) for entry in installed}
    kept = [_moved(entry, new.get((entry["package"], entry["version"]))) for entry in installed]
    return kept + [_moved({"package": name[0], "architecture": ""}, new[name]) for name in new if name not in there]


def _moved(entry: Package, update: Update | None) -> Package:
    return (
        entry
        if update is None
        else {**entry, "version": update["to"], "source": update["source_package"], "source_version": update["source_version"]}
    )


# -- what closes it ---------------------------------------------------------------


def _concerns(update: Update, entry: Vulnerability) -> bool:
    """Does an update change a package that has the vulnerability, or bring another one from its source, as a new kernel is?"""
    return update["package"].split(":")[0] in entry["packages"] or (not update["from"] and update["source_package"] == entry["package"])


def _with_what_it_closes(update: Update, closed: Sequence[Vulnerability]) -> Update:
    mine = [entry for entry in closed if _concerns(update, entry)]
    return {
        **update,
        "closes": sorted({*update["closes"], *(entry["id"] for entry in mine)}),
        "advisories": sorted({*update["advisories"], *(advisory for entry in mine for advisory in entry["advisories"])}),
    }


def _reason(entry: Vulnerability, pending: Sequence[Update]) -> str:
    """Why a vulnerability is open, in one sentence."""
    mine = [update for update in pending if _concerns(update, entry)]
    if entry["closed_by_update"]:
        return f"The pending update of {_named(mine, entry)} closes it."
    if entry["state"] == NO_FIX:
        return "No feed knows a fix for this release."
    if entry["state"] == HELD:
        how = "The preferences of the package manager keep" if any(update["pinned"] for update in mine) else "A hold keeps"
        return f"{how} {_named(mine, entry)} out."
    return f"It is fixed in {entry['fixed']}, which the package manager's lists do not have."


def _named(updates: Sequence[Update], entry: Vulnerability) -> str:
    return f"{updates[0]['package']} to {updates[0]['to']}" if updates else entry["package"]


def _add_facts(vulnerabilities: Collection[Vulnerability], feeds: Sequence[Feed]) -> None:
    """What is known of vulnerabilities wherever they are."""
    ids = {entry["id"] for entry in vulnerabilities}
    known: dict[str, Facts] = {}
    for feed in feeds:
        if feed.kind in ABOUT_VULNERABILITIES:
            for identifier, facts in feed.index.facts(ids).items():
                known.setdefault(identifier, {}).update(facts)
    for entry in vulnerabilities:
        entry.update(known.get(entry["id"], {}))
        entry["kev"] = entry["kev_added"] is not None
