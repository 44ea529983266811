# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The manifest of a system: what is compared of it, by categories of items with values, and its files.

The same code reads an image's reference and every machine that is compared with it, so that nothing differs by method.
A value is masked where a secret may stand in it, since a manifest is kept as evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.manifest import accounts, certificates, files, kernel, services
from ansible_collections.hygeia.golden.plugins.module_utils.manifest.digests import Digests
from ansible_collections.hygeia.golden.plugins.module_utils.manifest.selection import Selection, of_items, root
from ansible_collections.hygeia.golden.plugins.module_utils.manifest.unread import Unread
from ansible_collections.hygeia.golden.plugins.module_utils.system import release
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.masking import masked
from ansible_collections.hygeia.golden.plugins.module_utils.util.places import OddFile
from ansible_collections.hygeia.golden.plugins.module_utils.util.presentable import presentable

SCHEMA = 1
Items = dict[str, Any]


def packages(host: Host) -> Items:
    found: dict[str, list[str]] = {}
    for entry in host.packages.listing():
        found.setdefault(f"{entry['package']}:{entry['architecture']}", []).append(entry["version"])
    return {name: ", ".join(sorted(versions)) for name, versions in found.items()}


# Each category but the files, with what reads it.
CATEGORIES: dict[str, Callable[[Host], Items]] = {
    "packages": packages,
    "accounts": accounts.accounts,
    "groups": accounts.groups,
    "authorized_keys": accounts.authorized_keys,
    "sudo": accounts.sudo,
    "sshd": services.sshd,
    "units": services.units,
    "crontabs": services.crontabs,
    "listeners": services.listeners,
    "certificates": certificates.certificates,
    "kernel_command_line": kernel.command_line,
    "kernel_modules": kernel.modules,
    "sysctl": kernel.sysctl,
    "packet_filter": kernel.packet_filter,
}
# Those in which a secret may stand.
_MASKED = frozenset(("sudo", "sshd", "crontabs", "kernel_command_line", "kernel_modules", "packet_filter", "sysctl"))


@dataclass(frozen=True)
class Request:
    """What is selected, the digests of a manifest that is known, and those of files that were read before."""

    selection: Selection = field(default_factory=Selection)
    known: Mapping[str, Any] = field(default_factory=dict)
    digests: Digests | None = None


def read(host: Host, request: Request) -> tuple[dict[str, Any], int]:
    """The manifest, and how many files had to be read for it. What is as in the known manifest is left out of it."""
    reader = files.Reader(host, request.selection, request.digests)
    found = reader.files()
    known_categories = request.known.get("categories") or {}
    categories = {name: _category(host, name, request, known_categories.get(name)) for name in CATEGORIES}
    listed = _files(reader, found, request.known.get("groups") or {})
    document = {
        "schema": SCHEMA,
        "image": release.read(host) or {},
        "root": root(_digests(categories), found.digests()),
        "categories": categories,
        "files": listed,
    }
    return presentable(document), found.read


def _category(host: Host, name: str, request: Request, known: str | None) -> dict[str, Any]:
    try:
        items = CATEGORIES[name](host)
    except (Unread, OddFile, RuntimeError, OSError) as problem:
        return {"unread": masked(str(problem))}
    items = presentable(request.selection.items(name, items))
    items = masked(items) if name in _MASKED else items
    digest = of_items(items)
    return {"digest": digest} if digest == known else {"digest": digest, "items": items}


def _files(reader: files.Reader, found: files.Files, known: Mapping[str, str]) -> dict[str, Any]:
    groups, gone = files.differing(found, known)
    entries = {name: found.groups[name].entries for name in groups}
    return {
        "groups": groups,
        "gone": gone,
        "entries": entries,
        # Who knows a manifest asks what became of its files; an image's own says nothing of that.
        "packaged": sorted(path for name in groups for path in reader.packaged(name, entries[name])) if known else [],
        "unread": found.unread,
        "complete": found.complete,
    }


def _digests(categories: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    return {name: category["digest"] for name, category in categories.items() if "digest" in category}
