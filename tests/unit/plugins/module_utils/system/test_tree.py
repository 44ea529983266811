# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import tracemalloc

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.storage.filesystem import Filesystem
from ansible_collections.hygeia.golden.plugins.module_utils.system import tree as tree_module
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.local_files import Walk
from ansible_collections.hygeia.golden.plugins.module_utils.util.descent import descend
from ansible_collections.hygeia.golden.plugins.module_utils.util.places import OddFile
from hypothesis import given, settings
from hypothesis import strategies as st

needs_mounts = pytest.mark.skipif(os.getuid() != 0 or not shutil.which("unshare"), reason="only root mounts")

# A temporary filesystem comes to lie over a directory; what is removed is what was there before.
COVERED = """
import os, subprocess, sys
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system import tree
directory = sys.argv[1]
subprocess.run(["mount", "-t", "tmpfs", "tmpfs", directory], check=True)
open(f"{directory}/of-the-session", "w").close()
host = Host()
host.booted = False
with tree.uncovered(host, directory) as inside:
    print([os.path.basename(path) for path in tree.find(inside, f"{directory}/*")])
    tree.clear(inside, directory)
print(os.listdir(directory), [name for name in os.listdir("/run") if name.startswith("hygeia-")])
"""


@needs_mounts
def test_what_lies_below_a_temporary_filesystem_is_found_and_removed():
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        open(f"{directory}/of-the-image", "w", encoding="utf-8").close()
        command = ["unshare", "--mount", sys.executable, "-c", COVERED, directory]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ, PYTHONPATH=":".join(sys.path)))
        assert (ran.stdout.splitlines(), ran.stderr) == (["['of-the-image']", "['of-the-session'] []"], "")
        assert os.listdir(directory) == []


@needs_mounts
def test_emptying_a_directory_does_not_enter_another_filesystem():
    script = (
        "import subprocess, sys\n"
        "from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host\n"
        "from ansible_collections.hygeia.golden.plugins.module_utils.system import tree\n"
        "subprocess.run(['mount', '-t', 'tmpfs', 'tmpfs', sys.argv[1] + '/a/disk'], check=True)\n"
        "open(sys.argv[1] + '/a/disk/kept', 'w').close()\n"
        "tree.clear(Host(), sys.argv[1])\n"
        "print(tree.find(Host(), sys.argv[1] + '/**') == [], __import__('os').listdir(sys.argv[1] + '/a/disk'))\n"
    )
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory:
        os.makedirs(f"{directory}/a/disk")
        open(f"{directory}/a/gone", "w", encoding="utf-8").close()
        command = ["unshare", "--mount", sys.executable, "-c", script, directory]
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


# In namespaces of its own: the root comes to be mounted a second time, or a part of its filesystem, or another system.
SECOND = """
import os, subprocess, sys
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system import tree
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.storage.file import File
root, other = sys.argv[1:]
for name in ("root", "root/tmp", "root/etc", "root/home", "root/log", "root/log/a", "other", "other/etc"):
    os.makedirs(f"{other}/{name}")
for name in ("root", "other"):
    open(f"{other}/{name}/etc/os-release", "w").close()
open(f"{other}/root/home/kept", "w").close()
subprocess.run(["mount", "--bind", f"{other}/root", root], check=True)
what = {"root": f"{other}/root", "part": f"{other}/root/home", "system": f"{other}/other"}
host = Host(root)
host.booted = False
for kind in ("root", "system"):
    subprocess.run(["mount", "--bind", what[kind], f"{root}/tmp"], check=True)
    plan = File(host).plan({"/tmp": {"state": "empty"}})
    print([refusal.why for refusal in plan.refusals], plan.changes)
    try:
        tree.clear(host, "/tmp")
    except RuntimeError as problem:
        print(problem)
    subprocess.run(["umount", f"{root}/tmp"], check=True)
subprocess.run(["mount", "--bind", f"{root}/home", f"{root}/log/a"], check=True)
tree.clear(host, "/log")
print(os.listdir(f"{root}/home"), os.path.exists(f"{root}/etc/os-release"), os.path.exists(f"{other}/other/etc/os-release"))
"""


