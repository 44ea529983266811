# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

CONTROL = Control("console", {"boot_target": {"default": "multi-user.target"}})
VENDOR = "/usr/lib/systemd/system"
OURS = "/etc/systemd/system/default.target"


@pytest.fixture
def systemd(tree):
    """A host whose vendor starts a desktop, and whose systemctl sets another target."""

    def make(check=False):
        files = {
            "/usr/bin/systemctl": "",
            f"{VENDOR}/graphical.target": "",
            f"{VENDOR}/multi-user.target": "",
            "/etc/systemd/system/a.mount": "",
        }
        host = tree(files, check=check)
        os.chmod(host.path("/usr/bin/systemctl"), 0o755)
        os.symlink("graphical.target", f"{host.root}{VENDOR}/default.target")

        def systemctl(argv, unused_stdin):
            os.symlink(f"{VENDOR}/{argv[2]}", f"{host.root}{OURS}")
            return ""

        host.answers["systemctl"] = systemctl
        return host

    return make


def test_a_desktop_gives_way_and_stays_away(systemd):
    host = systemd()
    assert audit(host, [CONTROL], "offline")[0]["observed"] == {"boot_target: default": "graphical.target"}
    assert [change.after for change in enforce(host, [CONTROL]).changes] == ["multi-user.target\n"]
    assert audit(host, [CONTROL], "offline")[0]["status"] == "pass"
    assert not enforce(host, [CONTROL]).changes


def test_another_name_of_a_target_is_that_target(systemd):
    host = systemd()
    os.symlink("graphical.target", f"{host.root}{VENDOR}/runlevel5.target")
    os.symlink(f"{VENDOR}/runlevel5.target", f"{host.root}{OURS}")
    record = audit(host, [CONTROL], "offline")[0]
    assert (record["observed"], record["read_from"]) == ({"boot_target: default": "graphical.target"}, OURS)


def test_check_mode_only_tells(systemd):
    host = systemd(check=True)
    assert enforce(host, [CONTROL]).outcomes[0]["outcome"] == "changed"
    assert host.ran == []


def test_a_systemd_that_refuses_is_a_failure(systemd):
    host = systemd()
    host.answers["systemctl"] = CommandResult(1, "", "Failed to set default target: Read-only file system")
    assert "Read-only file system" in enforce(host, [CONTROL]).outcomes[0]["message"]


def test_without_systemd_it_means_nothing(tree):
    assert audit(tree(), [CONTROL], "offline")[0]["status"] == "not_applicable"


@pytest.mark.parametrize("settings", [{"default": "runlevel3"}, {"rescue": "multi-user.target"}])
def test_what_is_no_target_is_refused(systemd, settings):
    outcome = enforce(systemd(), [Control("console", {"boot_target": settings})]).outcomes[0]
    assert outcome["outcome"] == "failed" and "means nothing" in outcome["message"]


def test_on_a_running_host_too_the_link_is_followed(systemd, monkeypatch):
    """There a path is its own name, and nothing has resolved the link before."""
    host = systemd()
    enforce(host, [CONTROL])
    os.unlink(f"{host.root}{OURS}")
    os.symlink("multi-user.target", f"{host.root}{VENDOR}/default.target.new")
    os.replace(f"{host.root}{VENDOR}/default.target.new", f"{host.root}{VENDOR}/default.target")
    monkeypatch.setattr(host, "path", lambda path: host.root + path)
    assert enforce(host, [CONTROL]).changes == []
    assert audit(host, [CONTROL], "offline")[0]["status"] == "pass"
