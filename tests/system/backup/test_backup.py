# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Real repositories, good ones and the same broken on purpose."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from conftest import ENVIRON, PASSWORD, repositories

RESTIC = {"product": "restic", "repository": "/srv/restic"}
BORG = {"product": "borg", "repository": "/srv/borg"}
PRODUCTS = pytest.mark.parametrize("declared", [RESTIC, BORG], ids=["restic", "borg"])
SAMPLE = ("/srv/data/images", "/srv/data/letter")


def statuses(found):
    return {name: record["status"] for name, record in found.items()}


def snapshots(system, repository="/srv/restic"):
    return json.loads(system.run("restic snapshots --json --no-lock", **repositories(restic=repository)))


def archives(system, repository="/srv/borg"):
    return json.loads(system.run("borg list --json", **repositories(borg=repository)))["archives"]


# -- what is good ----------------------------------------------------------------------


@PRODUCTS
def test_a_canary_and_samples_come_back_and_nothing_stays(system, declared):
    before = [entry["id"] for entry in (*snapshots(system), *archives(system))]
    found = system.prove(declared, check=False, sample=SAMPLE)
    assert statuses(found) == {**dict.fromkeys(found, "pass"), "schedule-configured": "not_checked"}, {
        name: record["message"] for name, record in found.items()
    }
    assert len(found) == 8
    assert found["canary-proven"]["observed"]["restored"] == "byte for byte"
    assert found["time-proven"]["observed"]["seconds"] > 0 and found["time-proven"]["observed"]["bytes"] in (3_000_000, 15, 65536)
    assert [entry["id"] for entry in (*snapshots(system), *archives(system))] == before
    assert system.left == []
    assert PASSWORD not in json.dumps(found) and "Dear colleague" not in json.dumps(found)


@PRODUCTS
def test_check_mode_only_looks(newer, declared):
    name = declared["product"]
    before = newer.run(f"find /srv/{name} -type f | sort")
    found = newer.prove(declared, sample=SAMPLE)
    assert statuses(found)["recent-proven"] == "pass"
    assert {name for name, record in found.items() if "check mode" in record["message"]} == {"canary-proven", "sample-proven"}
    assert newer.run(f"find /srv/{name} -type f | sort") == before


def test_borgmatic_says_which_repository_and_which_passphrase(older):
    older.path("/etc/borgmatic").mkdir(exist_ok=True)
    older.path("/etc/borgmatic/config.yaml").write_text(
        "location:\n  source_directories: [/srv/data]\n  repositories: [/srv/borg]\n"
        "storage:\n  encryption_passcommand: cat /root/password\nretention:\n  keep_daily: 7\n",
        encoding="utf-8",
    )
    found = older.prove({"product": "borgmatic", "password_file": None})
    assert (found["recent-proven"]["status"], found["recent-proven"]["read_from"]) == ("pass", "/srv/borg")
    found = older.prove({"product": "borgmatic", "configuration": "/etc/hostname"})
    assert (
        found["reachable-proven"]["status"] == "fail"
        and "/etc/hostname is not a configuration of borgmatic" in found["reachable-proven"]["message"]
    )


# -- what is broken --------------------------------------------------------------------


@PRODUCTS
def test_a_backup_older_than_the_recovery_point_fails(newer, declared):
    stale = newer.copy(declared["repository"], "stale")
    if declared["product"] == "restic":
        newer.run("restic forget --quiet latest", **repositories(restic=stale))
    else:
        newer.run("borg delete ::young", **repositories(borg=stale))
    found = newer.prove({**declared, "repository": stale})["recent-proven"]
    assert found["status"] == "fail"
    assert "days old, and the recovery point requires 24 hours: find out why none succeeded since, and start one" in found["message"]
    assert found["observed"]["began"] == "2026-01-01T10:00:00Z"


@PRODUCTS
def test_backups_of_another_host_do_not_count(newer, declared):
    found = newer.prove({**declared, "host_name": "elsewhere"})
    assert found["recent-proven"]["status"] == "fail" and "has no backup of elsewhere" in found["recent-proven"]["message"]
    assert found["retention-proven"]["status"] == "fail"


@PRODUCTS
def test_backups_that_do_not_reach_back_far_enough_fail_with_the_day_until_which_to_waive(newer, declared):
    found = newer.prove(declared, retention=3650 * 86400)["retention-proven"]
    assert found["status"] == "fail" and "waive this until 2035-12-30" in found["message"]


