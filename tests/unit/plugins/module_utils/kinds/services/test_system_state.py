# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.services.system_state import FACTS, host_keys
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

SS = """\
udp   UNCONN 0      0                127.0.0.1:323        0.0.0.0:*    users:(("chronyd",pid=512,fd=5))
udp   UNCONN 0      0      10.0.2.15%enp0s2:68           0.0.0.0:*    users:(("systemd-network",pid=217,fd=18))
udp   UNCONN 0      0      [fe80::5054:ff:fe12:3456]%enp0s2:546     [::]:*    users:(("systemd-network",pid=217,fd=22))
tcp   LISTEN 0      128                0.0.0.0:22         0.0.0.0:*    users:(("sshd",pid=263,fd=3),("sshd",pid=261,fd=3))
tcp   LISTEN 0      128                   [::]:22            [::]:*    users:(("sshd",pid=263,fd=4))
tcp   LISTEN 0      4096                     *:2049             *:*
tcp   LISTEN 0      100                  [::1]:25            [::]:*    users:(("master",pid=700,fd=14))
"""
KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEA2t0t71swlACp9VgPte1hgmmeKtRUKMvsHXknS3KV4 root@template\n"
FINGERPRINT = "SHA256:XLOGpEPr/y5Ihe/lf3mcDq/pOC/dAeyiJVqB3bUlUTM"
KEY_FILE = "/etc/ssh/ssh_host_ed25519_key.pub"


def record(host, **settings):
    return audit(host, [Control("state", {"system_state": settings})], "boot")[0]


def booted(tree, facts=None, **answers):
    files = {FACTS: json.dumps(facts), KEY_FILE: KEY} if facts else {}
    return tree(files, booted=True, answers=answers)


# -- systemd ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "code", "status"), [("running", 0, "pass"), ("degraded", 1, "pass"), ("starting", 1, "fail"), ("maintenance", 1, "fail")]
)
def test_a_system_has_started_unless_systemd_is_still_at_it(tree, state, code, status):
    host = booted(tree, systemctl=CommandResult(code, state + "\n", ""))
    assert record(host, startup="finished")["status"] == status


def test_a_failed_unit_is_reported_with_its_reason(tree):
    answers = {
        "systemctl list-units --state=failed --plain --no-legend --full": (
            "apt-daily.service loaded failed failed Daily apt\nnginx.service loaded failed failed Web\n"
        ),
        "systemctl show --property=Result --value nginx.service": "exit-code\n",
    }
    found = record(booted(tree, **answers), failed_units=["apt-daily.service"])
    assert found["status"] == "fail"
    assert found["observed"] == {"system_state: failed_units": ["apt-daily.service", "nginx.service"]}
    assert found["message"] == "nginx.service failed (exit-code)"


FRESHCLAM = "clamav-freshclam-once.service"


def failing(tree, *units, code, facts=None):
    answers = {
        "systemctl list-units --state=failed --plain --no-legend --full": "".join(f"{unit} loaded failed failed Some\n" for unit in units),
        f"systemctl show --property=ExecMainStatus --value {FRESHCLAM}": f"{code}\n",
        **{f"systemctl show --property=Result --value {unit}": "exit-code\n" for unit in units},
    }
    return record(booted(tree, facts, **answers), failed_units=[])


BOOT_CHECK = {"login": "publickey", "user": "hygeia-verify", "seconds": 31.4, "template_host_keys": []}


@pytest.mark.parametrize("code", ["5", "11"])
def test_a_unit_that_could_only_not_fetch_something_is_not_judged_in_the_boot_check(tree, code):
    found = failing(tree, FRESHCLAM, code=code, facts=BOOT_CHECK)
    assert found["status"] == "not_checked"
    assert found["message"].startswith(f"{FRESHCLAM} could not fetch signatures")


def test_such_a_unit_that_failed_for_another_reason_is_broken(tree):
    found = failing(tree, FRESHCLAM, code="9", facts=BOOT_CHECK)
    assert (found["status"], found["message"]) == ("fail", f"{FRESHCLAM} failed (exit-code)")


def test_it_hides_no_unit_that_failed_beside_it(tree):
    found = failing(tree, FRESHCLAM, "nginx.service", code="11", facts=BOOT_CHECK)
    assert (found["status"], found["message"]) == ("fail", "nginx.service failed (exit-code)")


def test_on_a_host_at_work_what_cannot_be_fetched_is_a_failure(tree):
    assert failing(tree, FRESHCLAM, code="11")["status"] == "fail"


