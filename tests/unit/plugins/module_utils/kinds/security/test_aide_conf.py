# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.security.aide_conf import AideConf
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting

PATH, INCLUDED = "/etc/aide/aide.conf", "/etc/aide/aide.conf.d/70_site"
# As Debian ships it, shortened.
STOCK = "gzip_dbout=yes\n# What sums are there.\nChecksums = H\n\ndatabase_attrs = Checksums\nStaticFile = m+c+Checksums\n"
WANTED = {"Checksums": "sha256+sha512"}


def applied(host, wanted=None):
    plan = AideConf(host).plan(wanted or WANTED)
    for change in plan.changes:
        change.apply()
    return plan.changes


def seen(host):
    kind = AideConf(host)
    observation = kind.observe(WANTED)["Checksums"]
    return kind.satisfies("Checksums", WANTED["Checksums"], observation.value), observation.read_from


def test_the_line_changes_where_it_is_and_everything_else_stays(tree):
    host = tree({PATH: STOCK})
    os.chmod(host.path(PATH), 0o600)
    assert seen(host) == (False, f"{PATH}:3")
    applied(host)
    assert host.read(PATH) == STOCK.replace("= H", "= sha256+sha512")
    assert os.stat(host.path(PATH)).st_mode & 0o7777 == 0o600
    assert seen(host) == (True, f"{PATH}:3") and applied(host) == []


def test_a_group_that_is_not_there_is_added(tree):
    host = tree({PATH: "gzip_dbout=yes\n"})
    assert seen(host) == (False, PATH)
    applied(host)
    assert host.read(PATH) == "gzip_dbout=yes\nChecksums = sha256+sha512\n"


def test_a_file_is_named_with_what_is_compared_of_it(tree):
    host = tree({PATH: STOCK})
    wanted = {"/usr/sbin/auditd": "p+i+sha512"}
    applied(host, wanted)
    assert host.read(PATH) == f"{STOCK}/usr/sbin/auditd p+i+sha512\n"
    assert applied(host, wanted) == []
    assert AideConf(host).observe(wanted)["/usr/sbin/auditd"].value == "p+i+sha512"


def test_a_file_of_the_site_that_defines_it_anew_is_named(tree):
    host = tree({PATH: STOCK, INCLUDED: "# sums\nChecksums=md5\n"})
    applied(host)
    assert seen(host) == (False, f"{INCLUDED}:2")


@pytest.mark.parametrize(
    ("text", "holds", "where"),
    [
        ("Checksums = sha256 + sha512\n", True, f"{PATH}:1"),
        ("@@if defined X\nChecksums = sha256+sha512\n@@endif\n", False, PATH),
        ("Checksums = sha256+sha512\n@@ifdef X\nChecksums = md5\n@@endif\n", False, f"{PATH}:3"),
    ],
)
def test_a_line_under_a_condition_may_not_count(tree, text, holds, where):
    host = tree({PATH: text})
    assert seen(host) == (holds, where)
    applied(host)
    assert seen(host)[0] and applied(host) == []


def test_the_comment_behind_an_option_is_not_its_value(tree):
    host = tree({PATH: "report_level = list_entries # short\n"})
    assert AideConf(host).observe({"report_level": "list_entries"})["report_level"].value == "list_entries"


def test_what_aide_refuses_fails(tree, tmp_path):
    refused = CommandResult(17, "", f"ERROR: {PATH}:1: unexpected character: '#'\n")
    host = tree({PATH: "Checksums = sha256+sha512\n", "/usr/bin/aide": ""}, answers={"aide": refused})
    (tmp_path / "usr/bin/aide").chmod(0o755)
    observation = AideConf(host).observe(WANTED)["Checksums"]
    assert observation.value is None and "AIDE refuses its configuration: ERROR" in observation.message


@pytest.mark.parametrize(("booted", "value"), [(False, "sha256+sha512"), (True, None)])
def test_an_included_program_that_cannot_run_is_a_mistake_on_a_running_system_only(tree, tmp_path, booted, value):
    """Debian 13 includes one that asks the kernel, which a tree does not have."""
    refused = CommandResult(17, "", "ERROR: /etc/aide/aide.conf.d/10_aide_bootid: execution failed (exit status: 0)\n")
    host = tree({PATH: "Checksums = sha256+sha512\n", "/usr/bin/aide": ""}, answers={"aide": refused})
    (tmp_path / "usr/bin/aide").chmod(0o755)
    host.booted = booted
    assert AideConf(host).observe(WANTED)["Checksums"].value == value


def test_without_aide_it_means_nothing(tree):
    assert AideConf(tree({})).absent() == f"there is no {PATH}"


@pytest.mark.parametrize("wanted", [{"Checksums": ""}, {"Checksums": "md5\n!/etc"}, {"!/etc": "md5"}, {"Checksums": "md5 # weak"}])
def test_what_is_no_line_is_refused(tree, wanted):
    with pytest.raises(BadSetting, match="aide_conf"):
        AideConf(tree({PATH: STOCK})).plan(wanted)
