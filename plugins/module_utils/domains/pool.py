# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A storage pool of libvirt, from its XML."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element

from ansible_collections.hygeia.golden.plugins.module_utils.domains.elements import attribute, text


@dataclass(frozen=True)
class Pool:
    """``place`` names its storage for all hosts that use it, and is empty for one of this host alone."""

    name: str
    type: str
    path: str
    place: str


def of(root: Element) -> Pool:
    hosts = ",".join(host.get("name", "") for host in root.findall("source/host"))
    source = text(root, "source/name") or attribute(root, "source/dir", "path") or attribute(root, "source/device", "path")
    return Pool(text(root, "name"), root.get("type", ""), text(root, "target/path").rstrip("/"), f"{hosts}:{source}" if hosts else "")