@needs_mounts
def test_what_a_system_is_mounted_on_is_never_emptied():
    sentence = "/tmp is not changed, because another system is mounted there: unmount it, and correct /etc/fstab"
    with tempfile.TemporaryDirectory(dir="/var/tmp") as directory, tempfile.TemporaryDirectory(dir="/var/tmp") as other:
        command = ["unshare", "--mount", sys.executable, "-c", SECOND, directory, other]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ, PYTHONPATH=":".join(sys.path)))
        expected = [f"{[sentence]} []", sentence] * 2 + ["['kept'] True True"]
        assert (ran.stdout.splitlines(), ran.stderr) == (expected, "")


def test_what_the_module_runs_from_stays(tmp_path):
    """Where the module was unpacked, and where Ansible had put it, are both below what a seal of a running system empties."""
    for name in ("payload", "sent", "other"):
        (tmp_path / "tmp" / name).mkdir(parents=True)
        (tmp_path / "tmp" / name / "file.py").write_text(
            "import sys\n"
            "from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host\n"
            "from ansible_collections.hygeia.golden.plugins.module_utils.system import tree\n"
            "sys.path.insert(0, sys.argv[1] + '/tmp/payload/file.py')\n"
            "tree.clear(Host(), sys.argv[1] + '/tmp')\n"
            "tree.delete(Host(), sys.argv[1] + '/tmp')\n"
        )
    command = [sys.executable, str(tmp_path / "tmp/sent/file.py"), str(tmp_path)]
    subprocess.run(command, check=True, env=dict(os.environ, PYTHONPATH=":".join(sys.path)))
    assert sorted(path.name for path in (tmp_path / "tmp").iterdir()) == ["payload", "sent"]
    assert (tmp_path / "tmp/sent/file.py").exists()


# -- what is deeper than any path --------------------------------------------------------------

DEPTH = 3_000


def deepened(directory, depth, name="d"):
    """Directories in directories below one; a file of everybody's lies in the last."""
    here = os.open(directory, os.O_RDONLY)
    for unused_level in range(depth):
        os.mkdir(name, dir_fd=here)
        inner = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(os.open("last.gz", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.fchmod(here, 0o777)
    os.close(here)


@pytest.mark.timeout(120)
def test_a_tree_of_any_depth_is_seen_to_its_end_and_removed(tree, tmp_path):
    host = tree({"/var/log/a.gz": "", "/var/log/deep/x": "", "/etc/passwd": "root:x:0:0::/root:/bin/sh\n"})
    deepened(tmp_path / "var/log/deep", DEPTH)
    found = tree_module.find(host, "/var/log/**/*.gz")
    assert found[0] == "/var/log/a.gz" and found[1].count("/") == DEPTH + 4
    walk = Walk(host)
    assert max(met.whole.count("/") for met in walk) == DEPTH + 4 and not walk.ended and not walk.unread
    sticky = Filesystem(host).observe({"world_writable_directories": []})["world_writable_directories"]
    assert len(sticky.value) == 1 and len(sticky.message) < 2000
    plan = Filesystem(host).plan({"world_writable_directories": []})
    for change in plan.changes:
        change.apply()
    assert Filesystem(host).observe({"world_writable_directories": []})["world_writable_directories"].value == []
    tree_module.delete(host, found[1])
    assert tree_module.find(host, "/var/log/**/*.gz") == ["/var/log/a.gz"]
    tree_module.delete(host, "/var/log/deep")
    assert os.listdir(tmp_path / "var/log") == ["a.gz"]


def test_what_is_moved_away_while_it_is_walked_is_given_up_and_the_rest_is_seen(tmp_path):
    for path in ("a/b/c/d", "a/e", "f"):
        (tmp_path / path).mkdir(parents=True)
    top, met = os.open(tmp_path, os.O_RDONLY), []
    try:
        for each in descend(top, lambda each: True):
            met.append(each.path)
            if each.path == "/a/b/c/d" and not each.left:
                (tmp_path / "a/b").rename(tmp_path / "elsewhere")
    finally:
        os.close(top)
    assert "/a/e" in met and "/f" in met


def test_what_goes_while_it_is_walked_is_no_matter(tmp_path):
    for name in "abc":
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text("")
    top = os.open(tmp_path, os.O_RDONLY)
    try:
        for each in descend(top, lambda each: True):
            if each.path == "/a":
                shutil.rmtree(tmp_path / "a")
                shutil.rmtree(tmp_path / "b")
        assert each.path == "/c"
    finally:
        os.close(top)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(
            st.binary(min_size=1, max_size=5).filter(lambda name: not set(name) & set(b"/\0") and name not in (b".", b"..")),
            min_size=1,
            max_size=4,
        ),
        max_size=6,
    )
)
def test_everything_is_met_once_whatever_it_is_called(paths):
    with tempfile.TemporaryDirectory() as directory:
        for path in paths:
            os.makedirs(os.path.join(os.fsencode(directory), *path), exist_ok=True)
        top = os.open(directory, os.O_RDONLY)
        try:
            met = [each.path for each in descend(top, lambda each: True) if not each.left]
        finally:
            os.close(top)
        there = [
            os.path.join(place, name)[len(directory) :] for place, directories, unused_files in os.walk(directory) for name in directories
        ]
        assert sorted(met) == sorted(there)
        assert tree_module.find(Host(directory), "/**") == []


