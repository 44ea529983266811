# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a template's programs use up is bounded, whichever wall there is; the session goes on, and others do not notice."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import time

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import MEMORY, PROCESSES
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import wait_until
from ansible_collections.hygeia.golden.tests.templates import images

CORES = "for place in / /tmp /run; do cd $place && sh -c 'kill -SEGV $$'; echo $?; ls $place; done"


@pytest.fixture(params=["strong", "reduced"])
def opened(lab, plain, request):
    """A session, by its lab."""
    lab.do("open", source=plain, isolation=request.param)
    yield lab
    assert lab.run("cat", "/etc/hostname").stdout == "template\n", "the session goes on"
    lab.do("discarded")
    assert wait_until(lambda: not lab.leftovers(), 10), lab.leftovers()


def bound(lab, name, value=None):
    """The value of a bound of the session's control groups, or None where there are none; another one can be set."""
    for group in lab.journal()["groups"]:
        path = os.path.join(group, name)
        if os.path.exists(path):
            with open(path, "r+" if value else "r", encoding="ascii") as stream:
                found = int(stream.read())
                if value:
                    stream.write(str(value))
            return found
    return None


def test_a_fork_bomb(opened):
    """With a lower bound than it has, which spares the machine."""
    found = bound(opened, "pids.max", 60)
    if found is None:
        pytest.skip("no control groups for processes")
    assert found == PROCESSES
    start = time.monotonic()
    ran = opened.run("sh", "-c", "bomb() { bomb | bomb & }; bomb; sleep 1; echo bombed", timeout=60)
    assert time.monotonic() - start < 30
    assert "Cannot fork" in ran.stderr, ran
    assert opened.run("sh", "-c", "ls -d /proc/[0-9]* | cat").stdout.count("\n") <= 3, "nothing of it is left"


def test_more_processes_than_one_may_have(opened):
    limits = opened.run("cat", "/proc/self/limits").stdout
    assert f"Max processes {PROCESSES}" in " ".join(limits.split())


def test_a_memory_hog(opened):
    """One process, by what it asks for, and all together, by what they use."""
    ran = opened.run("dd", "if=/dev/zero", "of=/dev/null", f"bs={MEMORY + 1}", "count=1")
    assert ran.returncode == 1 and "memory exhausted by input buffer of size" in ran.stderr
    found = bound(opened, "memory.limit_in_bytes", 64 << 20)
    if found is None:
        found = bound(opened, "memory.max", 64 << 20)
    if found is None:
        pytest.skip("no control groups for memory")
    assert found == MEMORY
    ran = opened.run("dd", "if=/dev/zero", "of=/dev/null", "bs=128M", "count=1", timeout=60)
    assert ran.returncode == 128 + signal.SIGKILL, ran


def test_what_is_in_memory_only(opened):
    """/run and /dev take memory that no process is asked for."""
    ran = opened.run("sh", "-c", "dd if=/dev/zero of=/run/big bs=1M count=2000; echo >/run/more", timeout=60)
    assert "No space left on device" in ran.stderr or "Killed" in ran.stderr, ran


def test_an_endless_writer(opened):
    """Its disk is as large as it is, and the overlay never holds more; what was written is not kept for others to wait for."""
    ran = opened.run("sh", "-c", "while cat /usr/bin/* >>/big; do :; done; rm /big", timeout=60)
    assert "No space left on device" in ran.stderr
    assert (opened.directory / "overlay.qcow2").stat().st_blocks * 512 < 64 * images.MIB


def test_a_core_dump(opened, tmp_path):
    """Not even where the build host would write one."""
    with_one = subprocess.run(
        ["sh", "-c", "kill -SEGV $$"],
        cwd=tmp_path,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, 1 << 20)),
    )
    assert with_one.returncode == -signal.SIGSEGV
    before = set(os.listdir(opened.place)) | set(os.listdir("."))
    ran = opened.run("sh", "-c", CORES, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CORE, (1 << 20, 1 << 20)))
    assert ran.stdout.count(str(128 + signal.SIGSEGV)) == 3
    assert not [line for line in ran.stdout.splitlines() if line.startswith("core")]
    assert set(os.listdir(opened.place)) | set(os.listdir(".")) == before


def test_a_command_that_never_ends(lab, plain):
    """It ends with the session."""
    lab.do("open", source=plain, lifetime=2)
    start = time.monotonic()
    assert lab.run("sleep", "1000", timeout=60).returncode != 0
    assert time.monotonic() - start < 30
    assert "it was open for more than 2 s" in lab.refused("closed")


def test_a_session_whose_storage_hangs_is_in_nobodys_way(lab, plain):
    """It is somebody's who still wants it: nobody cuts it off, and nobody waits for it."""
    other = lab.place / "other.qcow2"
    shutil.copy(plain, other)
    lab.do("open", source=plain)
    daemon = lab.journal()["daemon"]["pid"]
    os.kill(daemon, signal.SIGSTOP)
    try:
        blocked = subprocess.Popen([str(lab.directory / "enter"), "sh", "-c", "echo >/new; sync"])
        start = time.monotonic()
        opened = lab.do("open", session="db", source=other)
        assert "warnings" not in opened
        assert (
            subprocess.run([f"{opened['session']['directory']}/enter", "cat", "/etc/hostname"], capture_output=True, check=True).stdout
            == b"template\n"
        )
        lab.do("discarded", session="db")
        assert time.monotonic() - start < 15
        assert blocked.poll() is None
    finally:
        os.kill(daemon, signal.SIGCONT)
    assert blocked.wait(timeout=20) == 0
    assert lab.run("cat", "/etc/hostname").stdout == "template\n"
    lab.do("discarded")
