# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Commands in a plain root filesystem: the same namespaces, and nothing left between one command and the next."""

from __future__ import annotations

import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import program
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import ENVIRONMENT
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import wait_until

POLICY = "usr/sbin/policy-rc.d"


@pytest.fixture
def root(tmp_path, tree):
    """A root filesystem of this test's own; what is kept in /run for it goes with the test."""
    place = tmp_path / "rootfs"
    shutil.copytree(tree, place, symlinks=True)
    yield place
    shutil.rmtree(kept(place), ignore_errors=True)


def kept(root):
    """Where the system's /run lasts from one command to the next."""
    stat = root.stat()
    return Path(f"/run/hygeia/roots/{stat.st_dev:x}-{stat.st_ino:x}")


def start(root, *argv, network=False, isolation="strong", **kwargs):
    command = program.once_command(program.python(), str(root), isolation, {"hosts": [], "proxy": ""})
    command += [*(["--network"] if network else []), *argv]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kwargs)


def run(root, *argv, stdin="", **kwargs):
    process = start(root, *argv, **kwargs)
    out, err = process.communicate(stdin, timeout=30)
    return process.returncode, out, err


def snapshot(root):
    return sorted(str(path.relative_to(root)) for path in root.rglob("*"))


def test_streams_exit_code_and_environment(root):
    assert run(root, "sh", "-c", "cat; echo problem >&2; exit 7", stdin="hello") == (7, "hello", "problem\n")
    code, out, unused_err = run(root, "env", env={"SECRET": "of the run", "PATH": "/usr/bin"})
    assert code == 0 and sorted(line.split("=")[0] for line in out.splitlines()) == sorted(ENVIRONMENT)
    assert run(root, "sh", "-c", "kill -9 $$")[0] == 137
    assert run(root, "no-such-program") == (127, "", "no-such-program: No such file or directory\n")


def test_nothing_is_left_but_what_the_command_did(root):
    before = snapshot(root)
    assert run(root, "sh", "-c", f"test -x /{POLICY} && test -e /etc/resolv.conf && echo x > /etc/new")[0] == 0
    assert snapshot(root) == sorted([*before, "etc/new", "dev", "proc", "run", "sys"])
    assert str(root) not in Path("/proc/self/mountinfo").read_text(encoding="utf-8")


def test_run_is_kept_for_the_next_command(root):
    run(root, "sh", "-c", "echo kept > /run/ansible/file")
    assert run(root, "cat", "/run/ansible/file")[1] == "kept\n"
    assert not list((root / "run").iterdir())


def test_the_network_is_asked_for(root):
    assert run(root, "cat", "/proc/net/dev")[1].count(":") == 1, "only the loopback"
    assert run(root, "cat", "/proc/net/dev", network=True)[1].count(":") == 1, "only the loopback, on which a proxy listens"
    assert "http_proxy=http://127.0.0.1:" in run(root, "env", network=True)[1]


def test_one_of_two_commands_ends_first(root):
    """The cover of the longer one must not go with the shorter one."""
    longer = start(root, "sh", "-c", f"echo begun; cat; test -x /{POLICY}")
    longer.stdout.readline()
    assert run(root, "test", "-x", f"/{POLICY}")[0] == 0
    longer.communicate("go on", timeout=30)
    assert longer.returncode == 0
    assert not (root / POLICY).exists()


def test_many_commands_begin_at_the_same_moment(root):
    (root / "etc/resolv.conf").unlink(missing_ok=True)
    (root / POLICY).unlink(missing_ok=True)
    before = snapshot(root)
    for unused_round in range(5):
        processes = [start(root, "sh", "-c", f"test -x /{POLICY} && test -e /etc/resolv.conf") for unused_process in range(12)]
        assert [(process.communicate(timeout=60)[1], process.returncode) for process in processes] == [("", 0)] * 12
    assert snapshot(root) == sorted({*before, "dev", "proc", "run", "sys"})


def test_a_command_that_was_killed_before_its_stand_in_was_there_is_in_nobodys_way(root):
    (root / POLICY).unlink(missing_ok=True)
    memory = kept(root) / "made"
    memory.parent.mkdir(parents=True)
    memory.write_text(f"/{POLICY}\n", encoding="utf-8")
    assert run(root, "test", "-x", f"/{POLICY}") == (0, "", "")
    assert not (root / POLICY).exists() and not memory.read_text(encoding="utf-8")


@pytest.mark.parametrize("isolation", ["strong", "reduced"])
def test_nothing_that_a_command_left_running_outlives_it(root, isolation):
    out = run(root, "sh", "-c", "setsid sleep 61 >/dev/null 2>&1 & (sleep 62 >/dev/null 2>&1 &) ; echo begun", isolation=isolation)[1]
    assert out == "begun\n"
    assert not subprocess.run(["pgrep", "-f", "sleep 6[12]"], capture_output=True, check=False).stdout


def test_a_killed_command_is_cleaned_up_after_by_the_next(root):
    process = start(root, "sh", "-c", "echo begun; sleep 2")
    process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert wait_until(lambda: run(root, "id")[0] == 0 and not (root / POLICY).exists(), 10)


def test_a_directory_without_a_system(tmp_path):
    code, unused_out, err = run(tmp_path, "id")
    assert (code, err) == (125, f"hygeia.golden: {tmp_path} cannot be entered: it holds no Linux system (no etc/os-release)\n")
