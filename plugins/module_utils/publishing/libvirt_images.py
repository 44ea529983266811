# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The published images of a name: their volumes in a storage pool, who uses them, and the template that names the one to use."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion import names
from ansible_collections.hygeia.golden.plugins.module_utils.publishing import libvirt_definition
from ansible_collections.hygeia.golden.plugins.module_utils.publishing.libvirt_definition import parsed
from ansible_collections.hygeia.golden.plugins.module_utils.publishing.libvirt_host import found_or_none, libvirt


def images(connection: Any, pool: Any, name: str) -> list[dict[str, Any]]:
    """The images, the newest first, each with the volumes of its disks in their order."""
    volumes = pool.listAllVolumes(0)
    users = list(_users(connection, volumes))
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for volume in volumes:
        known = names.named(name, volume.name())
        if not known or names.form_of(known[2]) != names.QCOW2:
            continue
        version, short, key = known
        image = found.setdefault((version, short), {"version": version, "short": short, "disks": {}, "modified": 0.0, "used_by": []})
        image["disks"][names.disk_of(key)] = volume.name()
        image["modified"] = max(image["modified"], _modified(volume))
        image["used_by"] = sorted({*image["used_by"], *_using(pool, volume, users)})
    newest_first = sorted(found.values(), key=lambda image: (-image["modified"], image["version"]))
    return [{**image, "disks": [image["disks"][disk] for disk in sorted(image["disks"])]} for image in newest_first]


def template(connection: Any, name: str) -> dict[str, Any] | None:
    """The domain of this name, which is a template of the collection if it says so."""
    domain = found_or_none(connection.lookupByName, name)
    if domain is None:
        return None
    definition = libvirt_definition.read(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
    return {
        "managed": bool(definition.image),
        "active": bool(domain.isActive()),
        "version": definition.image.get("version", ""),
        "sha256": definition.image.get("sha256", ""),
        "disks": [place.rpartition("/")[2] for place in definition.disks],
        "machine": definition.machine,
    }


def users(connection: Any, pool: Any, volume: Any) -> list[str]:
    """Who needs a volume: domains, and volumes that back on it."""
    return sorted(_using(pool, volume, list(_users(connection, pool.listAllVolumes(0)))))


def _users(connection: Any, volumes: list[Any]) -> Iterator[tuple[str, set[str]]]:
    """Domains and volumes by their names, each with the places that it needs."""
    for domain in connection.listAllDomains(0):
        for flags in (0, libvirt.VIR_DOMAIN_XML_INACTIVE):
            yield f"domain {domain.name()}", set(libvirt_definition.read(domain.XMLDesc(flags)).disks)
    for volume in volumes:
        backing = parsed(volume.XMLDesc(0)).findtext("./backingStore/path")
        if backing:
            yield f"volume {volume.name()}", {backing}


def _using(pool: Any, volume: Any, known: list[tuple[str, set[str]]]) -> set[str]:
    places = {volume.path(), f"{pool.name()}/{volume.name()}"}
    return {user for user, needed in known if places & needed}


def _modified(volume: Any) -> float:
    return float(parsed(volume.XMLDesc(0)).findtext("./target/timestamps/mtime") or 0)
