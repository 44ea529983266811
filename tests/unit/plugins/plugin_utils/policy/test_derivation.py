# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Frameworks whose citations follow from those of NIST SP 800-53."""

from __future__ import annotations

import re

import pytest
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.derivation import derive, derived

FRAMEWORK = {
    "derived": True,
    "citations": {
        "a": {"title": "A", "through": ["AC-6", "SI-2"]},
        "b": {"title": "B", "through": ["AC-6(2)"]},
        "c": {"title": "C", "out_of_reach": "people"},
    },
}


@pytest.mark.parametrize(
    ("ours", "cited"),
    [(["AC-6"], ["a"]), (["AC-6(2)"], ["a", "b"]), (["AC-6(9)", "SI-2"], ["a"]), (["AC-2"], None), ([], None), (["AC-62"], None)],
)
def test_a_control_cites_what_its_own_citations_lead_to(ours, cited):
    control = {"references": {"nist_800_53": ours}}
    derive({"eu": FRAMEWORK, "nist_800_53": {"citations": {}}}, [control])
    assert control["references"].get("eu") == cited


def test_what_a_site_cites_itself_stays():
    control = {"references": {"nist_800_53": ["SI-2"], "eu": ["b"]}}
    derive({"eu": FRAMEWORK}, [control])
    assert control["references"]["eu"] == ["a", "b"]


@pytest.fixture(scope="module")
def catalogue():
    return Catalogue()


@pytest.mark.parametrize(("name", "count"), [("nis2", 10), ("gdpr_32", 7), ("iso_27001", 93)])
def test_every_citation_of_a_framework_is_there_once_and_served_or_explained(catalogue, name, count):
    framework = catalogue.frameworks[name]
    assert derived(framework) and len(framework["citations"]) == count
    for citation, entry in framework["citations"].items():
        assert ("through" in entry) == ("shows" in entry) != ("out_of_reach" in entry), citation


def test_their_citations_lead_from_controls_that_there_are(catalogue):
    """A number that NIST does not have would never be cited."""
    pattern = re.compile(catalogue.frameworks["nist_800_53"]["pattern"])
    for name in ("nis2", "gdpr_32", "iso_27001"):
        for citation, entry in catalogue.frameworks[name]["citations"].items():
            assert all(pattern.fullmatch(one) for one in entry.get("through", [])), (name, citation)


def test_the_numbers_of_annex_a_are_complete(catalogue):
    numbers = [tuple(map(int, citation[2:].split("."))) for citation in catalogue.frameworks["iso_27001"]["citations"]]
    assert numbers == [(theme, number) for theme, last in ((5, 37), (6, 8), (7, 14), (8, 34)) for number in range(1, last + 1)]
