# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import copy
import json
import os
from types import SimpleNamespace

import pytest
import yaml
from ansible.errors import AnsibleError
from ansible_collections.hygeia.golden.plugins.action import patch_info
from ansible_collections.hygeia.golden.plugins.modules import patch_info as module
from small_feeds import NAMES, TODAY, WRITTEN


def _package(name, version, source="openssl"):
    return {"package": name, "version": version, "architecture": "amd64", "source": source, "source_version": version}


def _update(name, old, new, source="openssl", **more):
    return {
        "package": name,
        "from": old,
        "to": new,
        "source": "Debian-Security:12/bookworm-security",
        "security": True,
        "held": False,
        "pinned": False,
        "source_package": source,
        "source_version": new,
        "advisories": [],
        "closes": [],
        **more,
    }


FOUND = {
    "changed": False,
    "expired": [],
    "kernels": [],
    "holds": [],
    "vulnerabilities": [],
    "feeds": [],
    "system": {"id": "debian", "version": "12", "codename": "bookworm", "names": ["debian-12"], "manager": "dpkg", "stage": "live"},
    "installed": [_package("libssl3", "3.0.15-1"), _package("openssl", "3.0.15-1"), _package("bash", "5", "bash")],
    "pending": [_update("libssl3", "3.0.15-1", "3.0.17-1"), _update("openssl", "3.0.15-1", "3.0.17-1")],
}


@pytest.fixture
def plan(tmp_path, monkeypatch):
    """Run the action on a host on which the module found this; feeds are named by their kinds."""

    def run(found=None, kinds=(), check_mode=False, **arguments):
        feeds = []
        for kind in kinds:
            path = tmp_path / NAMES[kind]
            path.write_bytes(WRITTEN[kind]())
            feeds.append({"kind": kind, "path": str(path), "max_age": 40000})
        arguments = {"feeds": feeds, "feeds_cache": str(tmp_path / "cache"), "today": TODAY, **arguments}
        task = SimpleNamespace(args=arguments, check_mode=check_mode, async_val=0, action="patch_info", diff=False)
        connection = SimpleNamespace(_shell=SimpleNamespace(tmpdir=None))
        action = patch_info.ActionModule(task, connection, SimpleNamespace(check_mode=check_mode), None, None, None)
        monkeypatch.setattr(action, "asked", lambda *unused: copy.deepcopy(found or FOUND))
        for entry in feeds:
            os.utime(entry["path"], (1795348800, 1795348800))
        return action.run(task_vars={"inventory_hostname": "debian-12"})

    return run


def _with(**more):
    return {**copy.deepcopy(FOUND), **more}


def test_the_documentation_names_what_the_action_takes():
    options = yaml.safe_load(module.DOCUMENTATION)["options"]
    assert {name: known.get("default") for name, known in options.items()} == {
        name: known.get("default") for name, known in module.CONTROLLER_SPEC.items()
    }


def test_without_feeds_the_module_speaks_alone(plan):
    assert plan() == FOUND


def test_it_says_what_each_update_closes_and_what_stays_open(plan):
    result = plan(kinds=["debian_tracker", "osv", "kev", "epss"])
    closed, stays = result["vulnerabilities"]
    assert [update["closes"] for update in result["pending"]] == [["CVE-2026-1001"]] * 2
    assert [update["advisories"] for update in result["pending"]] == [["DSA-6000-1"]] * 2
    assert closed == {
        "id": "CVE-2026-1001",
        "package": "openssl",
        "installed": "3.0.15-1",
        "packages": ["libssl3", "openssl"],
        "severity": "unknown",
        "kev": True,
        "kev_added": "2026-11-20",
        "epss": 0.91,
        "fixed": "3.0.17-1",
        "fix_available": "2026-11-19",
        "published": None,
        "identified": TODAY,
        "advisories": ["DSA-6000-1"],
        "closed_by_update": True,
        "state": "fixable",
        "reason": "The pending update of libssl3 to 3.0.17-1 closes it.",
        "feeds": ["debian_tracker", "osv"],
    }
    assert (stays["id"], stays["state"], stays["severity"], stays["fixed"]) == ("CVE-2026-1002", "no_fix", "critical", None)
    assert stays["reason"] == "No feed knows a fix for this release." and stays["published"] == "2026-10-01"
    assert [feed["kind"] for feed in result["feeds"]] == ["debian_tracker", "osv", "kev", "epss"]


@pytest.mark.parametrize(
    "how, reason",
    [("held", "A hold keeps libssl3 to 3.0.17-1 out."), ("pinned", "The preferences of the package manager keep libssl3 to 3.0.17-1 out.")],
)
def test_what_somebody_keeps_out_is_held(plan, how, reason):
    pending = [_update(name, "3.0.15-1", "3.0.17-1", **{how: True}) for name in ("libssl3", "openssl")]
    entry = plan(_with(pending=pending), ["debian_tracker"])["vulnerabilities"][0]
    assert (entry["state"], entry["closed_by_update"], entry["reason"]) == ("held", False, reason)


def test_one_held_binary_keeps_the_vulnerability_open(plan):
    pending = [_update("libssl3", "3.0.15-1", "3.0.17-1", held=True), _update("openssl", "3.0.15-1", "3.0.17-1")]
    entry = plan(_with(pending=pending), ["debian_tracker"])["vulnerabilities"][0]
    assert (entry["state"], entry["closed_by_update"]) == ("held", False)


def test_a_fix_that_the_lists_do_not_have_is_said(plan):
    entry = plan(_with(pending=[]), ["debian_tracker"])["vulnerabilities"][0]
    assert (entry["state"], entry["closed_by_update"]) == ("fixable", False)
    assert entry["reason"] == "It is fixed in 3.0.17-1, which the package manager's lists do not have."


