# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible.errors import AnsibleLookupError
from ansible_collections.hygeia.golden.plugins.lookup import migration_inventory
from migration_files import TODAY, rvtools


@pytest.fixture
def lookup(monkeypatch):
    """The lookup with these options."""

    def read(sources, **options):
        plugin = migration_inventory.LookupModule()
        monkeypatch.setattr(plugin, "set_options", lambda var_options, direct: None)
        monkeypatch.setattr(plugin, "get_option", {"today": TODAY, "max_age": 30, **options}.get)
        return plugin.run(sources)

    return read


def test_it_returns_one_inventory_of_all_sources(lookup, tmp_path):
    given = {"kind": "rvtools", "path": rvtools(tmp_path / "all.xlsx")}
    for terms in ([given], [[given]]):
        (found,) = lookup(terms)
        assert len(found["machines"]) == 5 and found["today"] == TODAY


def test_a_bad_source_is_the_sentence_of_the_reader(lookup, tmp_path):
    with pytest.raises(AnsibleLookupError, match="60 days old, and 10 are allowed"):
        lookup([{"kind": "rvtools", "path": rvtools(tmp_path / "all.xlsx", created="2026-10-01")}], max_age=10)
