# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
import socket
import threading

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import boot_check
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import wait_until
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.plugin_utils.results.join import failing
from bootlab import REQUEST


def test_the_guest_came_up_with_its_own_boot_loader(lab):
    assert lab.guest["firmware"] == "uefi"
    assert lab.run("test", "-d", "/sys/firmware/efi").returncode == 0
    assert lab.guest["seconds"] > 0
    assert b"BOOT_IMAGE=/boot/vmlinuz" in lab.run("cat", "/proc/cmdline").stdout


def test_commands_run_in_the_guest_as_root(lab):
    assert lab.run("id", "--user").stdout == b"0\n"
    assert lab.run("cat", "/proc/sys/kernel/random/boot_id").stdout != open("/proc/sys/kernel/random/boot_id", "rb").read()


def test_arguments_input_and_exit_code_arrive_as_they_are(lab):
    awkward = ["it's", "two words", "", "$HOME", "two\nlines"]
    script = "import sys; print(sys.argv[1:], flush=True); sys.stdout.buffer.write(sys.stdin.buffer.read()); sys.exit(7)"
    ran = lab.run("python3", "-c", script, *awkward, input=bytes(range(256)) * 400)
    head, unused_newline, rest = ran.stdout.partition(b"\n")
    assert (ran.returncode, head.decode(), rest) == (7, repr(awkward), bytes(range(256)) * 400)


def test_nothing_of_the_guest_reaches_the_template_or_the_session(lab):
    lab.run("sh", "-c", "echo changed >/etc/motd; sync")
    assert lab.digest() == lab.digests


def test_the_guest_has_all_disks_in_their_order(lab):
    assert lab.run("findmnt", "--noheadings", "--output", "SOURCE", "/opt").stdout == b"/dev/vdb\n"
    assert lab.run("cat", "/opt/kept").stdout == b"kept\n"
    assert lab.run("sh", "-c", "echo changed >/opt/kept; sync").returncode == 0
    assert lab.digest() == lab.digests and len(lab.digests) == 4


def test_the_guest_cannot_reach_the_build_host_or_anything_else(lab):
    script = "import socket; socket.create_connection(('10.0.2.2', {}), 10)"
    reached = threading.Event()
    with socket.create_server(("0.0.0.0", 0)) as server:
        server.settimeout(30)

        def accept():
            try:
                server.accept()
                reached.set()
            except OSError:
                pass

        threading.Thread(target=accept, daemon=True).start()
        ran = lab.run("python3", "-c", script.format(server.getsockname()[1]))
    assert ran.returncode != 0
    assert not reached.is_set()


def test_the_host_keys_were_made_in_this_boot(lab, records):
    assert lab.guest["template_host_keys"] == []
    assert len(lab.guest["host_keys"]) >= 2
    assert records["boot-ssh-host-keys-new"]["status"] == "pass"


def test_the_login_is_a_result(lab, records):
    assert records["boot-ssh-login"]["status"] == "pass"
    assert records["boot-ssh-login"]["message"].startswith(f"logged in as {lab.brought['account']}, the check's own account, after")


def test_the_checks_own_account_is_no_finding_and_one_of_such_a_name_is(lab, records):
    """The template has an account hygeia-verify by itself."""
    assert records["account-members"]["message"] == "hygeia-verify is a member of remote"
    for rules in ("unrestricted", "without_password"):
        found = records["sudo-unrestricted"]["observed"][f"sudo_rules: {rules}"]
        assert "hygeia-verify" in found and lab.brought["account"] not in found


def test_the_system_started_to_the_end_with_a_failed_unit(lab, records):
    assert lab.guest["system_state"] == "degraded"
    assert lab.guest["failed_units"] == ["broken.service"]
    assert records["boot-completes"]["status"] == "pass"
    assert records["boot-no-failed-units"]["status"] == "fail"
    assert records["boot-no-failed-units"]["message"] == "broken.service failed (exit-code)"


def test_only_the_port_that_others_reach_is_reported(records):
    assert records["boot-listening-ports"]["status"] == "fail"
    assert records["boot-listening-ports"]["message"] == "python3 listens on 8080/tcp"


def test_the_site_tries_what_the_copy_is_for(records):
    tried = {name: records[f"smoke-{name}"] for name in ("answers", "worklist")}
    assert {name: (record["status"], record["stage"]) for name, record in tried.items()} == {
        "answers": ("pass", "boot"),
        "worklist": ("fail", "boot"),
    }
    assert failing(list(tried.values()), "critical") == [tried["worklist"]]  # so nothing would be promoted


def test_a_second_guest_is_refused(lab):
    with pytest.raises(ImageError, match="has a guest already"):
        lab.boot()
    assert lab.run("true").returncode == 0


def test_the_guest_shuts_down_and_nothing_is_left(lab):
    """The last one: the guest of this directory ends here."""
    guard = lab.guard
    assert boot_check.stop(lab.session, REQUEST) is True
    assert not guard.alive
    assert wait_until(lambda: not lab.processes(), 10), lab.processes()
    assert not os.path.exists(f"{lab.directory}/boot")
    assert lab.session.state == "closed"
    assert b"is closed" in lab.run("true").stderr
    assert lab.digest() == lab.digests
    assert boot_check.stop(lab.session, REQUEST) is None
