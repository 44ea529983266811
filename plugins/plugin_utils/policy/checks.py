# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks: what is verified and is no control, such as what became of packets. An id may end in an asterisk."""

from __future__ import annotations

import fnmatch
from collections.abc import Collection
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import waivers
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue


def matching(checks: Collection[str], name: str) -> str | None:
    """The id of the check that a name means, the most exact of several; None when there is none."""
    if name in checks:
        return name
    found = [] if "*" in name else [identifier for identifier in checks if fnmatch.fnmatchcase(name, identifier)]
    return max(found, key=len, default=None)


def covered(catalogue: Catalogue, host: str, today: str) -> list[Entry]:
    """Every check with the waiver that covers it on a host; one that a waiver names by itself has an entry of its own."""
    single = {waiver["control"]: matching(catalogue.checks, waiver["control"]) for waiver in catalogue.waivers}
    named = [named_as(catalogue.checks[check], name) for name, check in single.items() if check not in (None, name)]
    return [
        _covered(check, catalogue, [check["id"], single.get(check["id"]) or check["id"]], host, today)
        for check in [*catalogue.checks.values(), *named]
    ]


def _covered(check: Entry, catalogue: Catalogue, names: list[str], host: str, today: str) -> Entry:
    files = waivers.of_files(catalogue.waivers, names, host, today)
    return {**check, "waiver": waivers.find(catalogue.waivers, names, host, today), **({"waived_files": files} if files else {})}


def named_as(check: Entry, name: str) -> Entry:
    """A check as one of those that it stands for; an asterisk in its title is what that of its id stands for."""
    if not check["id"].endswith("*"):
        return check
    return {**check, "id": name, "title": check["title"].replace("*", name[len(check["id"]) - 1 :])}
