# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""sbom.cdx.json: what the package manager has installed, as CycloneDX 1.6.

Only what is known is listed. Files that no package brought are not listed, so the composition is called unknown.
Everything but the serial number and the timestamp follows from the packages.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import Entry
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.run import Run
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports.vulnerabilities import status

NAMESPACE = uuid.UUID("6f0f1a52-5a0c-5d0a-9b1f-0d6f8c1b7a34")
IMAGE = "image"
# What purl calls the vendor, where that is another word than os-release(5) has.
VENDORS = {"rhel": "redhat"}
SEVERITIES = ("critical", "high", "medium", "low")


def sbom(run: Run) -> dict[str, Any]:
    system, packages = (
        run["system"],
        sorted(run["installed"], key=lambda entry: (entry["package"], entry["architecture"], entry["version"])),
    )
    components = list({component["bom-ref"]: component for component in (_component(entry, system) for entry in packages)}.values())
    image = _image(run)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(NAMESPACE, repr((run['ended'], image, components)))}",
        "version": 1,
        "metadata": {
            "timestamp": run["ended"],
            "tools": {
                "components": [{"type": "application", "name": run["generator"]["collection"], "version": run["generator"]["version"]}]
            },
            "component": image,
        },
        "components": components,
        "dependencies": [{"ref": IMAGE, "dependsOn": [component["bom-ref"] for component in components]}],
        "compositions": [{"aggregate": "unknown", "assemblies": [IMAGE]}],
        **({"vulnerabilities": _vulnerabilities(run, packages)} if run["feeds"] else {}),
    }


def _image(run: Run) -> dict[str, Any]:
    """The promoted image with its digest; without one, the host or the template that was looked at."""
    image = run["image"] or {}
    known = {
        "type": "container" if run["source"] else "device",
        "bom-ref": IMAGE,
        "name": run["host"],
        "version": image.get("version") or run["release"].get("version") or "unknown",
        "properties": _properties(os=f"{run['system'].get('id', '')} {run['system'].get('version', '')}".strip(), profile=run["profile"]),
    }
    return {**known, "hashes": [{"alg": "SHA-256", "content": image["sha256"]}]} if image else known


def _component(entry: Entry, system: Mapping[str, Any]) -> dict[str, Any]:
    name = purl(entry, system)
    return {
        "type": "library",
        "bom-ref": name,
        "name": entry["package"],
        "version": entry["version"],
        "purl": name,
        "properties": _properties(architecture=entry["architecture"], source=entry["source"], source_version=entry["source_version"]),
    }


def _properties(**known: str | None) -> list[dict[str, str]]:
    return [{"name": f"hygeia.golden:{name}", "value": value} for name, value in known.items() if value]


def purl(entry: Entry, system: Mapping[str, Any]) -> str:
    """The package URL of an installed package; the source goes along where it differs, since advisories speak of it."""
    rpm = system.get("manager") == "rpm"
    epoch, version = _split(entry["version"]) if rpm else ("", entry["version"])
    source = entry["source"]
    if source and entry["source_version"] not in ("", entry["version"]):
        source = f"{source}@{entry['source_version']}"
    qualifiers = {
        "arch": entry["architecture"],
        "distro": "-".join(filter(None, (system.get("id"), system.get("version")))),
        "epoch": epoch,
        "upstream": source if source != entry["package"] else "",
    }
    vendor = system.get("id") or "unknown"
    vendor = VENDORS.get(vendor, vendor)
    query = "&".join(f"{name}={_quoted(value)}" for name, value in sorted(qualifiers.items()) if value)
    return f"pkg:{'rpm' if rpm else 'deb'}/{_quoted(vendor)}/{_quoted(entry['package'])}@{_quoted(version)}?{query}"


def _split(version: str) -> tuple[str, str]:
    epoch, colon, rest = version.partition(":")
    return (epoch, rest) if colon else ("", version)


def _quoted(text: str) -> str:
    return quote(text, safe=":")


def _vulnerabilities(run: Run, packages: Sequence[Entry]) -> list[dict[str, Any]]:
    known: dict[str, list[str]] = {}
    for entry in packages:
        known.setdefault(entry["package"], []).append(purl(entry, run["system"]))
    return [_vulnerability(entry, known) for entry in sorted(run["vulnerabilities"], key=lambda entry: (entry["id"], entry["package"]))]


def _vulnerability(entry: Entry, known: dict[str, list[str]]) -> dict[str, Any]:
    severity = entry["severity"] if entry["severity"] in SEVERITIES else "unknown"
    affected = sorted({name for package in entry["packages"] for name in known.get(package, ())})
    vulnerability = {
        "bom-ref": f"{entry['id']}/{entry['package']}",
        "id": entry["id"],
        "source": {"name": ", ".join(entry["feeds"]) or "unknown"},
        "ratings": [{"severity": severity}],
        "affects": [{"ref": name} for name in affected],
        "properties": _properties(
            due=entry.get("due"),
            fixed=entry.get("fixed"),
            known_exploited="yes" if entry.get("kev") else "",
            source_package=entry["package"],
        ),
    }
    return {**vulnerability, "analysis": _accepted(entry["waiver"])} if status(entry) == "waived" and entry.get("waiver") else vulnerability


def _accepted(waiver: Mapping[str, Any]) -> dict[str, Any]:
    """A waiver accepts the risk; it does not say that the vulnerability cannot be exploited."""
    return {
        "state": "exploitable",
        "response": ["will_not_fix"],
        "detail": f"Accepted by {waiver['approver']} until {waiver['until']}: {waiver['reason']}",
    }