@PRODUCTS
@pytest.mark.parametrize(
    "changed, sentence",
    [
        ({"password_file": "/etc/hostname"}, "does not open"),
        ({"password_file": "/root/nothing"}, ("cannot be read", "does not open")),
        ({"repository": "/srv/nothing"}, "there is no repository at /srv/nothing"),
    ],
    ids=["wrong key", "no key", "no repository"],
)
def test_a_repository_that_cannot_be_opened_fails_with_what_to_do(system, declared, changed, sentence):
    found = system.prove({**declared, **changed})
    record = found["reachable-proven"]
    assert record["status"] == "fail" and any(part in record["message"] for part in ([sentence] if isinstance(sentence, str) else sentence))
    assert {record["status"] for name, record in found.items() if name != "reachable-proven"} == {"not_checked"}


def test_an_unencrypted_repository_of_borg_is_found(newer):
    newer.run("borg init --encryption none; borg create ::one /srv/data/letter", **repositories(borg="/srv/open"))
    newer.run("rm -rf /srv/open.base")  # as on a host that never saw it
    record = newer.prove({**BORG, "repository": "/srv/open"})["encrypted-configured"]
    assert record["status"] == "fail" and record["observed"] == {"encryption": "none"}
    assert "make a new repository that is encrypted" in record["message"]


def test_a_key_of_restic_without_a_password_is_found(newer):
    newer.run("restic init --insecure-no-password; restic backup --insecure-no-password /srv/data/letter", RESTIC_REPOSITORY="/srv/empty")
    newer.run("restic key add --insecure-no-password --new-password-file /root/password", RESTIC_REPOSITORY="/srv/empty")
    record = newer.prove({**RESTIC, "repository": "/srv/empty"})["encrypted-configured"]
    assert record["status"] == "fail" and "a key without a password" in record["message"]


@PRODUCTS
def test_a_damaged_repository_takes_a_canary_and_does_not_give_the_sample_back(system, declared):
    damaged = system.copy(declared["repository"], "damaged")
    for pack in system.path(f"{damaged}/data").rglob("*"):
        if pack.is_file() and pack.stat().st_size > 1_000_000:
            with open(pack, "r+b") as stream:
                for place in range(100_000, pack.stat().st_size, 100_000):
                    stream.seek(place)
                    stream.write(b"\0" * 64)
    found = system.prove({**declared, "repository": damaged}, check=False, sample=SAMPLE[:1])
    assert found["canary-proven"]["status"] == "pass"
    assert found["sample-proven"]["status"] == "fail"
    assert "is damaged" in found["sample-proven"]["message"] and "check" in found["sample-proven"]["message"]
    assert system.left == []


@PRODUCTS
def test_a_full_repository_fails_the_canary(newer, declared):
    newer.run("mkdir -p /mnt/small")
    small = newer.path("/mnt/small")
    size = int(newer.run(f"du -sk {declared['repository']}").split()[0])
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size + 300}k", "tmpfs", str(small)], check=True)
    try:
        newer.run(f"cp -a {declared['repository']}/. /mnt/small")
        room = os.statvfs(small)
        (small / "ballast").write_bytes(b"\0" * max(0, room.f_bavail * room.f_frsize - 8192))
        found = newer.prove({**declared, "repository": "/mnt/small"}, check=False)
        assert found["recent-proven"]["status"] == "pass"
        assert found["canary-proven"]["status"] == "fail" and "/mnt/small is full: make room" in found["canary-proven"]["message"]
    finally:
        subprocess.run(["umount", str(small)], check=True)


@PRODUCTS
def test_a_lock_that_is_held_leaves_the_canary_untried_and_the_rest_known(system, declared):
    locked = system.copy(declared["repository"], "locked")
    held = {"borg": ["borg", "with-lock", locked, "cat"], "restic": ["restic", "check", "--read-data", "--limit-download", "1"]}
    with started(system, held[declared["product"]], **repositories(restic=locked, borg=locked)) as holder:
        wait_for(lambda: any(path.is_file() and "-tmp-" not in path.name for path in system.path(locked).glob("lock*/*")))
        found = system.prove({**declared, "repository": locked}, check=False)
        holder.kill()
    assert found["recent-proven"]["status"] == "pass"
    assert found["canary-proven"]["status"] == "not_checked"
    assert "is locked" in found["canary-proven"]["message"] and "take it away with" in found["canary-proven"]["message"]


# -- repositories elsewhere ---------------------------------------------------------------


