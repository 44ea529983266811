# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.packages import restarts
from ansible_collections.hygeia.golden.tests.unit.procfs import process

OLD = "r-xp 0 00:00 7 /usr/lib/libssl.so.3 (deleted)"
BATCH = """\
NEEDRESTART-VER: 3.6
NEEDRESTART-KSTA: 3
NEEDRESTART-SVC: ssh.service
NEEDRESTART-SVC: cron.service
NEEDRESTART-SESS: ada @ session #2
"""


@pytest.fixture
def running(tree):
    """A host on which two services, a session and systemd run replaced code, and others do not."""
    host = tree({"/etc/passwd": "ada:x:1000:1000::/home/ada:/bin/bash\n", "/proc/sys/kernel/osrelease": "6.1.0-9-amd64\n"}, booted=True)
    process(host, 1, "/usr/lib/systemd/systemd", maps=[OLD])
    process(host, 2, "/usr/sbin/sshd", "ssh.service", maps=[OLD, OLD])
    process(
        host, 3, "/usr/sbin/cron", "cron.service", maps=["r-xp 0 00:00 7 /usr/lib/libc.so.6", "r--p 0 00:00 7 /usr/lib/locale (deleted)"]
    )
    process(host, 4, "/usr/bin/python3", "app.service", maps=["r-xp 0 00:00 7 /tmp/jit (deleted)", "r-xp 0 00:00 7 /memfd:x (deleted)"])
    process(host, 5, "/usr/sbin/nginx", "web.service", maps=["r-xp 0 00:00 7 /usr/sbin/nginx (deleted)"])
    process(host, 6, "/usr/bin/bash", "session-2.scope", 1000, maps=[OLD])
    process(host, os.getpid(), "/usr/bin/python3", "session-3.scope", maps=[OLD])
    return host


def put(tmp_path, path, text=""):
    place = tmp_path / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text, encoding="utf-8")
    place.chmod(0o755)


def test_what_runs_replaced_code_is_seen_in_its_maps(running):
    found = restarts.find(running)
    assert found.services == ("ssh.service", "web.service")
    assert (found.manager, found.processes, found.asked) == (True, ("bash (process 6 of ada)",), "processes")


def test_needrestart_is_asked_where_it_is_installed(running, tmp_path):
    put(tmp_path, "usr/sbin/needrestart")
    running.answers["needrestart"] = BATCH
    found = restarts.find(running)
    assert (found.services, found.processes, found.manager) == (("cron.service", "ssh.service"), ("ada @ session #2",), True)
    assert found.asked == "needrestart"


def test_needrestart_that_fails_is_not_believed(running, tmp_path):
    put(tmp_path, "usr/sbin/needrestart")
    assert restarts.find(running).asked == "processes"


def test_a_newer_kernel_or_a_package_asks_for_a_reboot(running, tmp_path):
    put(tmp_path, "boot/vmlinuz-6.1.0-9-amd64")
    assert restarts.find(running).reboot == ()
    put(tmp_path, "boot/vmlinuz-6.1.0-10-amd64")
    put(tmp_path, "run/reboot-required")
    put(tmp_path, "run/reboot-required.pkgs", "libc6\nlibc6\n")
    assert restarts.find(running).reboot == (
        "kernel 6.1.0-9-amd64 runs and 6.1.0-10-amd64 is installed",
        "libc6 asks for it in /run/reboot-required",
    )


def test_a_container_has_no_kernel_of_its_own(running, tmp_path):
    running.container = True
    put(tmp_path, "boot/vmlinuz-6.1.0-10-amd64")
    assert restarts.find(running).reboot == ()


def test_what_does_not_run_needs_no_restart(tree):
    host = tree({})
    assert restarts.find(host) == restarts.Restarts()
    assert {record["status"] for record in restarts.records(host, restarts.find(host), [])} == {"not_checked"}


def test_records_name_what_is_left(running):
    running.answers["systemctl"] = "web.service loaded failed failed Web\n"
    assert restarts.failed_units(running) == ["web.service"]
    found = {record["control"]: record for record in restarts.records(running, restarts.find(running), ["web.service"])}
    assert {name: record["status"] for name, record in found.items()} == {
        "patch-services-current": "fail",
        "patch-kernel-current": "pass",
        "patch-units-kept": "fail",
    }
    assert found["patch-services-current"]["message"] == "ssh.service, web.service, systemd run replaced code: start them again, or reboot"
