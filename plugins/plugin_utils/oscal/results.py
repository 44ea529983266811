# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The assessment results of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.oscal.assessment import Assessment, Object
from ansible_collections.hygeia.golden.plugins.plugin_utils.oscal.document import NIST, control_ids, identifier, metadata


def assessment(manifest: Mapping[str, Any], results: Mapping[str, Any]) -> Assessment:
    """What the evidence of a run says, by its manifest.json and results.json."""
    host = manifest["host"]
    run = identifier("run", host, manifest["started"] or manifest["ended"], manifest["ended"])
    return Assessment(host, run, manifest["ended"], results["records"])


def assessment_results(manifest: Mapping[str, Any], results: Mapping[str, Any]) -> Object:
    found = assessment(manifest, results)
    plan = identifier("assessment-plan", manifest["profile"]["id"])
    title = f"{manifest['host']}, {manifest['profile']['id']}"
    result: Object = {
        "uuid": found.run,
        "title": title,
        "description": manifest["verdict"]["text"],
        "start": manifest["started"] or manifest["ended"],
        "end": manifest["ended"],
        "local-definitions": {"inventory-items": found.inventory()},
        "reviewed-controls": {"control-selections": [_selection(found)]},
        **{name: part for name, part in _parts(found).items() if part},
    }
    return {
        "assessment-results": {
            "uuid": identifier("assessment-results", found.run),
            "metadata": metadata(title, manifest["ended"], manifest["generator"]["version"]),
            "import-ap": {"href": f"#{plan}"},
            "results": [result],
            "back-matter": {
                "resources": [
                    {
                        "uuid": plan,
                        "title": f"Profile {manifest['profile']['id']}",
                        "description": "Each control of the profile is assessed by the audit of the collection, in the stages of the run.",
                    }
                ]
            },
        }
    }


def _parts(found: Assessment) -> dict[str, list[Object]]:
    return {"observations": found.observations, "risks": found.risks, "findings": found.findings}


def _selection(found: Assessment) -> Object:
    names = control_ids(citation for record in found.records for citation in record["references"].get(NIST, []))
    return {"include-controls": [{"control-id": name} for name in names]} if names else {"include-all": {}}