def test_a_server_that_only_takes_keeps_the_canary_and_says_so_and_its_end_is_noticed(older):
    served = older.copy("/srv/restic", "served")
    port = free_port()
    declared = {"product": "restic", "repository": f"rest:http://127.0.0.1:{port}/"}
    with started(older, ["rclone", "serve", "restic", "--append-only", "--addr", f"127.0.0.1:{port}", served]) as server:
        wait_for(lambda: answers(port))
        found = older.prove(declared, check=False)
        server.kill()
    canary = found["canary-proven"]
    assert canary["status"] == "pass" and "stays in the repository" in canary["message"] and "left behind" in canary["observed"]
    assert [snapshot["tags"] for snapshot in snapshots(older, served)[-1:]] == [["hygeia-canary"]]
    # It counts for nothing, and the next run that may takes it out.
    assert (
        older.prove({**RESTIC, "repository": served})["recent-proven"]["observed"]["began"]
        != snapshots(older, served)[-1]["time"][:19] + "Z"
    )
    older.prove({**RESTIC, "repository": served}, check=False)
    assert [snapshot for snapshot in snapshots(older, served) if snapshot.get("tags")] == []
    found = older.prove(declared)["reachable-proven"]
    assert found["status"] == "fail" and "cannot be reached" in found["message"]


def test_borg_asks_a_repository_behind_ssh(newer):
    """The other end is borg serve itself; what stands for ssh starts it here, or says that nobody is there."""
    for name, script in {
        "near": 'shift; exec "$@" --append-only --restrict-to-path /srv/borg',
        "far": "echo 'No route to host' >&2; exit 255",
    }.items():
        newer.path(f"/srv/{name}").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        newer.path(f"/srv/{name}").chmod(0o755)
    declared = {**BORG, "repository": "ssh://backup@vault/srv/borg"}
    near = newer.prove({**declared, "environment": {"BORG_RSH": "/srv/near"}}, check=False, sample=SAMPLE[1:])
    assert [near[name]["status"] for name in ("canary-proven", "sample-proven")] == ["pass", "pass"]
    far = newer.prove({**declared, "environment": {"BORG_RSH": "/srv/far"}})["reachable-proven"]
    assert far["status"] == "fail" and "cannot be reached" in far["message"]


# -- the end of a run ----------------------------------------------------------------------

PROVE = """
import json, sys
from ansible_collections.hygeia.golden.plugins.module_utils.backup.proof import Proof, Objectives
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
root, environ, declared = sys.argv[1], json.loads(sys.argv[2]), json.loads(sys.argv[3])
Proof(Host(root, environ=environ, entering=["chroot", root]), declared, Objectives(sample=("/srv/data/images",))).records()
"""


@PRODUCTS
def test_after_a_kill_neither_a_restored_file_nor_a_canary_is_left(system, declared):
    killed = system.copy(declared["repository"], "killed")
    # A restore that never ends, after the canary went in.
    system.path("/srv/slow").write_text(
        f'#!/bin/sh\ncase "$*" in *restore*|*extract*) touch /srv/restoring; exec sleep 600 ;; esac\nexec {declared["product"]} "$@"\n',
        encoding="utf-8",
    )
    system.path("/srv/slow").chmod(0o755)
    words = {**declared, "repository": killed, "environment": {"BORG_BASE_DIR": f"{killed}.base"}, "password_file": "/root/password"}
    words.update(program="/srv/slow", lock_wait=20)
    with subprocess.Popen([sys.executable, "-c", PROVE, str(system.root), json.dumps(ENVIRON), json.dumps(words)]) as proof:
        wait_for(lambda: system.path("/srv/restoring").exists())
        system.path("/srv/restoring").unlink()
        assert len(system.left) == 1
        marks = snapshots(system, killed) if declared["product"] == "restic" else archives(system, killed)
        assert len([mark for mark in marks if "hygeia-canary" in json.dumps(mark)]) == 1
        proof.send_signal(signal.SIGKILL)
    wait_for(lambda: system.left == [])
    wait_for(
        lambda: (
            "hygeia-canary" not in json.dumps(snapshots(system, killed) if declared["product"] == "restic" else archives(system, killed))
        )
    )
    wait_for(lambda: not any(path.is_file() for path in system.path(killed).glob("lock*/*")))


def started(system, argv, **environ):
    """A program of the system beside the test."""
    return subprocess.Popen(  # pylint: disable=consider-using-with
        ["chroot", str(system.root), *argv],
        env={**ENVIRON, **environ},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def wait_for(true, limit=60):
    end = time.monotonic() + limit
    while not true():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.02)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def answers(port):
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0
