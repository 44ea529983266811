# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What zypper says is pending. No zypper is to be had here: the answers are written by its published format (xmlout.rnc)."""

from __future__ import annotations

import os
from datetime import datetime, timedelta, timezone

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.packages import kernels, upgrade
from ansible_collections.hygeia.golden.plugins.module_utils.packages.base import PackageError, Request
from ansible_collections.hygeia.golden.plugins.module_utils.packages.managers import manager_of
from ansible_collections.hygeia.golden.plugins.module_utils.packages.zypper.manager import NOT_CHANGED, Zypper
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

INDEX = "/var/cache/zypp/raw/SLE-Basesystem/repodata/repomd.xml"
SLES = {"/etc/os-release": 'ID="sles"\nID_LIKE="suse"\nVERSION_ID="15.6"\n', "/usr/lib/sysimage/rpm/Packages.db": "", INDEX: "<repomd/>"}
STREAM = "<?xml version='1.0'?>\n<stream>\n{}</stream>\n"
LISTS = STREAM.format('<message type="info">Reading installed packages...</message>\n<update-status version="0.6">\n{}</update-status>\n')
PATCH = """\
<update kind="patch" name="SUSE-SLE-{name}" edition="1" arch="noarch" status="{status}" category="{category}" severity="important"
    pkgmanager="{manager}" restart="false" interactive="false"><summary>Security update for openssl-1_1</summary>
  <description>This update fixes &lt;several&gt; issues.</description><license></license>
  <source url="https://updates.example.org/SLE" alias="SLE-Basesystem"/>
  <issue-date time_t="1700000000" text="today"/>
  <issue-list>
    <issue type="cve" id="CVE-2026-2"><title>a flaw</title><href>https://www.suse.com/security/cve/CVE-2026-2</href></issue>
    <issue type="bugzilla" id="1219243"><title>a bug</title></issue>
    <issue type="cve" id="CVE-2026-1"><title>another</title></issue>
  </issue-list>
</update>
"""


def patch(name, category="security", status="needed", manager="false"):
    return PATCH.format(name=name, category=category, status=status, manager=manager)


@pytest.fixture
def sles(tree):
    def make(answer="", code=0, files=()):
        host = tree({**SLES, **dict(files)})
        host.answers = {"zypper": CommandResult(code, answer, ""), "rpm": "bash 4.4-150400.1\n"}
        return host

    return make


def listed(*patches, blocked=()):
    lists = f"<update-list>\n{''.join(patches)}</update-list>\n"
    return LISTS.format(lists + (f"<blocked-update-list>\n{''.join(blocked)}</blocked-update-list>\n" if blocked else ""))


def test_patches_are_pending_with_the_flaws_that_they_close(sles):
    host = sles(listed(patch("Basesystem-15-SP6-2026-17"), patch("Basesystem-15-SP6-2026-18", "recommended", "unwanted")))
    manager = manager_of(host)
    assert isinstance(manager, Zypper)
    assert manager.pending() == [
        {
            "package": f"SUSE-SLE-Basesystem-15-SP6-2026-{number}",
            "from": "",
            "to": "1",
            "source": "SLE-Basesystem",
            "security": security,
            "held": held,
            "pinned": False,
            "advisories": [f"SUSE-SLE-Basesystem-15-SP6-2026-{number}"],
            "closes": ["CVE-2026-1", "CVE-2026-2"],
        }
        for number, security, held in ((17, True, False), (18, False, True))
    ]
    assert host.ran == [["zypper", "--quiet", "--non-interactive", "--no-refresh", "--xmlout", "list-patches"]]


def test_patches_that_wait_for_one_of_zypper_itself_are_pending_too(sles):
    host = sles(listed(patch("stack", manager="true"), blocked=[patch("kernel"), patch("openssl")]))
    assert [one["package"] for one in manager_of(host).pending()] == ["SUSE-SLE-stack", "SUSE-SLE-kernel", "SUSE-SLE-openssl"]


def test_nothing_is_pending_where_zypper_lists_nothing(sles):
    assert manager_of(sles(listed())).pending() == []


@pytest.mark.parametrize(
    "answer,code,error",
    [
        (LISTS.format('<update-list>\n<appletinfo status="no-update-repositories"/>\n</update-list>\n'), 0, "no repository has patches"),
        (STREAM.format(""), 0, "lists no patches and says no reason"),
        (STREAM.format('<message type="error">Failed to\nparse solv</message>'), 4, "exit code 4: Failed to parse solv"),
        (STREAM.format('<message type="error">No repositories defined.</message>'), 6, "register the system with SUSEConnect"),
        ("", 7, "another zypper or YaST is at work"),
        (listed(patch("one")), 106, "repositories were left out"),
        (listed(patch("one"))[:-60], 0, "is cut off or no XML"),
        ('<!DOCTYPE stream [<!ENTITY a "b">]><stream>&a;</stream>', 0, "declares a document type"),
    ],
    ids=["no repository", "no list", "failed", "not registered", "locked", "left out", "cut off", "document type"],
)
def test_what_is_not_known_is_an_error_in_one_sentence(sles, answer, code, error):
    with pytest.raises(PackageError) as problem:
        manager_of(sles(answer, code)).pending()
    assert error in str(problem.value) and "\n" not in str(problem.value)


def test_without_metadata_nothing_is_asked(tree):
    host = tree({path: text for path, text in SLES.items() if path != INDEX})
    with pytest.raises(PackageError, match="run zypper refresh"):
        manager_of(host).pending()
    assert host.ran == []


def test_old_metadata_is_named(sles):
    host = sles()
    now = datetime.now(timezone.utc)
    assert list(manager_of(host).expired(now)) == []
    then = (now - timedelta(days=3, hours=1)).timestamp()
    os.utime(host.path(INDEX), (then, then))
    (remark,) = manager_of(host).expired(now)
    assert remark == "the metadata of the repository SLE-Basesystem is 3 days old: run zypper refresh"


def test_locks_are_holds(sles):
    locks = "\ntype: package\nmatch_type: glob\ncase_sensitive: on\nsolvable_name: vim\n\nsolvable_name: kernel-default\n"
    assert manager_of(sles(files={"/etc/zypp/locks": locks})).holds() == ["vim", "kernel-default"]


def test_nothing_is_patched_or_installed_with_it(sles):
    host = sles(listed())
    with pytest.raises(PackageError, match="zypper patch"):
        upgrade.download(host, Request())
    with pytest.raises(PackageError, match="zypper patch"):
        upgrade.upgrade(host, Request())
    control = Control("telnet", {"package": {"aide": "present"}})
    assert audit(host, [control], "offline")[0]["status"] == "fail"
    (outcome,) = enforce(host, [control]).outcomes
    assert (outcome["outcome"], outcome["message"]) == ("refused", NOT_CHANGED)
    assert all(command[0] != "zypper" for command in host.ran)


def test_its_initramfs_is_that_of_its_dracut(sles):
    host = sles(files={"/boot/vmlinuz-6.4.0-150600.21-default": "", "/boot/initrd-6.4.0-150600.21-default": ""})
    assert kernels.states(host) == [{"version": "6.4.0-150600.21-default", "initramfs": "ok"}]
