# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.modules import agent_info
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue

AGENTS = list(Catalogue().agents.values())


@pytest.fixture
def asked(run_module, tree, monkeypatch):
    tree(
        {
            "/usr/sbin/rsyslogd": "",
            "/etc/rsyslog.conf": "*.* @logs.example.org\n",
            "/opt/sentinelone/bin/sentinelctl": "",
            "/etc/os-release": "ID=debian\n",
        }
    )

    def ask(root, required):
        monkeypatch.setattr(agent_info, "Host", lambda check: Host(str(root), check=check))
        return run_module(agent_info, {"agents": AGENTS, "required": required})

    return ask


def test_the_agents_that_are_there_are_reported(asked, tmp_path):
    answer = asked(tmp_path, [{"class": "logging", "encrypted": True}])
    rsyslog = next(each for each in answer["agents"] if each["id"] == "rsyslog")
    assert rsyslog["destinations"] == [{"destination": "logs.example.org", "encrypted": False, "read_from": "/etc/rsyslog.conf:1"}]
    assert {record["control"]: record["status"] for record in answer["results"]} == {
        "agents-logging-present": "fail",
        "agents-logging-configured": "fail",
        "agents-logging-credentials": "pass",
        "agents-endpoint-protection-credentials": "pass",
    }
    assert {record["stage"] for record in answer["results"]} == {"offline"}


@pytest.mark.parametrize(
    ("need", "said"),
    [
        ({"product": "resticc"}, "There is no agent resticc"),
        ({"encrypted": True}, "one of the following is required: class, product"),
        ({"class": "logging", "product": "rsyslog"}, "mutually exclusive: class|product"),
        ({"class": "loging"}, "must be one of"),
    ],
)
def test_a_requirement_that_means_nothing_is_a_mistake(asked, tmp_path, need, said):
    answer = asked(tmp_path, [need])
    assert answer["failed"] and said in answer["msg"]
