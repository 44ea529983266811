# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What tenants share on the hypervisors of a site, as results of one of them."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import combinations
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.model.answer import Answer, judged, unknown
from ansible_collections.hygeia.golden.plugins.module_utils.model.result import PASS, Record, record
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry

# Each kind of thing that tenants can share, with the words for one of them.
KINDS = {
    "network": "the network",
    "bridge": "the bridge",
    "disk": "the disk",
    "pool": "the storage pool",
    "directory": "the directory",
    "memory": "the shared memory",
    "device": "the device",
    "iommu_group": "the IOMMU group",
    "administrator": "the administrator",
}
# More guests of one tenant are not named in a sentence.
_MOST = 3
_EXPECTED = {"shared": "nothing without a reason"}

# A thing by its kind, its host where it is one of that host alone, and its name.
Key = tuple[str, str, str]


@dataclass
class Shared:
    """One thing, with the guests of each tenant that touch it."""

    kind: str
    name: str
    host: str
    guests: dict[str, list[str]] = field(default_factory=dict)
    hosts: set[str] = field(default_factory=set)
    # The networks through which it is touched; an empty name where it is touched by itself.
    by: set[str] = field(default_factory=set)
    # Is it a disk, and not only a file below an overlay?
    own: bool = False

    @property
    def shown(self) -> str:
        return f"{self.name} of {self.host}" if self.host else self.name

    @property
    def counts(self) -> bool:
        """A bridge that is touched through one network alone is that network, and a file below overlays alone is only read."""
        return len(self.guests) > 1 and self.own and not (len(self.by) == 1 and "" not in self.by)


class Site:
    """What was seen on all hypervisors; ``looks`` are what domain_isolation_info returned on each, or a problem."""

    def __init__(self, looks: Sequence[Mapping[str, Any]], tenants: Sequence[Entry]) -> None:
        self._looks = looks
        self._tenants = tenants

    def results(self, host: str) -> list[Record]:
        """One result for each kind of thing, about what this host takes part in."""
        answers = {"guests": self._assignment(host), **{kind: self._answer(kind, host) for kind in KINDS}}
        return [
            record(
                f"tenant-{name.replace('_', '-')}",
                answer.status,
                "live",
                answer.expected,
                answer.observed,
                answer.read_from,
                answer.message,
            )
            for name, answer in answers.items()
        ]

    @property
    def _unseen(self) -> list[str]:
        return [look["host"] for look in self._looks if look.get("problem")]

    def _assignment(self, host: str) -> Answer:
        nothing: Mapping[str, Any] = {"problem": "it was not checked"}
        look = next((look for look in self._looks if look["host"] == host), nothing)
        if look.get("problem"):
            return unknown(f"{host} was not checked", {"tenants": 1})
        found = {guest["name"]: self._tenants_of(guest["name"], host) for guest in look["guests"]}
        problems = [
            f"{name} belongs to {' and '.join(tenants)}" if tenants else f"{name} belongs to no tenant"
            for name, tenants in found.items()
            if len(tenants) != 1
        ]
        return judged(problems, {"tenants": 1}, found, f"the guests of {host} and the policy", "correct guests in the policy's tenants")

    def _tenants_of(self, guest: str, host: str) -> list[str]:
        return [tenant["id"] for tenant in self._tenants if _any(guest, tenant["guests"]) and _any(host, tenant["hypervisors"])]

    def _answer(self, kind: str, host: str) -> Answer:
        """What was not seen could share more, so that without a failure nothing has passed then."""
        shared = [thing for thing in self._shared.values() if thing.kind == kind and host in thing.hosts]
        problems = [sentence for thing in shared for sentence in self._undeclared(thing)]
        observed = {thing.shown: {"tenants": thing.guests, "reasons": self._reasons(thing)} for thing in shared}
        answer = judged(
            problems, _EXPECTED, observed, "all hypervisors of the play", "separate them, or declare it with its reason under shares"
        )
        if answer.status == PASS and self._unseen:
            return unknown(f"{', '.join(self._unseen)} was not checked, and its guests may share more", _EXPECTED)
        return answer

    def _undeclared(self, thing: Shared) -> Iterator[str]:
        apart = sorted({tenant for pair in combinations(thing.guests, 2) if not self._declared(thing, *pair) for tenant in pair})
        if apart:
            yield f"{KINDS[thing.kind]} {thing.shown} is shared by {' and '.join(_with_guests(tenant, thing) for tenant in apart)}"

    def _declared(self, thing: Shared, one: str, other: str) -> bool:
        return any({tenant["id"], *share["with"]} >= {one, other} for tenant, share in self._shares(thing) if tenant["id"] in (one, other))

    def _reasons(self, thing: Shared) -> list[str]:
        return [share["reason"] for tenant, share in self._shares(thing) if tenant["id"] in thing.guests]

    def _shares(self, thing: Shared) -> Iterator[tuple[Entry, Entry]]:
        for tenant in self._tenants:
            for share in tenant["shares"]:
                if share["kind"] == thing.kind and fnmatch.fnmatchcase(thing.name, share["name"]):
                    yield tenant, share

    @cached_property
    def _shared(self) -> dict[Key, Shared]:
        """Everything that guests of two tenants touch."""
        found: dict[Key, Shared] = {}
        for look in self._looks:
            if not look.get("problem"):
                for guest in look["guests"]:
                    for tenant in self._tenants_of(guest["name"], look["host"]):
                        self._add(found, look, guest, tenant)
        for owner in self._tenants:
            self._add_administrators(found, owner)
        return {key: thing for key, thing in found.items() if thing.counts}

    def _add_administrators(self, found: dict[Key, Shared], tenant: Entry) -> None:
        """The accounts that the policy names, which a host does not know."""
        for account in tenant["administrators"]:
            thing = found.setdefault(("administrator", "", account), Shared("administrator", account, "", by={""}, own=True))
            thing.guests.setdefault(tenant["id"], [])
            thing.hosts |= {look["host"] for look in self._looks if self._has_guests(tenant, look)}

    def _has_guests(self, tenant: Entry, look: Mapping[str, Any]) -> bool:
        return any(tenant["id"] in self._tenants_of(guest["name"], look["host"]) for guest in look.get("guests", []))

    @staticmethod
    def _add(found: dict[Key, Shared], look: Mapping[str, Any], guest: Mapping[str, Any], tenant: str) -> None:
        accounts = [{"kind": "administrator", "name": name, "place": name} for name in look["administrators"]]
        for touched in [*guest["touches"], *accounts]:
            host = "" if touched["place"] else look["host"]
            key = (touched["kind"], host, touched["place"] or touched["name"])
            thing = found.setdefault(key, Shared(touched["kind"], touched["name"], host))
            named = f"{guest['name']} on {look['host']}"
            if named not in thing.guests.setdefault(tenant, []):
                thing.guests[tenant].append(named)
            thing.hosts.add(look["host"])
            thing.by.add(touched.get("by", ""))
            thing.own = thing.own or not touched.get("below", False)


def _any(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _with_guests(tenant: str, thing: Shared) -> str:
    guests = thing.guests[tenant]
    more = [f"{len(guests) - _MOST} more"] if len(guests) > _MOST else []
    named = ", ".join([*guests[:_MOST], *more])
    return f"{tenant} ({named})" if named else tenant
