# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.kinds import tree as tree_module

needs_mounts = pytest.mark.skipif(os.getuid() != 0 or not shutil.which("unshare"), reason="only root mounts")

# A temporary filesystem comes to lie over a folder; what is removed is what was there before.
COVERED = """
import os, subprocess, sys
from ansible_collections.hygeia.golden.plugins.module_utils.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.kinds import tree
folder = sys.argv[1]
subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)
open(f"{folder}/of-the-session", "w").close()
host = Host()
host.booted = False
with tree.beneath(host, folder) as inside:
    print([os.path.basename(path) for path in tree.find(inside, f"{folder}/*")])
    tree.clear(inside, folder)
print(os.listdir(folder), [name for name in os.listdir("/run") if name.startswith("hygeia-")])
"""


@needs_mounts
def test_what_lies_below_a_temporary_filesystem_is_found_and_removed():
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        open(f"{folder}/of-the-image", "w", encoding="utf-8").close()
        command = ["unshare", "--mount", sys.executable, "-c", COVERED, folder]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ, PYTHONPATH=":".join(sys.path)))
        assert (ran.stdout.splitlines(), ran.stderr) == (["['of-the-image']", "['of-the-session'] []"], "")
        assert os.listdir(folder) == []


@needs_mounts
def test_emptying_a_folder_does_not_enter_another_filesystem():
    script = (
        "import subprocess, sys\n"
        "from ansible_collections.hygeia.golden.plugins.module_utils.host import Host\n"
        "from ansible_collections.hygeia.golden.plugins.module_utils.kinds import tree\n"
        "subprocess.run(['mount', '-t', 'tmpfs', 'tmpfs', sys.argv[1] + '/a/disk'], check=True)\n"
        "open(sys.argv[1] + '/a/disk/kept', 'w').close()\n"
        "tree.clear(Host(), sys.argv[1])\n"
        "print(tree.find(Host(), sys.argv[1] + '/**') == [], __import__('os').listdir(sys.argv[1] + '/a/disk'))\n"
    )
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        os.makedirs(f"{folder}/a/disk")
        open(f"{folder}/a/gone", "w", encoding="utf-8").close()
        command = ["unshare", "--mount", sys.executable, "-c", script, folder]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ, PYTHONPATH=":".join(sys.path)))
        assert (ran.stdout.strip(), ran.stderr) == ("True ['kept']", "")


def test_a_dot_is_matched_by_a_dot_only(tree):
    host = tree({"/root/.bash_history": "", "/root/bash_history": ""})
    assert tree_module.find(host, "/root/*_history") == ["/root/bash_history"]
    assert tree_module.find(host, "/root/.*_history") == ["/root/.bash_history"]


def test_every_depth_means_files(tree):
    host = tree({"/var/log/a": "", "/var/log/b/c": "", "/var/log/b/d/e.gz": ""})
    assert tree_module.find(host, "/var/log/**") == ["/var/log/a", "/var/log/b/c", "/var/log/b/d/e.gz"]
    assert tree_module.find(host, "/var/log/**/*.gz") == ["/var/log/b/d/e.gz"]


def test_a_link_in_front_of_a_pattern_is_followed_inside_the_system(tree, tmp_path):
    host = tree({"/etc/cron.d/job": ""})
    (tmp_path / "etc/jobs").symlink_to("/etc/cron.d")
    assert tree_module.find(host, "/etc/jobs/*") == ["/etc/cron.d/job"]


def test_nothing_is_found_where_nothing_is(tree):
    host = tree({"/etc/passwd": ""})
    assert tree_module.find(host, "/etc/passwd/x") == tree_module.find(host, "/no/such/*") == tree_module.find(host, "/etc/none") == []


def test_check_mode_can_remove_nothing(tree):
    with pytest.raises(RuntimeError, match="check mode"):
        tree_module.delete(tree({"/etc/x/y": ""}, check=True), "/etc/x")
