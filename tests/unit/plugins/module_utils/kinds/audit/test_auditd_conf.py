# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

PATH = "/etc/audit/auditd.conf"
TEXT = """\
#
# This file controls the configuration of the audit daemon
#
log_file = /var/log/audit/audit.log
max_log_file = 8
num_logs = 5
##name = mydomain
max_log_file_action = ROTATE
"""
CONTROL = Control("c", {"auditd_conf": {"max_log_file": 32, "max_log_file_action": "rotate"}})


def looked(host, **settings):
    return audit(host, [Control("c", {"auditd_conf": settings})], "offline")[0]


def test_a_line_is_changed_where_it_stands(tree):
    host = tree({PATH: TEXT})
    os.chmod(host.path(PATH), 0o640)
    assert [change.target for change in enforce(host, [CONTROL]).changes] == [PATH]
    assert host.read(PATH) == TEXT.replace("max_log_file = 8", "max_log_file = 32")
    assert os.stat(host.path(PATH)).st_mode & 0o777 == 0o640
    assert enforce(host, [CONTROL]).changes == []
    assert audit(host, [CONTROL], "offline")[0]["status"] == "pass"


def test_a_setting_that_is_only_described_is_added(tree):
    host = tree({PATH: TEXT})
    enforce(host, [Control("c", {"auditd_conf": {"name": "pacs"}})])
    assert host.read(PATH) == TEXT + "name = pacs\n"


def test_the_last_of_two_lines_counts_and_both_are_changed(tree):
    host = tree({PATH: TEXT + "max_log_file = 9\n"})
    record = looked(host, max_log_file=8)
    assert (record["status"], record["read_from"]) == ("fail", f"{PATH}:9")
    enforce(host, [CONTROL])
    assert host.read(PATH).count("max_log_file = 32\n") == 2


def test_names_are_read_without_regard_to_case_and_a_last_line_without_an_end_not_at_all(tree):
    host = tree({PATH: "Max_Log_File = 9\nmax_log_file_action = KEEP_LOGS"})
    assert looked(host, max_log_file=9)["status"] == "pass"
    assert looked(host, max_log_file_action="keep_logs")["message"] == f"{PATH} does not set max_log_file_action"
    enforce(host, [CONTROL])
    assert host.read(PATH) == "max_log_file = 32\nmax_log_file_action = rotate\n"


def test_an_edit_with_which_auditd_would_not_start_is_refused(tree):
    text = f"{TEXT}space_left = 75\nadmin_space_left = 50\n"
    host = tree({PATH: text})
    outcome = enforce(host, [Control("c", {"auditd_conf": {"space_left": 25}})]).outcomes[0]
    assert (outcome["outcome"], "space_left (25) must be more than admin_space_left (50)" in outcome["message"]) == ("failed", True)
    assert host.read(PATH) == text


# As auditd -f -n -c DIRECTORY says of each.
@pytest.mark.parametrize(
    ("line", "accepted"),
    [
        ("  max_log_file  =  9 ", True),
        ("  # said why", True),
        ("", True),
        ("space_left_action = exec /usr/local/bin/page", True),
        ("max_log_file=9", False),
        ("max_log_file =9", False),
        ("max_log_file\t=\t9", False),
        ("\tmax_log_file = 9", False),
        ("max_log_file = 9 # why", False),
        ("num_logs", False),
        ("num_logs = 1000", False),
        ("flush = sometimes", False),
        ("disk_error_action = rotate", False),
        ("space_left_action = exec", False),
        ("space_left = 10%", True),
        ("space_left = 50\nadmin_space_left = 50", False),
        (f"# {'-' * 200}", True),
    ],
)
def test_a_line_that_auditd_does_not_accept_keeps_it_from_starting(tree, line, accepted):
    record = looked(tree({PATH: f"max_log_file = 9\n{line}\n"}), max_log_file=9)
    assert record["status"] == ("pass" if accepted else "fail")
    assert accepted or f"it does not accept {PATH}:" in record["message"]


def test_what_is_not_set_fails(tree):
    record = looked(tree({PATH: TEXT}), space_left=75)
    assert (record["status"], record["message"]) == ("fail", f"{PATH} does not set space_left")


def test_a_name_that_auditd_does_not_know_would_keep_it_from_starting(tree):
    host = tree({PATH: TEXT})
    outcome = enforce(host, [Control("c", {"auditd_conf": {"max_log_fil": 1}})]).outcomes[0]
    assert (outcome["outcome"], "max_log_fil" in outcome["message"]) == ("failed", True)
    assert host.read(PATH) == TEXT


def test_the_daemon_reads_it_again(tree):
    host = tree({PATH: TEXT, "/run/auditd.pid": "238\n"}, booted=True, answers={"systemctl": ""})
    assert enforce(host, [CONTROL]).outcomes[0]["outcome"] == "changed"
    assert host.ran == [["systemctl", "kill", "--signal=HUP", "--kill-who=main", "auditd.service"]]


def test_a_daemon_that_does_not_is_a_failure(tree):
    error = CommandResult(1, "", "Failed to kill unit auditd.service: Access denied\n")
    host = tree({PATH: TEXT, "/run/auditd.pid": "238\n"}, booted=True, answers={"systemctl": error})
    assert enforce(host, [CONTROL]).outcomes[0]["outcome"] == "failed"


def test_a_daemon_that_does_not_run_reads_it_when_it_starts(tree):
    host = tree({PATH: TEXT}, booted=True)
    assert enforce(host, [CONTROL]).outcomes[0]["outcome"] == "changed"
    assert host.ran == []


@pytest.mark.parametrize("check", [True, False])
def test_without_auditd_nothing_is_done(tree, check):
    host = tree(check=check)
    assert enforce(host, [CONTROL]).outcomes[0]["outcome"] == "not_applicable"
    assert not host.exists(PATH)


def test_check_mode_shows_what_a_package_to_come_would_get(tree):
    host = tree(check=True)
    host.packages.plan("auditd", True)
    assert enforce(host, [CONTROL]).changes[0].after == "max_log_file = 32\nmax_log_file_action = rotate\n"
