# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The rules of what is compared, as a play asks for them."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleLookupError
from ansible_collections.hygeia.golden.plugins.lookup import drift_rules as lookup
from ansible_collections.hygeia.golden.plugins.module_utils.manifest.document import CATEGORIES
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import schema

RULE = """- id: viewer
  reason: The viewer keeps its studies there.
  class: application
  items: {files: [/srv/viewer/**]}
"""


@pytest.fixture
def query(monkeypatch):
    """Call the lookup with options as a template would."""
    monkeypatch.setattr(lookup.LookupModule, "set_options", lambda self, var_options, direct: vars(self).update(given=direct))
    monkeypatch.setattr(lookup.LookupModule, "get_option", lambda self, name: self.given.get(name, []))
    return lambda *terms, **options: lookup.LookupModule().run(list(terms), **options)


@pytest.fixture
def of(query, tmp_path):
    def read(text):
        (tmp_path / "drift").mkdir(exist_ok=True)
        (tmp_path / "drift/own.yml").write_text(text, encoding="utf-8")
        return query(policy=[str(tmp_path)])

    return read


def test_the_collection_compares_no_logs_and_the_rights_alone_of_what_is_generated(query):
    rules = {rule["id"]: rule for rule in query()}
    assert "/var/log/**" in rules["logs"]["items"]["files"] and rules["generated"]["compare"] == "rights"
    assert [rule["id"] for rule in query("logs")] == ["logs"]


def test_a_site_adds_its_own(of):
    assert of(RULE)[-1] == {
        "id": "viewer",
        "reason": "The viewer keeps its studies there.",
        "class": "application",
        "items": {"files": ["/srv/viewer/**"]},
    }


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        ("id: viewer", "id: logs", "drift logs is in .*volatile.yml.* too"),
        ("files:", "file:", "did you mean files"),
        ("class: application", "class: applications", "class"),
        ("class: application", "compare: rights\n  change: CHG-1", "change is for a rule with class"),
        ("  class: application\n", "", "write either compare"),
        ("class: application\n  items: {files: [/srv/viewer/**]}", "compare: rights\n  items: {units: [a]}", "only files have rights"),
        ("items:", 'until: "2026-02-30"\n  items:', "until"),
    ],
)
def test_a_mistake_ends_the_play_with_its_place(of, right, wrong, sentence):
    with pytest.raises(AnsibleLookupError, match=sentence):
        of(RULE.replace(right, wrong))


def test_an_unknown_rule_is_named(query):
    with pytest.raises(AnsibleLookupError, match="there is no rule log; known are generated"):
        query("log")


def test_rules_may_be_about_every_category_and_controls():
    known = schema._validator("drift").schema["$defs"]["rule"]["properties"]["items"]["properties"]
    assert set(known) == {*CATEGORIES, "files", "controls"}
