# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.security.aide import Aide
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting

CONFIGURATION = "/etc/aide/aide.conf"
TOOLS = ("/usr/sbin/auditctl", "/usr/sbin/ausearch")


@pytest.fixture
def aide(tree):
    """A host with AIDE and with tools of auditing."""

    def make(files=None, says=None, tools=TOOLS):
        programs = dict.fromkeys(["/usr/bin/aide", *tools], "")
        host = tree({CONFIGURATION: "database_in=file:/srv/aide.db\n", **programs, **(files or {})}, answers={"aide": says} if says else {})
        for program in programs:
            os.chmod(host.path(program), 0o755)
        return host

    return make


def seen(host, name, wanted):
    return audit(host, [Control("changes", {"aide": {name: wanted}})], "live")[0]


@pytest.mark.parametrize(
    ("configuration", "place"),
    [
        ("database_in=file:/srv/aide.db\n", "/srv/aide.db"),
        ("# mine\ndatabase = file:/srv/aide.db\ndatabase_out=file:/other\n", "/srv/aide.db"),
        ("report_level=changed_attributes\n", "/var/lib/aide/aide.db"),
    ],
)
def test_the_database_is_the_one_that_the_configuration_names(aide, configuration, place):
    assert seen(aide({CONFIGURATION: configuration, place: ""}), "database", "present")["status"] == "pass"


def test_a_database_that_nobody_made_is_absent_and_it_is_said_what_makes_it(aide):
    record = seen(aide({"/srv/aide.db.new": ""}), "database", "present")
    assert record["status"] == "fail" and "run aideinit" in record["message"]


def test_tools_that_aide_looks_at_are_covered_and_it_is_asked_once(aide):
    host = aide(says="".join(f"[X] f '{tool}': selective rule: '/ (none) l+p'\n" for tool in TOOLS))
    assert seen(host, "audit_tools", "covered")["status"] == "pass"
    assert host.ran == [["aide", f"--config={CONFIGURATION}", "--dry-init", "--limit=^(/usr/sbin/auditctl|/usr/sbin/ausearch)$"]]


def test_a_tool_that_a_rule_leaves_out_is_named(aide):
    host = aide(says=f"[X] f '{TOOLS[0]}': selective rule\n[ ] f '{TOOLS[1]}': negative rule: '!/usr/sbin/ausearch'\n")
    record = seen(host, "audit_tools", "covered")
    assert record["status"] == "fail" and record["message"] == f"no rule of AIDE covers {TOOLS[1]}"


def test_a_configuration_that_aide_does_not_take_is_an_error(aide):
    host = aide(says=CommandResult(17, "", "ERROR: /etc/aide/aide.conf:3: unknown option"))
    assert "unknown option" in seen(host, "audit_tools", "covered")["message"]


def test_without_auditd_or_without_aide_it_means_nothing(aide, tree):
    assert seen(aide(tools=()), "audit_tools", "covered")["status"] == "not_applicable"
    os.unlink(aide().path("/usr/bin/aide"))
    assert seen(tree(), "database", "present")["status"] == "not_applicable"


def test_another_value_is_refused(tree):
    with pytest.raises(BadSetting, match="aide database"):
        Aide(tree()).plan({"database": "absent"})
