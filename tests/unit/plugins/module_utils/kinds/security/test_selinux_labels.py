# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system import selinux
from ansible_collections.hygeia.golden.tests.tamper import selinux_labels

CONTROL = Control("labels", {"selinux_labels": {"files": "labelled"}})
# Any user may set this one, and any filesystem for tests has it.
ATTRIBUTE = "user.selinux"
LABEL = b"system_u:object_r:etc_t:s0\0"


@pytest.fixture
def system(tree, tmp_path, monkeypatch):
    """A system whose files all have a label."""
    monkeypatch.setattr(selinux, "ATTRIBUTE", ATTRIBUTE)
    monkeypatch.setattr(selinux, "KERNEL", str(tmp_path / "no-kernel"))

    def make(state="enforcing", files=None):
        host = tree({selinux.CONFIG: f"SELINUX={state}\nSELINUXTYPE=targeted\n", **(files or {})})
        for directory, names, others in os.walk(tmp_path):
            for name in names + others:
                os.setxattr(os.path.join(directory, name), ATTRIBUTE, LABEL)
        return host

    return make


def record(host):
    return audit(host, [CONTROL], "offline")[0]


def test_a_file_that_was_written_from_outside_is_found(system):
    host = system()
    assert record(host)["status"] == "pass"
    selinux_labels.tamper(host.root, "files", "labelled")
    found = record(host)
    assert (found["status"], found["observed"]) == ("fail", {"selinux_labels: files": "unlabelled"})
    assert "/etc/vendor, /etc/vendor/from-outside.conf have no label" in found["message"]


@pytest.mark.parametrize("label", [b"system_u:object_r:unlabeled_t:s0\0", b"system_u:object_r:file_t:s0"])
def test_a_label_that_stands_for_none_is_none(system, label):
    host = system()
    os.setxattr(host.path("/etc/selinux"), ATTRIBUTE, label)
    assert record(host)["status"] == "fail"


def test_the_next_boot_may_label_everything(system):
    host = system(files={selinux.RELABEL: ""})
    selinux_labels.tamper(host.root, "files", "labelled")
    found = record(host)
    assert (found["status"], found["observed"]) == ("pass", {"selinux_labels: files": "labelled at the next boot"})


def test_what_the_policy_leaves_open_needs_no_label(system):
    host = system()
    os.makedirs(host.path("/tmp/left"))
    assert record(host)["status"] == "pass"


@pytest.mark.parametrize("state", ["disabled", "no word of it"])
def test_without_selinux_no_label_is_missed(system, state):
    host = system(state)
    selinux_labels.tamper(host.root, "files", "labelled")
    assert record(host)["status"] == "not_applicable"


def test_a_kernel_with_a_policy_of_its_own_shows_no_others(system, tmp_path):
    host = system()
    os.mkdir(tmp_path / "no-kernel")
    assert record(host)["status"] == "not_checked"


def test_enforcing_writes_nothing(system):
    host = system()
    selinux_labels.tamper(host.root, "files", "labelled")
    assert enforce(host, [CONTROL]).changes == []
    assert not host.exists(selinux.RELABEL)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount")
def test_what_a_session_mounts_over_a_directory_is_not_the_templates(system):
    """Such as its own /run, which lies on another filesystem and has no label."""
    host = system(files={"/srv/place/file": ""})
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", host.path("/srv/place")], check=True)
    try:
        assert record(host)["status"] == "pass"
    finally:
        subprocess.run(["umount", host.path("/srv/place")], check=True)
