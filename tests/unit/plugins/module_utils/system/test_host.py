# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system import host as host_module

SSH = {"SSH_CONNECTION": "192.0.2.7 50000 192.0.2.1 22", "USER": "clara"}
SCRIPT = f"import runpy, os; print(runpy.run_path({host_module.__file__!r})['_ssh_login'](os.environ).get('USER'))"


def asked_below(environ, *command):
    """What a process finds that ``command`` has started, itself started with an environment."""
    run = subprocess.run(
        [*command, sys.executable, "-c", SCRIPT],
        env={"PATH": os.environ["PATH"], **environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    return run.stdout.strip()


def test_the_operator_is_the_login_that_came_over_ssh(tree):
    assert tree(booted=True, environ=SSH).operator == "clara"
    assert tree(booted=True, environ={**SSH, "USER": "root", "SUDO_USER": "clara"}).operator == "clara"


def test_a_template_and_a_console_have_no_operator(tree):
    assert tree(booted=False, environ=SSH).operator is None
    assert tree(booted=True, environ={"USER": "clara"}).operator is None


def test_the_operator_is_known_where_sudo_has_dropped_what_sshd_wrote():
    # The shell stays, because something follows; its child has lost the variable, as below sudo.
    forget = ("sh", "-c", 'env -u SSH_CONNECTION USER=root "$@"; exit $?', "sh")
    assert asked_below(SSH, *forget) == "clara"


def test_a_system_goes_by_its_exact_name_its_family_and_what_it_rebuilds(tree):
    assert tree({"/etc/os-release": "ID=debian\nVERSION_ID=12\n"}).systems == ["debian-12", "debian"]
    assert tree({"/etc/os-release": 'ID=ubuntu\nID_LIKE=debian\nVERSION_ID="24.04"\n'}).systems == [
        "ubuntu-24.04",
        "ubuntu-24",
        "ubuntu",
        "debian",
    ]
    rocky = 'ID="rocky"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.4"\n'
    assert tree({"/etc/os-release": rocky}).systems[:4] == ["rocky-9.4", "rocky-9", "rhel-9", "rocky"]
    assert tree({"/etc/os-release": 'ID="rhel"\nID_LIKE="fedora"\nVERSION_ID="9.4"\n'}).systems == ["rhel-9.4", "rhel-9", "rhel", "fedora"]


@pytest.fixture
def labelled(tree, tmp_path):
    """A tree whose directory and one file have SELinux labels."""
    host = tree({"/etc/security/opasswd": "old\n"})
    labels = {"etc/security": b"system_u:object_r:etc_t:s0", "etc/security/opasswd": b"system_u:object_r:shadow_t:s0"}
    try:
        for path, label in labels.items():
            os.setxattr(tmp_path / path, "security.selinux", label)
    except OSError:
        pytest.skip("this filesystem has no labels, or only root may give them")
    return host


@pytest.mark.parametrize(
    ("path", "label"),
    [("/etc/security/opasswd", b"shadow_t"), ("/etc/security/new.conf", b"etc_t"), ("/etc/security/new.d/a/b.conf", b"etc_t")],
)
def test_a_written_file_has_the_label_of_what_it_replaces_or_of_its_directory(labelled, path, label):
    labelled.write(path, "new\n")
    assert label in os.getxattr(labelled.path(path), "security.selinux")
