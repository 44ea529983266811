# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.document import PolicyError
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.selection import chosen

CONTROLS = [
    {"id": "ssh-banner", "area": "ssh", "severity": "low", "level": 1},
    {"id": "ssh-tunnels", "area": "ssh", "severity": "medium", "level": 2},
    {"id": "audit-immutable", "area": "audit", "severity": "high", "level": 2},
]


def ids(**choice):
    return [control["id"] for control in chosen(CONTROLS, **choice)]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({}, ["ssh-banner", "ssh-tunnels", "audit-immutable"]),
        ({"severity": "medium"}, ["ssh-tunnels", "audit-immutable"]),
        ({"tags": ["ssh"]}, ["ssh-banner", "ssh-tunnels"]),
        ({"tags": ["audit", "ssh-banner"]}, ["ssh-banner", "audit-immutable"]),
        ({"tags": ["level2"], "skip_tags": ["audit"]}, ["ssh-tunnels"]),
        ({"tags": ["ssh"], "severity": "medium"}, ["ssh-tunnels"]),
        ({"tags": ("all",), "skip_tags": ("never",)}, ["ssh-banner", "ssh-tunnels", "audit-immutable"]),
        ({"skip_tags": ["level2"]}, ["ssh-banner"]),
    ],
)
def test_tags_and_severity_choose_a_part(choice, expected):
    assert ids(**choice) == expected


@pytest.mark.parametrize(
    ("choice", "error"),
    [
        ({"tags": ["shs"]}, "The tag shs matches no control of the profile; did you mean ssh?"),
        ({"tags": ["ssh"], "skip_tags": ["adit"]}, "The tag adit matches no control of the profile; did you mean audit?"),
        ({"severity": "hihg"}, "hihg is not a valid severity; choose one of low, medium, high, critical."),
        ({"tags": ["ssh"], "severity": "high"}, "The tags and the severity choose none of the profile's controls"),
    ],
)
def test_a_choice_that_means_nothing_is_reported(choice, error):
    with pytest.raises(PolicyError, match=error.replace("?", r"\?").replace(".", r"\.")):
        ids(**choice)
