# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.access.login_defs import LoginDefs
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting

PATH = "/etc/login.defs"
# As Debian 12 ships it, shortened.
STOCK = """\
# PASS_MAX_DAYS   Maximum number of days a password may be used.
UMASK\t\t022
#HOME_MODE\t0700
PASS_MAX_DAYS\t99999
PASS_MIN_DAYS\t0
ENCRYPT_METHOD SHA512
"""


def applied(host, wanted):
    kind = LoginDefs(host)
    plan = kind.plan(wanted)
    for change in plan.changes:
        change.apply()
    return plan.changes


def verdicts(host, wanted):
    kind = LoginDefs(host)
    return {name: kind.satisfies(name, wanted[name], seen.value) for name, seen in kind.observe(wanted).items()}


def test_lines_change_in_place_and_everything_else_stays(tree):
    host = tree({PATH: STOCK})
    wanted = {"PASS_MAX_DAYS": 365, "HOME_MODE": "0750", "UMASK": "027", "LOG_OK_LOGINS": True}
    applied(host, wanted)
    assert (
        host.read(PATH)
        == """\
# PASS_MAX_DAYS   Maximum number of days a password may be used.
UMASK\t027
HOME_MODE\t0750
PASS_MAX_DAYS\t365
PASS_MIN_DAYS\t0
ENCRYPT_METHOD SHA512
LOG_OK_LOGINS\tyes
"""
    )
    assert all(verdicts(host, wanted).values())
    assert applied(host, wanted) == []


def test_the_mode_of_the_file_stays(tree):
    host = tree({PATH: STOCK})
    os.chmod(host.path(PATH), 0o600)
    applied(host, {"PASS_MIN_DAYS": 1})
    assert os.stat(host.path(PATH)).st_mode & 0o7777 == 0o600


def test_what_a_site_set_more_strictly_stays_and_passes(tree):
    host = tree({PATH: "PASS_MAX_DAYS 90\nUMASK 077\nHOME_MODE 0700\nPASS_MIN_DAYS 7\n"})
    wanted = {"PASS_MAX_DAYS": 365, "UMASK": "027", "HOME_MODE": "0750", "PASS_MIN_DAYS": 1}
    assert applied(host, wanted) == []
    assert all(verdicts(host, wanted).values())


def test_of_a_name_that_pam_reads_too_a_first_line_with_another_value_is_the_culprit(tree):
    host = tree({PATH: "UMASK 022\nPASS_MAX_DAYS 365\nUMASK 027\n"})
    seen = LoginDefs(host).observe({"UMASK": "027"})["UMASK"]
    assert (seen.value, seen.read_from) == ("022", "/etc/login.defs:1")
    assert seen.message == "/etc/login.defs:1 sets UMASK to 022 once more"
    applied(host, {"UMASK": "027"})
    assert host.read(PATH) == "PASS_MAX_DAYS 365\nUMASK 027\n"


def test_a_stricter_line_that_is_in_force_stays(tree):
    host = tree({PATH: "  PASS_MAX_DAYS   99999\nUMASK 077\nPASS_MAX_DAYS 60"})
    wanted = {"PASS_MAX_DAYS": 365, "UMASK": "027"}
    assert applied(host, wanted) == []
    assert all(verdicts(host, wanted).values())


def test_a_last_line_without_an_end_is_a_line(tree):
    host = tree({PATH: "UMASK\t022"})
    applied(host, {"UMASK": "027", "PASS_MAX_DAYS": 365})
    assert host.read(PATH) == "UMASK\t027\nPASS_MAX_DAYS\t365\n"


def test_a_comment_behind_a_value_spoils_it(tree):
    host = tree({PATH: "PASS_MAX_DAYS 365 # a year\n"})
    assert verdicts(host, {"PASS_MAX_DAYS": 365}) == {"PASS_MAX_DAYS": False}


def test_what_no_line_sets_fails(tree):
    host = tree({PATH: "#HOME_MODE 0700\n"})
    assert verdicts(host, {"HOME_MODE": "0750"}) == {"HOME_MODE": False}
    assert LoginDefs(host).observe({"HOME_MODE": "0750"})["HOME_MODE"].message == "no line of /etc/login.defs sets HOME_MODE"


def test_inactive_lives_in_the_defaults_of_useradd(tree):
    host = tree({PATH: STOCK, "/etc/default/useradd": "# INACTIVE=-1\nSHELL=/bin/sh\n"})
    assert verdicts(host, {"INACTIVE": 30}) == {"INACTIVE": False}
    applied(host, {"INACTIVE": 30})
    assert host.read("/etc/default/useradd") == "INACTIVE=30\nSHELL=/bin/sh\n"
    assert verdicts(host, {"INACTIVE": 30}) == {"INACTIVE": True}


@pytest.mark.parametrize("never", ["-1", ""])
def test_an_inactive_account_that_never_closes_fails(tree, never):
    host = tree({PATH: STOCK, "/etc/default/useradd": f"INACTIVE={never}\n"})
    assert verdicts(host, {"INACTIVE": 30}) == {"INACTIVE": False}


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("PASS_MIN_LEN", 14, "does nothing on a system with PAM"),
        ("PASS_MAX_DAYS", "a year", "is a number"),
        ("UMASK", 23, "is an octal mode in quotes"),
        ("pass_max_days", 365, "is not a name of login.defs"),
        ("ENCRYPT_METHOD", "SHA512\nUMASK 000", "cannot be written"),
    ],
)
def test_what_cannot_be_expressed_is_reported(tree, name, value, why):
    host = tree({PATH: STOCK})
    with pytest.raises(BadSetting, match=why):
        LoginDefs(host).plan({name: value})
    with pytest.raises(BadSetting, match=why):
        LoginDefs(host).observe({name: value})


def test_check_mode_plans_and_writes_nothing(tree):
    host = tree({PATH: STOCK}, check=True)
    assert [change.target for change in LoginDefs(host).plan({"PASS_MAX_DAYS": 365}).changes] == [PATH]
    assert host.read(PATH) == STOCK


def test_without_login_defs_the_kind_means_nothing(tree):
    assert LoginDefs(tree()).absent() == "there is no /etc/login.defs"
