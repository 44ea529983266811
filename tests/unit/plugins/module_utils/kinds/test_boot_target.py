# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.host import Ran
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control

CONTROL = Control("console", {"boot_target": {"default": "multi-user.target"}})


@pytest.fixture
def systemd(tree):
    """A host whose systemd starts this target and takes another one over."""

    def make(target, check=False):
        state = {"target": target}

        def systemctl(argv, unused_stdin):
            if argv[1] == "set-default":
                state["target"] = argv[2]
            return state["target"] + "\n"

        host = tree({"/usr/bin/systemctl": ""}, answers={"systemctl": systemctl}, check=check)
        os.chmod(host.path("/usr/bin/systemctl"), 0o755)
        return host

    return make


def test_a_desktop_gives_way_and_stays_away(systemd):
    host = systemd("graphical.target")
    assert audit(host, [CONTROL], "offline")[0]["status"] == "fail"
    assert [change.after for change in enforce(host, [CONTROL]).changes] == ["multi-user.target\n"]
    assert audit(host, [CONTROL], "offline")[0]["status"] == "pass"
    assert not enforce(host, [CONTROL]).changes


def test_check_mode_only_tells(systemd):
    host = systemd("graphical.target", check=True)
    assert enforce(host, [CONTROL]).outcomes[0]["outcome"] == "changed"
    assert ["systemctl", "set-default", "multi-user.target"] not in host.ran


def test_a_systemd_that_does_not_answer_is_an_error(systemd):
    host = systemd("graphical.target")
    host.answers["systemctl"] = Ran(1, "", "Failed to get default target: Input/output error")
    assert audit(host, [CONTROL], "live")[0]["status"] == "error"


def test_without_systemd_it_means_nothing(tree):
    assert audit(tree(), [CONTROL], "offline")[0]["status"] == "not_applicable"


@pytest.mark.parametrize("settings", [{"default": "runlevel3"}, {"rescue": "multi-user.target"}])
def test_what_is_no_target_is_refused(systemd, settings):
    outcome = enforce(systemd("graphical.target"), [Control("console", {"boot_target": settings})]).outcomes[0]
    assert outcome["outcome"] == "failed" and "means nothing" in outcome["message"]
