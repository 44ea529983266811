# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.access.sudo import Sudo
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.access.sudo_rules import SudoRules
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting

OURS = "/etc/sudoers.d/zz-hygeia"
MAIN = """\
Defaults\tenv_reset
Defaults\tmail_badpass
Defaults\tsecure_path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
root\tALL=(ALL:ALL) ALL
%sudo\tALL=(ALL:ALL) ALL
@includedir /etc/sudoers.d
"""
WANTED = {"use_pty": True, "logfile": "/var/log/sudo.log", "timestamp_timeout": 15, "insults": False}
SSH = {"SSH_CONNECTION": "192.0.2.7 50000 192.0.2.1 22", "USER": "clara"}


@pytest.fixture
def sudo(system):
    def make(files=None, **kwargs):
        host = system({"/etc/sudoers": MAIN, **(files or {})}, "visudo", "cvtsudoers", **kwargs)
        for path in ["/etc/sudoers", *host.glob("/etc/sudoers.d/*")]:
            os.chmod(host.path(path), 0o440)
        return host

    return make


def applied(host, wanted=None, partial=False):
    plan = Sudo(host).plan(WANTED if wanted is None else wanted, partial)
    for change in plan.changes:
        change.apply()
    return plan


def observed(host, wanted=None):
    wanted = WANTED if wanted is None else wanted
    kind = Sudo(host)
    return {
        name: (kind.satisfies(name, wanted[name], seen.value), seen.read_from, seen.message) for name, seen in kind.observe(wanted).items()
    }


def test_what_is_written_is_what_sudo_reads(sudo):
    host = sudo()
    assert [change.target for change in applied(host).changes] == [OURS]
    assert os.stat(host.path(OURS)).st_mode & 0o7777 == 0o440
    assert {met for met, unused_place, unused_message in observed(host).values()} == {True}
    assert observed(host)["use_pty"] == (True, f"{OURS}:5", "")
    assert applied(host).changes == []


def test_words_and_commas_survive(sudo):
    wanted = {"badpass_message": "Say friend, and enter # now", "passwd_tries": 3}
    host = sudo()
    applied(host, wanted)
    assert {met for met, unused_place, unused_message in observed(host, wanted).values()} == {True}
    assert applied(host, wanted, partial=True).changes == []


def test_a_file_that_is_read_later_is_the_culprit(sudo):
    host = sudo({"/etc/sudoers.d/zzz": "# site\nDefaults !use_pty, passwd_tries=9\n"})
    applied(host)
    assert observed(host)["use_pty"] == (False, "/etc/sudoers.d/zzz:2", "/etc/sudoers.d/zzz:2 has the last word on use_pty")
    assert observed(host)["logfile"][0]


def test_a_line_behind_the_include_is_the_culprit(sudo):
    host = sudo({"/etc/sudoers": MAIN + "Defaults \\\n  lecture, \\\n  timestamp_timeout = -1 # forever\n"})
    applied(host)
    assert observed(host)["timestamp_timeout"][:2] == (False, "/etc/sudoers:7")


@pytest.mark.parametrize(
    ("line", "who"),
    [
        ("Defaults:backup, %ops !use_pty", "backup, %ops"),
        ("Defaults@web01 !use_pty", "web01"),
        ("Defaults>oper !use_pty", "oper"),
        ("Defaults!/usr/bin/vi !use_pty", "/usr/bin/vi"),
    ],
)
def test_a_default_for_some_alone_is_a_culprit_wherever_it_stands(sudo, line, who):
    host = sudo({"/etc/sudoers.d/aaa": line + "\n"})
    applied(host)
    assert observed(host)["use_pty"] == (False, "/etc/sudoers.d/aaa:1", f"/etc/sudoers.d/aaa:1 sets use_pty otherwise for {who}")


def test_a_stricter_value_for_some_is_none(sudo):
    host = sudo({"/etc/sudoers.d/aaa": "Defaults:backup timestamp_timeout=0\n"})
    applied(host)
    assert observed(host)["timestamp_timeout"][0]


def test_a_stricter_value_of_a_site_is_not_loosened(sudo):
    host = sudo({"/etc/sudoers.d/aaa": "Defaults timestamp_timeout=5\n"})
    applied(host)
    assert "timestamp_timeout" not in host.read(OURS)
    assert observed(host)["timestamp_timeout"][:2] == (True, "/etc/sudoers.d/aaa:1")
    assert applied(host).changes == []


def test_a_comment_that_ends_in_a_backslash_hides_nothing(sudo):
    host = sudo({"/etc/sudoers.d/zzz": "# Created by hand, path is C:\\tools\\\nDefaults !use_pty\nDefaults passwd_tries=9\n"})
    applied(host)
    assert observed(host)["use_pty"] == (False, "/etc/sudoers.d/zzz:2", "/etc/sudoers.d/zzz:2 has the last word on use_pty")


