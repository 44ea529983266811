# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan of action and milestones: an item for each control that is not satisfied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.oscal.assessment import Object
from ansible_collections.hygeia.golden.plugins.plugin_utils.oscal.document import identifier, metadata
from ansible_collections.hygeia.golden.plugins.plugin_utils.oscal.results import assessment


def plan_of_action(manifest: Mapping[str, Any], results: Mapping[str, Any]) -> Object:
    """Empty when there is nothing to be done, since OSCAL has no plan without items."""
    found = assessment(manifest, results)
    if not found.risks:
        return {}
    related = {each["observation-uuid"] for risk in found.risks for each in risk["related-observations"]}
    return {
        "plan-of-action-and-milestones": {
            "uuid": identifier("plan-of-action", found.run),
            "metadata": metadata(f"{found.host}: plan of action", manifest["ended"], manifest["generator"]["version"]),
            "system-id": {"identifier-type": "https://ietf.org/rfc/rfc4122", "id": found.item},
            "local-definitions": {"inventory-items": found.inventory()},
            "observations": [each for each in found.observations if each["uuid"] in related],
            "risks": found.risks,
            "poam-items": [
                {
                    "uuid": identifier("poam-item", risk["uuid"]),
                    "title": risk["title"],
                    "description": risk["description"],
                    "related-observations": risk["related-observations"],
                    "related-risks": [{"risk-uuid": risk["uuid"]}],
                }
                for risk in found.risks
            ],
        }
    }
