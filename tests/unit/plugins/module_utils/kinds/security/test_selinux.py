# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.selinux import CONFIG as PATH

TEXT = """\
# This file controls the state of SELinux on the system.
# SELINUX= can take one of these three values:
SELINUX={state}
# SELINUXTYPE= can take one of these three values:
SELINUXTYPE={policy}
"""
POLICY = {"/etc/selinux/targeted/policy/policy.33": ""}
STATE = Control("state", {"selinux": {"state": "enforcing"}})
TYPE = Control("type", {"selinux": {"policy": "targeted"}})


@pytest.fixture
def system(tree):
    """A system with SELinux; ``kernel`` is what its running kernel says, an empty text that it has none."""

    def make(state="enforcing", policy="targeted", kernel=None, files=None, **kwargs):
        running = {"/sys/fs/selinux/enforce": kernel} if kernel else {}
        host = tree(
            {PATH: TEXT.format(state=state, policy=policy), **POLICY, **running, **(files or {})}, booted=kernel is not None, **kwargs
        )
        host.answers["setenforce"] = lambda argv, unused_stdin: host.write("/sys/fs/selinux/enforce", argv[1]) or ""
        return host

    return make


def record(host, control):
    return audit(host, [control], "live" if host.booted else "offline")[0]


def outcome(host, control):
    return enforce(host, [control]).outcomes[0]


def test_a_template_is_made_to_enforce(system):
    host = system("permissive")
    assert record(host, STATE)["observed"] == {"selinux: state": "permissive"}
    assert outcome(host, STATE)["outcome"] == "changed"
    assert host.read(PATH) == TEXT.format(state="enforcing", policy="targeted")
    assert outcome(host, STATE)["outcome"] == "unchanged"
    assert (record(host, STATE)["status"], record(host, STATE)["read_from"]) == ("pass", f"{PATH}:3")


def test_a_running_system_enforces_at_once(system):
    host = system("permissive", kernel="0")
    assert outcome(host, STATE)["outcome"] == "changed"
    assert ["setenforce", "1"] in host.ran
    assert record(host, STATE)["status"] == "pass"


def test_what_the_running_kernel_does_counts(system):
    found = record(system(kernel="0"), STATE)
    assert (found["status"], found["observed"]) == ("fail", {"selinux: state": "permissive"})
    assert found["message"] == f"the running kernel is permissive, though {PATH}:3 says enforcing"


def test_a_kernel_that_was_started_without_selinux_is_found(system):
    assert record(system(kernel=""), STATE)["observed"] == {"selinux: state": "disabled"}


@pytest.mark.parametrize("kernel", ["", None])
def test_a_system_without_labels_is_not_sent_into_enforcing(system, kernel):
    host = system("disabled", kernel=kernel)
    found = outcome(host, STATE)
    assert found["outcome"] == "refused" and "touch /.autorelabel" in found["message"]
    assert "SELINUX=disabled" in host.read(PATH)


def test_new_labels_that_were_asked_for_open_the_way(system):
    host = system("disabled", kernel="", files={"/.autorelabel": ""})
    assert outcome(host, STATE)["outcome"] == "changed"
    assert "SELINUX=enforcing" in host.read(PATH)
    assert not any(argv[0] == "setenforce" for argv in host.ran)


def test_permissive_is_the_way_back(system):
    host = system("disabled")
    assert outcome(host, Control("c", {"selinux": {"state": "permissive"}}))["outcome"] == "changed"


def test_stricter_than_wanted_is_right(system):
    assert record(system("enforcing"), Control("c", {"selinux": {"state": "permissive"}}))["status"] == "pass"


def test_a_policy_that_is_not_installed_would_not_boot(system):
    host = system(policy="minimum")
    assert outcome(host, TYPE)["outcome"] == "changed"
    assert record(host, TYPE)["status"] == "pass"
    strict = Control("mls", {"selinux": {"policy": "mls"}})
    assert "the policy mls is not installed" in outcome(host, strict)["message"]
    host.write(PATH, TEXT.format(state="enforcing", policy="mls"))
    assert record(host, strict)["observed"] == {"selinux: policy": "not installed"}


@pytest.mark.parametrize("settings", [{"state": "on"}, {"mode": "enforcing"}, {"policy": "a b"}])
def test_what_the_file_cannot_say_is_reported(system, settings):
    assert outcome(system(), Control("c", {"selinux": settings}))["outcome"] == "failed"


def test_systems_without_selinux_and_containers_are_not_meant(tree, system):
    assert record(tree(), STATE)["status"] == "not_applicable"
    assert record(system(container=True), STATE)["status"] == "not_applicable"
