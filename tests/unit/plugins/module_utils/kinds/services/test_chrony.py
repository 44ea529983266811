# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.services.chrony import Chrony
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting


@pytest.fixture
def chrony(tree):
    """A host whose chrony says that this is its configuration."""

    def make(says):
        host = tree({"/usr/sbin/chronyd": "", "/etc/chrony/chrony.conf": ""}, answers={"chronyd": says})
        os.chmod(host.path("/usr/sbin/chronyd"), 0o755)
        return host

    return make


def seen(host, name, wanted):
    return audit(host, [Control("time", {"chrony": {name: wanted}})], "offline")[0]


@pytest.mark.parametrize(
    ("says", "wanted", "status"),
    [
        ("pool 2.debian.pool.ntp.org iburst\n", "some", "pass"),
        ("refclock PHC /dev/ptp0\n", "some", "pass"),
        ("driftfile /var/lib/chrony/chrony.drift\n", "some", "fail"),
        ("server time.hospital.example\n", ["time.hospital.example", "time2.hospital.example"], "pass"),
        ("server time.hospital.example\npool 2.debian.pool.ntp.org\n", ["time.hospital.example"], "fail"),
        ("", ["time.hospital.example"], "fail"),
    ],
)
def test_sources_are_those_that_are_trusted_and_there_is_one(chrony, says, wanted, status):
    assert seen(chrony(says), "sources", wanted)["status"] == status


@pytest.mark.parametrize(("says", "status"), [("", "pass"), ("user _chrony\n", "pass"), ("user _chrony\nuser root\n", "fail")])
def test_the_last_user_counts(chrony, says, status):
    assert seen(chrony(says), "user", "_chrony")["status"] == status


def test_sources_in_directories_which_chrony_does_not_print_count_too(chrony):
    host = chrony("server 10.0.0.9\nsourcedir /a /b\nsourcedir /c /run/none\n")
    files = {
        "/a/1.sources": "server 10.0.0.1\n  Server 10.0.0.2 iburst\n# server 10.0.0.3\nallow\nrefclock PHC /dev/ptp0\nserver\u00a010.0.0.8\n",
        "/b/1.sources": "server 10.0.0.4\n",
        "/b/2.sources": "server 10.0.0.5\n",
        "/c/1.sources": "server 10.0.0.6\n",
        "/c/x.conf": "server 10.0.0.7\n",
    }
    for path, text in files.items():
        os.makedirs(os.path.dirname(host.path(path)), exist_ok=True)
        host.write(path, text)
    # What chronyc tells of a chronyd 4.3 that was started with these files.
    asked = ["10.0.0.1", "10.0.0.2", "10.0.0.5", "10.0.0.6", "10.0.0.9"]
    record = seen(host, "sources", asked[:-2])
    assert (record["status"], record["observed"]) == ("fail", {"chrony: sources": asked})
    assert "/c/1.sources:1" in record["read_from"]


def test_chrony_is_asked_for_all_its_files_together(chrony):
    host = chrony("pool a.example\n")
    seen(host, "sources", "some")
    assert host.ran == [["chronyd", "-p", "-f", "/etc/chrony/chrony.conf"]]


def test_a_configuration_that_chrony_does_not_take_is_an_error(chrony):
    record = seen(chrony(CommandResult(1, "", "Fatal error : Invalid directive at line 3")), "user", "_chrony")
    assert record["status"] == "error" and "Invalid directive" in record["message"]


def test_without_chrony_it_means_nothing(tree):
    assert seen(tree(), "user", "_chrony")["status"] == "not_applicable"


@pytest.mark.parametrize("wanted", [{"sources": 4}, {"user": ["_chrony"]}, {"port": "0"}])
def test_what_it_does_not_know_is_refused(tree, wanted):
    with pytest.raises(BadSetting, match="chrony"):
        Chrony(tree()).plan(wanted)