def test_an_immutable_file_does_not_keep_the_others(tree, tmp_path):
    host = tree({"/tmp/x/a": "", "/tmp/x/b": "", "/tmp/x/c/d": ""})
    with open(tmp_path / "tmp/x/b", encoding="utf-8") as stream:
        try:
            fcntl.ioctl(stream, 0x40086602, struct.pack("l", 0x10))  # chattr +i
        except OSError:
            pytest.skip("this filesystem has no such flag")
        try:
            with pytest.raises(OSError, match="1 could not be removed, such as b"):
                tree_module.delete(host, "/tmp/x")
            assert os.listdir(tmp_path / "tmp/x") == ["b"]
        finally:
            fcntl.ioctl(stream, 0x40086602, struct.pack("l", 0))


@pytest.fixture
def chain(tmp_path):
    """A directory in a directory in a directory, 1,500 times, with the longest names: their paths together have 290 million bytes."""
    here = os.open(tmp_path, os.O_RDONLY)
    for unused_number in range(1500):
        os.mkdir("x" * 255, dir_fd=here)
        inner = os.open("x" * 255, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(os.open("last", os.O_CREAT | os.O_WRONLY, 0o666, dir_fd=here))
    os.close(here)
    return tmp_path


def test_a_deep_tree_costs_little_memory_and_hides_nothing(chain):
    tracemalloc.start()
    met = [met.path for met in Walk(Host(str(chain)), limit=2000)]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert len(met) == 1501
    assert met[-1].endswith("/…/last") and len(met[-1]) < 5000
    assert peak < 40e6, peak
    assert len(tree_module.find(Host(str(chain)), "/**/last")[0]) == 1500 * 256 + 5
    tree_module.clear(Host(str(chain)), f"/{'x' * 255}")
    assert os.listdir(chain / ("x" * 255)) == []


def test_a_walk_and_a_pattern_end_where_there_is_too_much_links_among_it(tmp_path, monkeypatch):
    for number in range(30):
        (tmp_path / f"{number}").symlink_to("nowhere")
    walk = Walk(Host(str(tmp_path)), limit=20)
    assert list(walk) == [] and walk.ended
    monkeypatch.setattr(tree_module, "MOST", 20)
    with pytest.raises(OddFile, match="more than 20 files, "):
        tree_module.find(Host(str(tmp_path)), "/**/a")