def test_a_new_kernel_closes_what_the_old_one_has(plan, tmp_path):
    tracker = {
        "linux": {"CVE-2026-2000": {"releases": {"bookworm": {"status": "resolved", "fixed_version": "6.1.192-1", "urgency": "low"}}}}
    }
    (tmp_path / "linux.json").write_text(json.dumps(tracker))
    old = [_package("linux-image-6.1.0-50-amd64", "6.1.176-1", "linux"), _package("linux-image-amd64", "6.1.176-1", "linux")]
    pending = [
        _update("linux-image-6.1.0-51-amd64", "", "6.1.192-1", "linux"),
        _update("linux-image-amd64", "6.1.176-1", "6.1.192-1", "linux"),
    ]
    feeds = [{"kind": "debian_tracker", "path": str(tmp_path / "linux.json"), "max_age": 40000}]
    result = plan(_with(installed=old, pending=pending), feeds=feeds, today="2099-01-01")
    assert [(entry["id"], entry["closed_by_update"]) for entry in result["vulnerabilities"]] == [("CVE-2026-2000", True)]
    assert [update["closes"] for update in result["pending"]] == [["CVE-2026-2000"]] * 2
    both = [*old, _package("linux-image-6.1.0-51-amd64", "6.1.192-1", "linux")]
    found = plan(_with(installed=both, pending=[]), feeds=feeds, today="2099-01-01")["vulnerabilities"]
    assert [entry["packages"] for entry in found] == [["linux-image-amd64"]]


def test_rpm_is_asked_by_the_names_of_its_packages(plan):
    system = {"id": "rocky", "version": "9.4", "codename": "", "names": ["rocky-9"], "manager": "rpm", "stage": "live"}
    installed = [
        {
            "package": "openssl-libs",
            "version": "1:3.2.2-6.el9_4",
            "architecture": "x86_64",
            "source": "openssl",
            "source_version": "3.2.2-6.el9_4",
        },
        {"package": "perl", "version": "4:5.26-1.el9", "architecture": "x86_64", "source": "perl", "source_version": "5.26-1.el9"},
    ]
    pending = [_update("openssl-libs", "1:3.2.2-6.el9_4", "1:3.2.2-7.el9_4", "openssl-libs")]
    [entry] = plan(_with(system=system, installed=installed, pending=pending), ["updateinfo", "debian_tracker"])["vulnerabilities"]
    assert (entry["id"], entry["package"], entry["severity"], entry["closed_by_update"]) == ("CVE-2026-1001", "openssl", "high", True)
    assert entry["feeds"] == ["updateinfo"] and entry["fix_available"] == "2026-11-18"


def test_feeds_of_another_release_are_an_error_and_not_clean(plan):
    system = {**FOUND["system"], "version": "11", "codename": "bullseye"}
    with pytest.raises(
        AnsibleError, match="none of the feeds covers the packages of debian 11.*add one that knows debian/bullseye or debian/11"
    ):
        plan(_with(system=system), ["debian_tracker", "kev"])
    with pytest.raises(AnsibleError, match="none of the feeds covers"):
        plan(kinds=["kev"])


def test_a_bad_feed_is_said_before_the_host_is_troubled(plan, tmp_path):
    feeds = [{"kind": "kev", "path": str(tmp_path / "none")}]
    with pytest.raises(AnsibleError, match=r"Planning patches failed: the feed .*/none \(kev\) is missing"):
        plan(feeds=feeds)
    with pytest.raises(AnsibleError, match="today is never, which is not a date"):
        plan(today="never")


# -- the ledger -----------------------------------------------------------------------


def _days(result):
    return {entry["id"]: (entry["identified"], entry["fix_available"]) for entry in result["vulnerabilities"]}


def test_the_ledger_remembers_and_never_forgets(plan, tmp_path):
    ledger = str(tmp_path / "host" / "ledger.json")
    first = plan(kinds=["debian_tracker"], ledger=ledger)
    assert _days(first) == {"CVE-2026-1001": (TODAY, TODAY), "CVE-2026-1002": (TODAY, None)}
    # Another feed alone, or none, does not make it forget.
    plan(_with(installed=[_package("bash", "5", "bash")], pending=[]), ["debian_tracker"], ledger=ledger, today="2026-12-01")
    later = plan(kinds=["debian_tracker"], ledger=ledger, today="2026-12-24")
    assert _days(later) == _days(first)
    # An advisory says itself when the fix was there.
    assert _days(plan(kinds=["osv"], ledger=ledger, today="2026-12-24"))["CVE-2026-1001"] == (TODAY, "2026-11-19")
    # A clock that was wrong makes a day earlier, never later.
    assert _days(plan(kinds=["debian_tracker"], ledger=ledger, today="2026-11-21"))["CVE-2026-1001"][0] == "2026-11-21"


def test_check_mode_leaves_the_ledger_as_it_is(plan, tmp_path):
    ledger = tmp_path / "ledger.json"
    plan(kinds=["debian_tracker"], ledger=str(ledger), check_mode=True)
    assert not ledger.exists()


def test_a_damaged_ledger_is_never_begun_anew(plan, tmp_path):
    ledger = tmp_path / "ledger.json"
    for text in ("", "[]", '{"CVE-1": {}}', '{"CVE-1": ', '{"a": ' * 50000, '{"CVE-1": {"identified": "2026-02-30", "fix_seen": {}}}'):
        ledger.write_text(text)
        with pytest.raises(AnsibleError, match="is damaged: restore it from a backup"):
            plan(kinds=["debian_tracker"], ledger=str(ledger))
        assert ledger.read_text() == text
