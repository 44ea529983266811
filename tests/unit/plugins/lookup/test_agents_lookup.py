# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible.errors import AnsibleLookupError
from ansible_collections.hygeia.golden.plugins.lookup import agents


@pytest.fixture
def query(monkeypatch):
    """Call the lookup with options as a template would."""
    monkeypatch.setattr(agents.LookupModule, "set_options", lambda self, var_options, direct: vars(self).update(given=direct))
    monkeypatch.setattr(agents.LookupModule, "get_option", lambda self, name: self.given.get(name, []))
    return lambda *terms, **options: agents.LookupModule().run(list(terms), **options)


def test_agents_are_chosen_by_product_and_by_class(query):
    assert [agent["id"] for agent in query("restic")] == ["restic"]
    assert {agent["class"] for agent in query("backup", "logging")} == {"backup", "logging"}
    assert len(query()) > len(query("backup"))


def test_an_agent_that_is_not_known_is_a_mistake(query):
    with pytest.raises(AnsibleLookupError, match="there is no agent and no class resticc"):
        query("resticc")


def test_a_site_adds_its_own(query, tmp_path):
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents/relay.yml").write_text("- {id: relay, title: Relay, class: logging, packages: [relay]}\n", encoding="utf-8")
    assert query("relay", policy=[str(tmp_path)])[0]["title"] == "Relay"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("- {id: relay, title: Relay, class: loging}\n", "agent relay: class is 'loging'"),
        ("- {id: relay, title: Relay, class: logging, configuration: [{paths: [/x]}]}\n", "agent relay: configuration"),
        ("- {id: restic, title: Mine, class: backup}\n", "agent restic is in"),
        (
            "- {id: relay, title: Relay, class: logging, destinations: [{destination: [a], encrypted: maybe}]}\n",
            "agent relay: destinations: number 1: encrypted is 'maybe'",
        ),
    ],
)
def test_a_mistake_in_the_sites_agents_is_reported(query, tmp_path, text, said):
    (tmp_path / "agents").mkdir()
    (tmp_path / "agents/relay.yml").write_text(text, encoding="utf-8")
    with pytest.raises(AnsibleLookupError) as caught:
        query(policy=[str(tmp_path)])
    assert said in str(caught.value)
