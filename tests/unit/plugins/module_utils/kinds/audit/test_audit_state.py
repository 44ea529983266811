# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import hashlib
import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult

RULES = "/etc/audit/rules.d/50-site.rules"
WRITTEN = (
    "# rules of the site\n-D\n-b 8192\n"
    "-w /etc/passwd -p wa -k identity\n"
    "-a always,exit -F arch=b64 -S unlink,rename -F auid>=1000 -F auid!=unset -F key=delete\n-e 2\n"
)
# The same as the kernel tells them: in other words, and with a key of its own.
RUNNING = "-w /etc/passwd -p wa -k identity\n-a always,exit -F arch=b64 -S rename,unlink -F auid>=1000 -F auid!=-1 -F key=delete\n"
ELF = "\x7fELF"


@pytest.fixture
def system(tree):
    def make(answers=None, files=None, **kwargs):
        host = tree({RULES: WRITTEN, "/usr/sbin/auditctl": ELF, **(files or {})}, answers=answers or {}, **kwargs)
        os.chmod(host.path("/usr/sbin/auditctl"), 0o755)
        return host

    return make


def looked(host, name, wanted):
    return audit(host, [Control("c", {"audit_state": {name: wanted}})], "live" if host.booted else "offline")[0]


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("/usr/sbin/augenrules: No change\n", "pass"),
        ("/usr/sbin/augenrules: No change\naugenrules: Audit system is in immutable mode - exiting with no changes\n", "pass"),
        ("/usr/sbin/augenrules: Rules have changed and should be updated\n", "fail"),
    ],
)
def test_augenrules_says_whether_the_joined_rules_are_current(system, said, status):
    host = system({"augenrules": said})
    assert looked(host, "joined_rules", "current")["status"] == status
    assert host.ran == [["augenrules", "--check"]]


def test_without_an_answer_nothing_is_called_current(system):
    assert looked(system(), "joined_rules", "current")["status"] == "error"


def test_the_kernel_has_the_rules_of_the_files_whichever_way_it_tells_them(system):
    assert looked(system({"auditctl": RUNNING}, booted=True), "running_rules", "as on disk")["status"] == "pass"


@pytest.mark.parametrize(
    ("running", "why"),
    [
        (RUNNING.splitlines()[0] + "\n", "is in /etc/audit/rules.d alone"),
        (f"{RUNNING}-a never,exit -F path=/etc/shadow -F perm=wa\n", "-F path=/etc/shadow -F perm=wa is in the kernel alone"),
        ("No rules\n", "-w /etc/passwd -p wa -k identity is in /etc/audit/rules.d alone"),
    ],
)
def test_a_rule_that_only_one_side_has_is_named(system, running, why):
    record = looked(system({"auditctl": running}, booted=True), "running_rules", "as on disk")
    assert record["status"] == "fail"
    assert why in record["message"]


def test_where_no_kernel_runs_nothing_is_compared(system):
    assert looked(system(), "running_rules", "as on disk")["status"] == "not_applicable"
    assert looked(system(booted=True, container=True), "running_rules", "as on disk")["status"] == "not_applicable"


def test_a_kernel_that_does_not_tell_its_rules_is_an_error(system):
    host = system({"auditctl": CommandResult(1, "", "Operation not permitted")}, booted=True)
    assert "cannot be read" in looked(host, "running_rules", "as on disk")["message"]


def test_a_tool_that_is_not_of_its_package_is_named(system):
    digest = hashlib.md5(ELF.encode()).hexdigest()
    digests = f"{digest}  usr/sbin/auditctl\n{digest}  usr/share/doc/auditd/README\n"
    host = system(files={"/var/lib/dpkg/info/auditd.md5sums": digests})
    assert looked(host, "tools", "as packaged")["status"] == "pass"
    host.write("/usr/sbin/auditctl", "another", 0o755)
    assert looked(host, "tools", "as packaged")["message"] == "not as packaged: /usr/sbin/auditctl"


def test_without_digests_nothing_is_called_unaltered(system):
    assert looked(system(), "tools", "as packaged")["status"] == "not_checked"


def test_nothing_is_ever_written(system):
    host = system()
    enforced = enforce(host, [Control("c", {"audit_state": {"tools": "as packaged"}})])
    assert (enforced.changes, enforced.outcomes[0]["outcome"]) == ([], "unchanged")


def test_a_name_that_is_not_known_is_reported(system):
    assert "choose one of joined_rules, running_rules, tools" in looked(system(), "rules", "any")["message"]
