# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import errno
import os
import subprocess
import sys

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import locks as lock
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import shared_lock
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError

HOLD = """
import sys, time
from ansible_collections.hygeia.golden.plugins.module_utils.image.session import shared_lock
with shared_lock.held(sys.argv[1], 0) as got:
    print(got, flush=True)
    sys.stdin.read()
"""


def mounted(tmp_path, monkeypatch, kind, mount="rw,relatime", filesystem="rw"):
    """Let the directory of the test be a mount of a type."""
    device = os.stat(tmp_path).st_dev
    table = tmp_path / "mountinfo"
    table.write_text(
        f"1 0 0:1 / / rw - tmpfs none rw\n2 1 {os.major(device)}:{os.minor(device)} / /srv {mount} shared:1 - {kind} server:/srv {filesystem}\n"
    )
    monkeypatch.setattr(shared_lock, "MOUNTS", str(table))


@pytest.mark.parametrize(
    "kind,options,message",
    [
        ("nfs4", "rw,vers=4.2,local_lock=none", None),
        ("nfs", "rw,vers=3,nolock,local_lock=all", "is on nfs with local_lock=all with nolock, where no other build host sees a lock"),
        ("nfs4", "rw,local_lock=posix", "is on nfs4 with local_lock=posix, where"),
        ("nfs", "rw,local_lock=flock", None),
        ("cifs", "rw,nobrl", "is on cifs with nobrl, where"),
        ("cifs", "rw", None),
        ("fuse.sshfs", "rw", "is on fuse.sshfs, where no other build host sees a lock: choose a directory on a disk of the build host"),
        ("ext4", "rw", None),
    ],
)
def test_a_directory_whose_locks_end_at_this_machine_is_refused(tmp_path, monkeypatch, kind, options, message):
    mounted(tmp_path, monkeypatch, kind, filesystem=options)
    if message is None:
        with shared_lock.held(str(tmp_path), 0) as got:
            assert got
    else:
        with pytest.raises(ImageError, match=message), shared_lock.held(str(tmp_path), 0):
            pass


def test_another_process_waits_and_the_lock_ends_with_its_holder(tmp_path):
    other = subprocess.Popen([sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "True\n"
    with shared_lock.held(str(tmp_path), 0.05) as got:
        assert not got
    other.kill()
    other.wait()
    with shared_lock.held(str(tmp_path), 1) as got:
        assert got


def test_a_filesystem_without_locks_is_refused(tmp_path, monkeypatch):
    def no_locks(handle, command, argument):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(shared_lock.fcntl, "fcntl", no_locks)
    with pytest.raises(ImageError, match=r"files cannot be locked in .* \(No locks available\): choose a directory"):
        with shared_lock.held(str(tmp_path), 0):
            pass


def test_a_filesystem_that_only_says_that_it_locks_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(shared_lock.fcntl, "fcntl", lambda handle, command, argument: argument)
    with pytest.raises(ImageError, match="says that it locks files, but does not"):
        with shared_lock.held(str(tmp_path), 0):
            pass


def test_a_file_in_the_directories_place_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(lock, "RUN", str(tmp_path / "run"))
    (tmp_path / "golden").write_text("a file")
    with pytest.raises(ImageError, match=r"golden cannot be written to \(Not a directory\)"):
        with lock.image_store(str(tmp_path / "golden")):
            pass
