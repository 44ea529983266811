# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Killed anywhere, a session leaves nothing behind, and the template is what it was."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import Process, reference, wait_until
from ansible_collections.hygeia.golden.tests.templates import images, session_driver


@pytest.fixture
def template(lab, plain):
    """A template of this test's own, with its digest."""
    source = lab.place / "template.qcow2"
    shutil.copy(plain, source)
    return source, inspection.sha256(source)


def recovers(lab, template):
    """The next run finds nothing in its way, and nothing is left after it."""
    source, digest = template
    lab.do("open", source=source)
    assert lab.run("cat", "/etc/hostname").stdout == "template\n"
    lab.do("discarded")
    lab.assert_clean(source, digest)


@pytest.mark.parametrize("step", ["claim", "overlay", "export", "partitions", "sandbox"])
def test_the_opener_is_killed(lab, template, step):
    lab.kill_at(step, "open", source=template[0])
    recovers(lab, template)


@pytest.mark.parametrize("who", ["sandbox", "daemon", "supervisor"])
def test_a_part_of_an_open_session_is_killed_while_it_writes(lab, template, who):
    lab.do("open", source=template[0])
    writer = subprocess.Popen(
        [str(lab.directory / "enter"), "dd", "if=/dev/zero", "of=/big", "bs=64k", "count=400", "oflag=sync"], stderr=subprocess.DEVNULL
    )
    time.sleep(0.05)
    lab.kill(who)
    sentence = lab.refused("closed")
    why = {"sandbox": "its sandbox ended", "daemon": "its storage daemon ended", "supervisor": "its supervisor was killed"}[who]
    assert sentence == f"the session web cannot be closed, and its changes are discarded: {why}"
    writer.wait(timeout=20)
    lab.assert_clean(*template)
    recovers(lab, template)


def test_a_command_in_a_session_whose_sandbox_was_killed(lab, template):
    lab.do("open", source=template[0])
    lab.kill("sandbox")
    assert wait_until((lab.directory / "ended.json").exists, 10)
    ran = lab.run("id")
    assert (ran.returncode, ran.stderr) == (
        125,
        "hygeia.golden: the session web is not open any more: its sandbox ended, open the template again\n",
    )
    lab.do("discarded")
    lab.assert_clean(*template)


def test_the_closer_is_killed(lab, template):
    lab.do("open", source=template[0])
    process = lab.start("closed")
    wait_until(lambda: lab.journal()["state"] == "closing", 5)
    process.kill()
    process.wait()
    recovers(lab, template)


@pytest.mark.parametrize("step", ["known", "overwrite"])
@pytest.mark.parametrize("moment", ["", ", daemon", ", mounted"])
def test_the_closer_is_killed_while_it_overwrites(lab, template, step, moment):
    lab.do("open", source=template[0])
    lab.do("planted")
    lab.kill_at(f"{step}{moment}", "closed")
    recovers(lab, template)


@pytest.mark.parametrize("step", ["flatten", "publish", "point"])
def test_the_promoter_is_killed(lab, template, step):
    lab.do("open", source=template[0])
    lab.do("closed")
    lab.kill_at(step, "promoted")
    pointer = lab.dest / "web.qcow2"
    moved = pointer.exists()
    recovers(lab, template)
    assert pointer.exists() == moved, "an image is promoted or it is not"
    assert len(list(lab.dest.glob("web-*.qcow2"))) == (1 if moved else 0)
    assert (lab.dest / "web.history.jsonl").exists() == moved, "what happened is recorded, and nothing else"


def test_the_promoter_is_killed_when_the_image_is_staged(lab, template):
    lab.do("open", source=template[0])
    lab.do("closed")
    lab.kill_at("staged", "promoted")
    assert not (lab.dest / "web.qcow2").exists()
    image = lab.do("promoted")["image"]
    assert inspection.sha256(lab.dest / "web.qcow2") == image["sha256"]
    lab.assert_clean(*template)