def test_a_file_for_the_host_has_its_say(sudo):
    host = sudo(
        {
            "/etc/sudoers": MAIN + "@include /etc/sudoers.%h\n",
            "/etc/sudoers.base": "Defaults:debian !use_pty\nDefaults timestamp_timeout=99\n",
        }
    )
    applied(host)
    assert observed(host)["use_pty"][2] == "/etc/sudoers.base:1 sets use_pty otherwise for debian"
    assert observed(host)["timestamp_timeout"][2] == "/etc/sudoers.base:2 has the last word on timestamp_timeout"


def test_files_with_a_dot_or_a_tilde_are_not_read(sudo):
    text = "Defaults !use_pty\n"
    host = sudo({"/etc/sudoers.d/zzz.conf": text, "/etc/sudoers.d/zzz~": text})
    applied(host)
    assert observed(host)["use_pty"][0]


def test_without_the_include_our_file_is_not_in_force(sudo):
    host = sudo({"/etc/sudoers": "root ALL=(ALL) ALL\n"})
    applied(host)
    assert observed(host)["use_pty"] == (False, "/etc/sudoers", "no file that sudo reads sets use_pty for everybody")


def test_a_nested_include_is_followed(sudo):
    host = sudo(
        {
            "/etc/sudoers": MAIN.replace("@includedir /etc/sudoers.d", '#include "/etc/sudo site/all"'),
            "/etc/sudo site/all": "@includedir /etc/sudoers.d\n#includedir late\n",
            "/etc/sudo site/late/x": "Defaults !use_pty\n",
        }
    )
    applied(host)
    assert observed(host)["use_pty"][:2] == (False, "/etc/sudo site/late/x:1")


def test_a_file_that_others_can_write_is_an_error(sudo):
    host = sudo({"/etc/sudoers.d/x": "Defaults lecture\n"})
    os.chmod(host.path("/etc/sudoers.d/x"), 0o666)
    with pytest.raises(RuntimeError, match="sudo does not read /etc/sudoers.d/x"):
        Sudo(host).observe(WANTED)


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("fly", True, 'Defaults fly: unknown defaults entry "fly"'),
        ("timestamp_timeout", "soon", 'value "soon" is invalid for option "timestamp_timeout"'),
        ("use_pty", 5, 'option "use_pty" does not take a value'),
        ("badpass_message", 'say "friend"', "cannot be written"),
        ("logfile", "/var/log/x\nALL ALL=(ALL) NOPASSWD: ALL", "cannot be written"),
    ],
)
def test_a_bad_setting_is_named_and_nothing_is_planned(sudo, name, value, why):
    with pytest.raises(BadSetting, match=why):
        Sudo(sudo()).plan({name: value, "insults": False})


def test_a_configuration_that_is_broken_already_is_left_alone(sudo):
    host = sudo({"/etc/sudoers.d/site": "clara ALL=(ALL\n"})
    plan = Sudo(host).plan(WANTED)
    assert plan.changes == []
    assert plan.refusals[0].why == ("sudo's configuration is already broken; fix it first: /etc/sudoers.d/site:1:15: syntax error")
    assert plan.refusals[0].names == set(WANTED)


def test_the_operator_keeps_his_sudo(sudo):
    wanted = {"requiretty": True, "targetpw": True, "use_pty": True}
    plan = applied(sudo(booted=True, environ=SSH), wanted)
    assert {name for refusal in plan.refusals for name in refusal.names} == {"requiretty", "targetpw"}
    assert plan.refusals[0].why == (
        "requiretty would lock out clara, whose SSH login runs this: sudo would refuse a login without a terminal"
    )
    assert [line for line in plan.changes[0].after.splitlines() if line[0] != "#"] == ["Defaults use_pty"]


def test_root_and_a_template_are_not_protected_from_it(sudo):
    for environ in ({**SSH, "USER": "root"}, {}):
        assert Sudo(sudo(booted=True, environ=environ)).plan({"requiretty": True}).refusals == []


def test_check_mode_before_sudo_is_installed_plans_without_it(tree):
    host = tree(check=True)
    assert Sudo(host).absent() == "sudo is not installed"
    host.packages.plan("sudo", True)
    assert Sudo(host).absent() == ""
    assert [change.target for change in Sudo(host).plan(WANTED).changes] == [OURS]


def test_validation_leaves_nothing_behind(sudo):
    host = sudo(check=True)
    assert Sudo(host).plan(WANTED).changes
    assert host.glob("/run/.hygeia*") == []
    assert host.glob("/etc/sudoers.d/*") == []


def test_a_configuration_without_a_line_sets_nothing(sudo):
    """Of nothing the parser prints nothing, not an empty object."""
    host = sudo({"/etc/sudoers": ""})
    assert observed(host, {"use_pty": True})["use_pty"][0] is False
    assert SudoRules(host).observe({"without_password": []})["without_password"].value == []
