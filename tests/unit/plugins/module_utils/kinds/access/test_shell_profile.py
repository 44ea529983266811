# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.access.shell_profile import ShellProfile
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting

OURS = "/etc/profile.d/zz-hygeia.sh"
WANTED = {"TMOUT": 900, "umask": "027"}
PROFILE = """\
if [ -d /etc/profile.d ]; then
  for i in /etc/profile.d/*.sh; do
    if [ -r $i ]; then
      . $i
    fi
  done
  unset i
fi
"""


@pytest.fixture
def shell(system):
    def make(files=None, **kwargs):
        return system({"/etc/profile": PROFILE, **(files or {})}, "sh", "bash", "env", "setpriv", **kwargs)

    return make


def applied(host, wanted=None):
    plan = ShellProfile(host).plan(WANTED if wanted is None else wanted)
    for change in plan.changes:
        change.apply()
    return plan


def observed(host):
    kind = ShellProfile(host)
    return {
        name: (kind.satisfies(name, WANTED[name], seen.value), seen.read_from, seen.message) for name, seen in kind.observe(WANTED).items()
    }


def test_a_login_shell_shows_what_was_written(shell):
    host = shell()
    assert [change.target for change in applied(host).changes] == [OURS]
    assert applied(host).changes == []
    assert observed(host) == {"TMOUT": (True, f"{OURS}:8", ""), "umask": (True, f"{OURS}:22", "")}


def test_without_our_file_nothing_is_set(shell):
    host = shell()
    assert observed(host)["TMOUT"] == (False, "a login shell", "no file that a login shell reads sets TMOUT")
    assert observed(host)["umask"] == (False, "a login shell", "no file that a login shell reads sets umask")


def test_a_file_that_is_read_later_is_the_culprit(shell):
    host = shell({"/etc/profile.d/zzz.sh": "# site\numask 022\n"})
    applied(host)
    assert observed(host)["umask"] == (False, "/etc/profile.d/zzz.sh:2", "/etc/profile.d/zzz.sh:2 has the last word on umask")


def test_a_readonly_value_from_before_is_the_culprit_and_logins_go_on(shell):
    host = shell({"/etc/profile.d/aaa.sh": "readonly TMOUT=3600\n", "/etc/profile.d/zzz.sh": "unset TMOUT\n"})
    applied(host)
    assert observed(host)["TMOUT"] == (False, "/etc/profile.d/aaa.sh:1", "/etc/profile.d/aaa.sh:1 has the last word on TMOUT")
    assert observed(host)["umask"][0]


def test_a_timeout_that_a_user_can_unset_fails(shell):
    host = shell({"/etc/profile.d/site.sh": "TMOUT=600\n"})
    assert observed(host)["TMOUT"] == (False, "/etc/profile.d/site.sh:1", "/etc/profile.d/site.sh:1 lets a user change TMOUT")


def test_a_stricter_value_of_a_site_passes(shell):
    host = shell({"/etc/profile.d/site.sh": "readonly TMOUT=300\numask 077\n"})
    assert [met for met, unused_place, unused_message in observed(host).values()] == [True, True]


def test_a_stricter_value_of_a_site_stays(shell):
    host = shell({"/etc/profile.d/site.sh": "TMOUT=300\numask 077\n"})
    applied(host)
    kind = ShellProfile(host)
    assert {name: seen.value for name, seen in kind.observe(WANTED).items()} == {"TMOUT": "300", "umask": "0077"}


@pytest.mark.parametrize("before", ["TMOUT=soon", "TMOUT=0", "TMOUT=-1", "TMOUT=", "TMOUT='6 0'"])
def test_what_is_no_time_is_none(shell, before):
    host = shell({"/etc/profile.d/site.sh": f"{before}\n"})
    applied(host)
    assert observed(host)["TMOUT"][0]


@pytest.mark.skipif(os.geteuid() != 0, reason="root's own shell is started")
@pytest.mark.parametrize(
    ("path", "mode"), [("/etc/profile.d/autologout.sh", 0o600), ("/root/.profile", 0o644), ("/root/.bash_profile", 0o600)]
)
def test_a_value_that_root_alone_gets_is_the_culprit(shell, path, mode):
    host = shell({path: "TMOUT=3600\nreadonly TMOUT\nexport TMOUT\n"})
    os.chmod(host.path(path), mode)
    os.chmod(host.root, 0o755)
    os.makedirs(host.path("/etc/profile.d/old.sh"))  # which a shell complains of and passes over
    if not path.startswith("/root"):  # what comes first and is readonly cannot be changed by ours
        applied(host)
    else:
        host.write("/etc/profile.d/site.sh", "TMOUT=600\n[ $USER = root ] || readonly TMOUT\n")
    assert observed(host)["TMOUT"] == (False, f"{path}:1", f"root alone gets TMOUT=3600, by {path}:1")


def test_a_profile_that_ends_the_shell_is_an_error(shell):
    host = shell({"/etc/profile.d/site.sh": "exit 3\n"})
    assert {seen.status for seen in ShellProfile(host).observe(WANTED).values()} == {"error"}


@pytest.mark.parametrize("options", [["-lc"], ["-lic"], ["-luc"], ["-luec"]])
@pytest.mark.parametrize("program", ["bash", "dash"])
def test_the_file_suits_every_shell_and_scripts_have_no_timeout(shell, program, options):
    host = shell()
    applied(host)
    place = host.path(OURS)
    script = f'. {place}; . {place}; echo "${{TMOUT-none}} $(umask)"'
    run = subprocess.run(
        [program, *options, script],
        env={"HOME": "/nonexistent", "PATH": "/usr/bin:/bin"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout.split()[-2] == ("900" if "i" in options[0] else "none")
    assert run.stdout.split()[-1].endswith("027")


def test_what_left_the_profile_leaves_the_file(shell):
    host = shell()
    applied(host)
    applied(host, {"umask": "027"})
    assert "TMOUT" not in host.read(OURS)
    applied(host, {})
    assert host.read(OURS) is None


def test_a_part_of_the_settings_keeps_the_others(tree):
    host = tree({OURS: "[ $(($(umask) & 0027)) -eq $((0027)) ] || umask 027\n"})
    plan = ShellProfile(host).plan({"TMOUT": 600}, partial=True)
    assert "TMOUT=600" in plan.changes[0].after
    assert "umask 027" in plan.changes[0].after


@pytest.mark.parametrize(
    ("name", "value", "why"), [("PATH", "/bin", "neither TMOUT nor umask"), ("TMOUT", 0, "a number of seconds"), ("umask", 23, "in quotes")]
)
def test_what_cannot_be_expressed_is_reported(tree, name, value, why):
    with pytest.raises(BadSetting, match=why):
        ShellProfile(tree()).plan({name: value})