def test_units_that_may_fail_are_tolerated(tree):
    host = booted(tree, systemctl="apt-daily.service loaded failed failed Daily apt\n")
    assert record(host, failed_units=["apt-daily.service"])["status"] == "pass"


def test_no_failed_unit_is_a_pass(tree):
    assert record(booted(tree, systemctl=""), failed_units=[])["status"] == "pass"


def test_a_systemd_that_does_not_answer_is_an_error(tree):
    host = booted(tree, systemctl=CommandResult(1, "", "Failed to connect to bus\n"))
    assert record(host, failed_units=[])["status"] == "error"
    assert record(host, startup="finished")["status"] == "error"


# -- ports -------------------------------------------------------------------------


def test_ports_that_only_this_machine_reaches_do_not_count(tree):
    found = record(booted(tree, ss=SS), listening_ports=["22/tcp", "68/udp", "546/udp", "2049/tcp"])
    assert found["status"] == "pass"
    assert found["observed"] == {"system_state: listening_ports": ["22/tcp", "2049/tcp", "68/udp", "546/udp"]}


def test_a_port_that_nobody_declared_is_reported_with_its_program(tree):
    found = record(booted(tree, ss=SS), listening_ports=["546/udp", "68/udp"])
    assert found["status"] == "fail"
    assert found["message"] == "sshd listens on 22/tcp; the kernel listens on 2049/tcp"


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("127.0.0.1:25", "pass"),
        ("[::1]:587", "pass"),
        ("0.0.0.0:22", "pass"),
        ("0.0.0.0:25", "fail"),
        ("*:465", "fail"),
        ("[::]:587", "fail"),
    ],
)
def test_mail_is_taken_from_this_machine_only(tree, address, status):
    host = booted(tree, ss=f'tcp LISTEN 0 100 {address} 0.0.0.0:* users:(("master",pid=7,fd=13))\n')
    assert record(host, mail_ports=[])["status"] == status


def test_ports_that_cannot_be_listed_are_an_error(tree):
    assert record(booted(tree), listening_ports=["22/tcp"])["status"] == "error"


# -- the boot check ------------------------------------------------------------------


def test_the_login_of_the_boot_check_is_reported(tree):
    facts = {"login": "publickey", "user": "hygeia-verify", "seconds": 31.4, "template_host_keys": []}
    found = record(booted(tree, facts), ssh_login="publickey")
    assert (found["status"], found["message"]) == ("pass", "logged in as hygeia-verify, the check's own account, after 31 s")


def test_host_keys_that_are_not_in_the_template_are_new(tree):
    facts = {"template_host_keys": ["SHA256:somethingelse"]}
    found = record(booted(tree, facts), ssh_host_keys="new")
    assert (found["status"], found["read_from"]) == ("pass", KEY_FILE)


def test_a_host_key_of_the_template_is_shared_by_every_clone(tree):
    facts = {"template_host_keys": [FINGERPRINT]}
    found = record(booted(tree, facts), ssh_host_keys="new")
    assert found["status"] == "fail"
    assert found["message"].startswith(f"{KEY_FILE} is in the template")


def test_a_system_without_host_keys_fails(tree):
    host = tree({FACTS: json.dumps({"template_host_keys": []})}, booted=True)
    assert record(host, ssh_host_keys="new")["status"] == "fail"


def test_a_host_that_the_boot_check_did_not_boot_is_not_judged(tree):
    assert record(booted(tree), ssh_login="publickey", ssh_host_keys="new")["status"] == "not_applicable"


def test_fingerprints_are_those_of_ssh_keygen(tree):
    host = tree({KEY_FILE: KEY, "/etc/ssh/ssh_host_rsa_key.pub": "garbage\n"})
    assert host_keys(host) == {FINGERPRINT: KEY_FILE}


# -- the kind ------------------------------------------------------------------------


def test_nothing_is_observed_where_nothing_runs(tree):
    assert record(tree(), startup="finished")["status"] == "not_applicable"


def test_enforcing_plans_nothing(tree):
    host = booted(tree)
    done = enforce(host, [Control("state", {"system_state": {"failed_units": []}})])
    assert (done.changes, done.outcomes[0]["outcome"], host.ran) == ([], "unchanged", [])


def test_a_name_that_does_not_exist_is_an_error_of_its_own(tree):
    host = booted(tree, systemctl="")
    controls = [Control("good", {"system_state": {"failed_units": []}}), Control("bad", {"system_state": {"mood": "fine"}})]
    good, bad = audit(host, controls, "boot")
    assert (good["status"], bad["status"]) == ("pass", "error")
    assert "there is no mood" in bad["message"]
