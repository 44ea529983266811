# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json
import sys

import pytest
from ansible.errors import AnsibleLookupError
from ansible_collections.hygeia.golden.plugins.lookup.collection_version import version


@pytest.fixture
def collections(tmp_path, monkeypatch):
    for name, manifest in (("released", {"collection_info": {"version": "2.0.0"}}), ("odd", [])):
        place = tmp_path / "ansible_collections/somebody" / name
        place.mkdir(parents=True)
        (place / "MANIFEST.json").write_text(json.dumps(manifest))
    (tmp_path / "ansible_collections/somebody/checkout").mkdir()
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in [name for name in sys.modules if name.startswith("ansible_collections.somebody")]:
        del sys.modules[name]


def test_the_versions_of_what_is_installed(collections):
    terms = ["somebody.released", "somebody.checkout", "somebody.odd", "somebody.missing", "nobody.missing"]
    assert [version(term) for term in terms] == ["2.0.0", "*", "*", "", ""]


@pytest.mark.parametrize("name", ["os", "../x.y", "a.b.c", "A.b", ""])
def test_what_is_no_name_is_refused(name):
    with pytest.raises(AnsibleLookupError, match="not the name of a collection"):
        version(name)