def test_the_promoter_is_killed_right_after_the_pointer_moved(lab, template):
    lab.do("open", source=template[0])
    lab.do("closed")
    lab.kill_at("prune", "promoted")
    recovers(lab, template)
    assert (lab.dest / "web.qcow2").exists()
    assert (lab.dest / "web.history.jsonl").read_text().count("\n") == 1


def test_the_discarder_is_killed(lab, template):
    lab.do("open", source=template[0])
    process = lab.start("discarded")
    wait_until(lambda: not lab.directory.exists() or lab.journal()["state"] == "discarding", 5)
    process.kill()
    process.wait()
    recovers(lab, template)


def test_everything_is_killed_at_once(lab, template):
    lab.do("open", source=template[0])
    journal = lab.journal()
    for who in ("supervisor", "sandbox", "daemon"):
        with contextlib.suppress(ProcessLookupError):  # one takes the next along
            os.kill(journal[who]["pid"], signal.SIGKILL)
    assert "the session web cannot be closed" in lab.refused("closed")
    lab.assert_clean(*template)


def test_a_stopped_daemon_is_cut_off(lab, template):
    """One that answers nothing any more must not hold up whoever waits for it."""
    lab.do("open", source=template[0], teardown_timeout=2)
    os.kill(lab.journal()["daemon"]["pid"], signal.SIGSTOP)
    writer = subprocess.Popen(
        [str(lab.directory / "enter"), "sh", "-c", "dd if=/dev/zero of=/big bs=64k count=100 oflag=sync"], stderr=subprocess.DEVNULL
    )
    time.sleep(0.1)
    start = time.monotonic()
    assert "could not be unmounted within 2 s" in lab.refused("closed", teardown_timeout=2)
    assert time.monotonic() - start < 15
    writer.wait(timeout=10)
    lab.assert_clean(*template)


def test_a_daemon_that_stops_while_canaries_are_planted(lab, template):
    """As the one above, before anything else waits for it."""
    lab.do("open", source=template[0], teardown_timeout=2)
    os.kill(lab.journal()["daemon"]["pid"], signal.SIGSTOP)
    start = time.monotonic()
    assert "the template's disk did not answer within 2 s while canaries were planted" in lab.refused("planted", teardown_timeout=2)
    assert time.monotonic() - start < 15
    lab.assert_clean(*template)


# -- the run that opened the session ----------------------------------------


