# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the collection offers and what a profile of it asks for, in terms of NIST SP 800-53."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.hygeia.golden.plugins.plugin_utils.oscal.assessment import Object
from ansible_collections.hygeia.golden.plugins.plugin_utils.oscal.document import (
    CATALOG,
    citing,
    identifier,
    line,
    metadata,
    properties,
    token,
)

_PART = "Serves a part of the control. No operating system satisfies a control of NIST SP 800-53 by itself."


def component_definition(controls: Sequence[dict[str, Any]], profile: str, modified: str, version: str) -> Object:
    """Our controls as rules of one component, and behind each control of NIST SP 800-53 those that serve it."""
    source = identifier("control-implementation", profile)
    component = {
        "uuid": identifier("component", "hygeia.golden"),
        "type": "software",
        "title": "hygeia.golden",
        "description": "An Ansible collection that hardens and verifies templates of virtual machines and running hosts.",
        "props": [prop for control in controls for prop in properties(rule_id=token(control["id"]), rule_description=control["title"])],
        "control-implementations": [
            {
                "uuid": source,
                "source": CATALOG,
                "description": f"The profile {profile}. {_PART}",
                "implemented-requirements": [
                    {
                        "uuid": identifier("implemented-requirement", source, name),
                        "control-id": name,
                        "description": "\n".join(f"{control['id']}: {line(control['rationale'])}" for control in members),
                        "props": [prop for control in members for prop in properties(rule_id=token(control["id"]))],
                    }
                    for name, members in citing(controls).items()
                ],
            }
        ],
    }
    return {
        "component-definition": {
            "uuid": identifier("component-definition", profile),
            "metadata": metadata(f"hygeia.golden, profile {profile}", modified, version),
            "components": [component],
        }
    }


def profile(controls: Sequence[dict[str, Any]], name: str, modified: str, version: str) -> Object:
    """The controls of NIST SP 800-53 that the controls of a profile serve."""
    return {
        "profile": {
            "uuid": identifier("profile", name),
            "metadata": metadata(f"Controls served by the profile {name} of hygeia.golden", modified, version),
            "imports": [{"href": CATALOG, "include-controls": [{"with-ids": list(citing(controls))}]}],
            "merge": {"as-is": True},
        }
    }
