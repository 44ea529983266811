# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.modules import workload_info
from ansible_collections.hygeia.golden.plugins.plugin_utils.answers.returned import documented, read
from ansible_collections.hygeia.golden.tests.unit.procfs import process, socket


@pytest.fixture
def pacs(tree, monkeypatch):
    """A host that archives images on a file server, and has a secret in each place where one may be."""
    host = tree(
        {
            "/proc/sys/kernel/hostname": "pacs\n",
            "/proc/mounts": "nas:/images /srv/images nfs4 rw 0 0\n",
            "/etc/resolv.conf": "nameserver 10.0.0.53\n",
            "/etc/app/app.conf": "database=10.0.0.7\npassword=sesame\n",
            "/etc/crontab": "0 3 * * * root curl -u ada:sesame https://example.org\n",
        },
        answers={"ip": json.dumps([{"ifname": "ens3", "addr_info": [{"local": "10.0.0.5", "scope": "global"}]}])},
    )
    table = [socket(11, "connected", "10.0.0.5:41000", "10.0.0.7:5432")]
    process(host, "self", "/usr/bin/python3", net={"tcp": table})
    process(host, 80, "/usr/bin/java", "pacs.service", sockets=[11], words=["java", "-Dpassword=sesame"])
    monkeypatch.setattr(workload_info, "Host", lambda **unused_options: host)
    return host


def test_one_look_finds_all_parts_and_answers_as_documented(run_module, pacs):
    answer = run_module(workload_info, {})
    found = read(json.dumps(answer), documented(workload_info.__file__))
    assert found["workload"] == answer["workload"], "everything that is returned is documented"
    flow = found["workload"]["flows"][0]
    assert (flow["source"], flow["destination"], flow["port"], flow["process"]) == ("10.0.0.5", "10.0.0.7", 5432, "java")
    assert flow["last"] == found["workload"]["observed"]
    assert found["workload"]["mounts"][0]["server"] == "nas"
    assert [each["address"] for each in found["workload"]["hard_wired"]] == ["10.0.0.7", "10.0.0.53"]
    assert not found["changed"] and "sesame" not in json.dumps(answer)


def test_what_cannot_be_read_is_not_checked_and_hides_nothing_else(run_module, pacs):
    Path(pacs.root, "etc/resolv.conf").unlink()
    Path(pacs.root, "etc/resolv.conf").mkdir()
    pacs.answers.clear()
    process(pacs, 81, "", words=["hidden"])
    answer = run_module(workload_info, {})
    messages = {each["control"]: each["message"] for each in answer["results"] if each["status"] == "not_checked"}
    assert set(messages) == {"workload-addresses", "workload-connections", "workload-utilisation"}
    assert "run this as root" in messages["workload-connections"]
    assert answer["workload"]["flows"] and answer["workload"]["jobs"]


def test_a_number_of_days_has_bounds(run_module, pacs):
    assert "days: 99" in run_module(workload_info, {"days": 99})["msg"]