@pytest.fixture
def run_of(lab):
    """A process that looks like an Ansible run: it opens a session and then waits."""
    program = lab.place / "ansible-playbook"
    program.write_text(f'#!/bin/sh\n{sys.executable} {session_driver.__file__} "$1"\nsleep 60\n')
    program.chmod(0o755)
    started = []

    def start(**params):
        process = subprocess.Popen(
            [str(program), lab.command("open", **params)[-1]], stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def test_a_session_ends_with_its_run(lab, template, run_of):
    process = run_of(source=template[0], lease=1)
    assert wait_until(lambda: (lab.directory / "journal.json").exists() and lab.journal()["state"] == "open", 10)
    time.sleep(1.5)
    assert lab.journal()["state"] == "open", "a lease is for runs on another machine"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    lab.assert_clean(*template)


def test_a_run_that_is_killed_before_its_module_began(lab, template, run_of):
    """The module goes on, and the session is nobody's; the controller said whose it is."""
    process = run_of(source=lab.place / "none.qcow2")
    run = reference(Process.of(process.pid))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert lab.refused("open", source=template[0], run=run) == "whoever asked for the session web has ended, and it is discarded"
    lab.assert_clean(*template)
    recovers(lab, template)


def test_a_hanging_daemon_of_a_killed_run_holds_up_nobody_else(lab, template, run_of, tmp_path):
    other = tmp_path / "other.qcow2"
    shutil.copy(template[0], other)
    process = run_of(source=template[0], teardown_timeout=8)
    assert wait_until(lambda: (lab.directory / "journal.json").exists() and lab.journal()["state"] == "open", 10)
    os.kill(lab.journal()["daemon"]["pid"], signal.SIGSTOP)
    os.kill(lab.journal()["supervisor"]["pid"], signal.SIGSTOP)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    start = time.monotonic()
    result = lab.do("open", session="other", source=other, teardown_timeout=8)
    assert time.monotonic() - start < 6
    assert result["session"]["state"] == "open" and "warnings" not in result
    assert not lab.directory.exists(), "nobody wants it, so that it is cut off at once"
    lab.do("discarded", session="other")
    lab.assert_clean(*template)


def test_a_directory_of_images_that_turned_read_only(lab, template, tmp_path):
    """What lies there cannot be removed; that is reported, and nobody is held up by it."""
    lab.do("open", source=template[0])
    lab.do("closed")
    lab.dest.mkdir()
    images.call("mount", "-t", "tmpfs", "none", lab.dest)
    try:
        lab.kill_at("publish", "promoted")
        images.call("mount", "-o", "remount,ro", "none", lab.dest)
        for unused_time in range(2):
            opened = lab.do("open", source=template[0])
            assert len(opened["warnings"]) == 1 and "cannot be removed (" in opened["warnings"][0]
            lab.do("closed")
            assert lab.refused("promoted").startswith(f"{lab.dest} cannot be written to, so that no image can be promoted to {lab.dest}")
            lab.do("discarded")
        images.call("mount", "-o", "remount,rw", "none", lab.dest)
        recovers(lab, template)
        assert [path.name for path in lab.dest.iterdir()] == [".lock"]
    finally:
        images.call("umount", lab.dest)


def test_two_openers(lab, template, run_of):
    source, digest = template
    process = run_of(source=source)
    assert wait_until(lambda: (lab.directory / "journal.json").exists() and lab.journal()["state"] == "open", 10)
    hard_link = lab.place / "other-name.qcow2"
    os.link(source, hard_link)
    elsewhere = lab.place / "elsewhere"
    for params in (
        {"session": "other"},
        {"session": "web"},
        {"session": "other", "source": hard_link},
        {"session": "other", "work_dir": elsewhere},
    ):
        sentence = lab.refused("open", **{"source": source, **params})
        assert f"{source} is open in the session web since 20" in sentence, sentence
        assert f" by process {process.pid}: wait for it to end, or end that" in sentence
    os.unlink(hard_link)
    for state in ("closed", "discarded"):
        assert lab.refused(state) == f"the session web belongs to process {process.pid}, which still runs: wait for it to end, or end that"
    assert lab.run("cat", "/etc/hostname").returncode == 0, "the first one goes on"
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    lab.assert_clean(source, digest)


def test_a_second_opener_waits_where_it_is_configured_to(lab, template, run_of):
    source, digest = template
    process = run_of(source=source)
    assert wait_until(lambda: (lab.directory / "journal.json").exists() and lab.journal()["state"] == "open", 10)
    start = time.monotonic()
    sentence = lab.refused("open", source=source, session="other", busy="wait", busy_timeout=2)
    assert time.monotonic() - start >= 2 and f"{source} is open in the session web since 20" in sentence
    waiting = lab.start("open", source=source, session="other", busy="wait", busy_timeout=60)
    time.sleep(2)
    assert waiting.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert lab.result(waiting)["session"]["state"] == "open"
    lab.do("discarded", session="other")
    lab.assert_clean(source, digest)


def test_a_session_nobody_uses_ends_after_its_lease(lab, template):
    lab.do("open", source=template[0], lease=3)  # long enough to begin the command, with other tests running
    busy = subprocess.Popen([str(lab.directory / "enter"), "sleep", "6"])
    time.sleep(4.5)
    assert busy.poll() is None and lab.directory.exists(), "a long command is use"
    busy.wait()
    lab.assert_clean(*template)


def test_a_session_never_outlives_its_lifetime(lab, template):
    lab.do("open", source=template[0], lifetime=1)
    assert wait_until((lab.directory / "ended.json").exists, 10)
    assert lab.refused("closed").endswith("its changes are discarded: it was open for more than 1 s")
    lab.assert_clean(*template)
