# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The tenants of a site, and what they share, as a play asks for them."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleLookupError
from ansible_collections.hygeia.golden.plugins.filter.shared_by_tenants import FilterModule
from ansible_collections.hygeia.golden.plugins.lookup import tenants as lookup

TENANTS = "- {id: radiology, title: Radiology, guests: [pacs*]}\n- {id: lab, title: Laboratory, guests: [lab*]}\n"


@pytest.fixture
def query(monkeypatch):
    """Call the lookup with options as a template would."""
    monkeypatch.setattr(lookup.LookupModule, "set_options", lambda self, var_options, direct: vars(self).update(given=direct))
    monkeypatch.setattr(lookup.LookupModule, "get_option", lambda self, name: self.given.get(name, []))
    return lambda **options: lookup.LookupModule().run([], **options)


@pytest.fixture
def tenants(query, tmp_path):
    def of(text):
        (tmp_path / "tenants").mkdir()
        (tmp_path / "tenants/hospital.yml").write_text(text, encoding="utf-8")
        return query(policy=[str(tmp_path)])

    return of


def test_tenants_with_their_defaults(tenants):
    radiology, lab = tenants(TENANTS)
    assert radiology == {
        "id": "radiology",
        "title": "Radiology",
        "guests": ["pacs*"],
        "hypervisors": ["*"],
        "administrators": [],
        "shares": [],
    }
    assert lab["id"] == "lab"


def test_a_site_without_tenants_has_none(query):
    assert query() == []


def test_a_mistake_in_the_policy_ends_the_play_with_its_place(tenants):
    with pytest.raises(AnsibleLookupError, match=r"hospital\.yml:1: tenant radiology: .*did you mean guests"):
        tenants(TENANTS.replace("guests: [pacs*]", "guest: [pacs*]"))


def test_the_filter_returns_the_results_of_one_hypervisor(tenants):
    shared_by_tenants = FilterModule().filters()["shared_by_tenants"]
    disk = {"kind": "disk", "name": "a.img", "place": "", "below": False}
    guests = [{"name": name, "touches": [disk]} for name in ("pacs", "lab")]
    results = shared_by_tenants([{"host": "kvm1", "guests": guests, "administrators": []}], tenants(TENANTS), "kvm1")
    assert {result["control"] for result in results if result["status"] == "fail"} == {"tenant-disk"}
