# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
import re
import shutil

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.access.pam import Pam
from ansible_collections.hygeia.golden.plugins.module_utils.system.pam import profiles as pam_profiles
from ansible_collections.hygeia.golden.plugins.module_utils.system.pam import stack as pam_stack
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.pending_files import PendingFiles
from ansible_collections.hygeia.golden.tests.unit.platforms import debian_pam

WANTED = {
    "faillock.deny": 5,
    "faillock.unlock_time": 900,
    "faillock.even_deny_root": False,
    "pwquality.minlen": 14,
    "pwhistory.remember": 24,
    "pwhistory.enforce_for_root": True,
    "unix.nullok": False,
    "unix.hash": "yescrypt",
}
PWQUALITY = "/etc/security/pwquality.conf.d/zz-hygeia.conf"


@pytest.fixture
def debian(tree):
    """Debian 12's PAM; pam-auth-update is this machine's own, sent to the tree."""
    if not shutil.which("pam-auth-update"):
        pytest.skip("pam-auth-update is not installed on this machine")

    def make(files=None, **kwargs):
        host = tree({**debian_pam.files(), **(files or {})}, **kwargs)
        os.chmod(host.path("/usr/sbin/pam-auth-update"), 0o755)
        os.makedirs(host.path("/run"), exist_ok=True)

        host.answers["env"] = lambda argv, unused_stdin: debian_pam.update(host, argv)
        return host

    return make


def applied(host, wanted=None, partial=False):
    plan = Pam(host).plan(WANTED if wanted is None else wanted, partial)
    for change in plan.changes:
        change.apply()
    return plan


def wrong(host, wanted=None):
    """What differs from the expected values, as ``{name: (value, place, message)}``."""
    wanted = WANTED if wanted is None else wanted
    kind = Pam(host)
    return {
        name: (seen.value, seen.read_from, seen.message)
        for name, seen in kind.observe(wanted).items()
        if not kind.satisfies(name, wanted[name], seen.value)
    }


def rules(host, phase):
    text = host.read(f"/etc/pam.d/common-{phase}")
    return [" ".join(line.split()[1:]) for line in text.splitlines() if not line.startswith("#")]


# -- enforcing ------------------------------------------------------------------


def test_the_stacks_are_right_and_the_second_time_changes_nothing(debian):
    host = debian()
    assert set(wrong(host)) == set(WANTED) - {"unix.hash"}
    assert applied(host).refusals == []
    assert rules(host, "auth") == [
        "requisite pam_faillock.so preauth",
        "[success=2 default=ignore] pam_unix.so try_first_pass",
        "[default=die] pam_faillock.so authfail",
        "requisite pam_deny.so",
        "required pam_permit.so",
        "required pam_faillock.so authsucc",
    ]
    assert rules(host, "account")[:2] == ["required pam_faillock.so", "[success=1 new_authtok_reqd=done default=ignore] pam_unix.so"]
    assert rules(host, "password")[:3] == [
        "requisite pam_pwquality.so retry=3",
        "requisite pam_pwhistory.so use_authtok enforce_for_root remember=24",
        "[success=1 default=ignore] pam_unix.so obscure use_authtok try_first_pass yescrypt",
    ]
    assert host.read("/etc/security/faillock.conf") == "deny = 5\nunlock_time = 900\n# even_deny_root\n"
    assert host.read(PWQUALITY).splitlines()[1:] == ["minlen = 14"]
    assert wrong(host) == {}
    assert applied(host).changes == []


def test_pam_auth_update_goes_on_to_manage_the_files(debian):
    host = debian()
    applied(host)
    texts = pam_profiles.updated(PendingFiles(host, {}), ["pwquality"], [])
    assert {path: text for path, text in texts.items() if host.read(path) != text} == {}


def test_the_jumps_fit_when_another_module_joins(debian):
    sss = "Name: SSS\nDefault: yes\nPriority: 128\nAuth-Type: Primary\nAuth:\n\t[success=end default=ignore]\tpam_sss.so use_first_pass\n"
    host = debian({"/usr/share/pam-configs/sss": sss})
    applied(host)
    assert rules(host, "auth")[1:4] == [
        "[success=3 default=ignore] pam_unix.so try_first_pass",
        "[success=2 default=ignore] pam_sss.so use_first_pass",
        "[default=die] pam_faillock.so authfail",
    ]
    assert wrong(host) == {}


def test_files_that_were_edited_by_hand_are_left_alone(debian):
    text = debian_pam.common("auth").replace("# here's the fallback", "auth required pam_group.so\n# here's the fallback")
    host = debian({"/etc/pam.d/common-auth": text})
    plan = applied(host)
    assert {name for refusal in plan.refusals for name in refusal.names} == {
        name
        for name in WANTED
        if not name.startswith(("unix.", "pwquality."))  # pwquality is in the stack already
    }
    assert plan.refusals[0].why.startswith("pam-auth-update leaves /etc/pam.d/common-* alone, because somebody has edited them by hand")
    assert host.read("/etc/pam.d/common-auth") == text.replace(" nullok", "")
    assert not host.exists("/usr/share/pam-configs/hygeia-faillock-preauth")


def test_what_another_profile_sees_to_is_not_done_twice(debian):
    host = debian()
    applied(host)
    for profile in pam_profiles.FAILLOCK:
        os.rename(host.path(pam_profiles.path(profile)), host.path(pam_profiles.path(profile.replace("hygeia", "site"))))
    assert applied(host, {"faillock.deny": 5}, partial=True).changes == []


def test_a_stack_that_would_let_nobody_in_is_never_installed(debian):
    host = debian({"/usr/share/pam-configs/unix": debian_pam.UNIX.replace("success=end default=ignore", "default=die")})
    plan = Pam(host).plan(WANTED)
    assert plan.refusals[0].why == "pam-auth-update would make an /etc/pam.d/common-auth that lets nobody in"
    assert {change.target for change in plan.changes} == {"/etc/security/faillock.conf", PWQUALITY, "/etc/pam.d/common-auth"}


def test_check_mode_shows_the_stacks_and_writes_nothing(debian):
    host = debian(check=True)
    after = {change.target: change.after for change in Pam(host).plan(WANTED).changes}
    assert "pam_faillock.so preauth" in after["/etc/pam.d/common-auth"]
    assert host.read("/etc/pam.d/common-auth") == debian_pam.common("auth")
    assert os.listdir(host.path("/run")) == []


def test_what_left_the_profile_leaves_the_stacks(debian):
    host = debian()
    applied(host)
    applied(host, {"pwquality.minlen": 14})
    assert not [rule for phase in debian_pam.PRIMARY for rule in rules(host, phase) if "faillock" in rule or "pwhistory" in rule]
    assert [path for path in host.glob("/usr/share/pam-configs/*") if "hygeia" in path] == []
    applied(host, {})
    assert host.read(PWQUALITY) is None


def test_a_part_of_the_settings_keeps_the_others(debian):
    host = debian()
    applied(host)
    applied(host, {"pwquality.minclass": 3, "pwhistory.remember": 12}, partial=True)
    assert host.read(PWQUALITY).splitlines()[1:] == ["minclass = 3", "minlen = 14"]
    assert "requisite pam_pwhistory.so use_authtok enforce_for_root remember=12" in rules(host, "password")
    assert "requisite pam_faillock.so preauth" in rules(host, "auth")


def test_a_module_that_is_not_installed_is_refused_and_one_that_would_be_is_planned(debian):
    host = debian()
    os.unlink(host.path("/usr/lib/x86_64-linux-gnu/security/pam_pwquality.so"))
    plan = Pam(host).plan(WANTED)
    assert [(set(refusal.names), refusal.why) for refusal in plan.refusals] == [
        ({"pwquality.minlen"}, "libpam-pwquality or libpwquality is not installed")
    ]
    host.packages.plan("libpam-pwquality", True)
    plan = Pam(host).plan({"pwquality.minlen": 14})
    assert ([change.target for change in plan.changes], plan.refusals) == ([PWQUALITY], [])


def test_what_a_site_set_more_strictly_stays(debian):
    host = debian({"/etc/security/faillock.conf": "deny = 3\nunlock_time = 0\n"})
    applied(host)
    assert host.read("/etc/security/faillock.conf") == "deny = 3\nunlock_time = 0\n"
    assert wrong(host) == {}


def test_the_line_that_is_in_force_counts_and_is_not_loosened(debian):
    host = debian({"/etc/security/faillock.conf": "deny 9\ndeny 3 # as agreed\nunlock_time=600#\n"})
    applied(host)
    assert host.read("/etc/security/faillock.conf") == "deny 9\ndeny 3 # as agreed\nunlock_time = 900  #\n"
    assert wrong(host) == {}


def test_a_longer_password_that_a_site_asks_for_is_not_shortened(debian):
    host = debian({"/etc/security/pwquality.conf.d/50-site.conf": "minlen 20\n"})
    applied(host)
    assert host.read(PWQUALITY) is None
    assert wrong(host) == {}


def test_root_is_locked_only_when_asked(debian):
    host = debian({"/etc/security/faillock.conf": "even_deny_root\n"})
    assert set(wrong(host, {"faillock.even_deny_root": False})) == {"faillock.even_deny_root"}
    applied(host)
    assert host.read("/etc/security/faillock.conf") == "# even_deny_root\ndeny = 5\nunlock_time = 900\n"
    applied(host, {**WANTED, "faillock.even_deny_root": True})
    assert host.read("/etc/security/faillock.conf") == "even_deny_root\ndeny = 5\nunlock_time = 900\n"
    assert set(wrong(host)) == {"faillock.even_deny_root"}


def test_a_stack_without_nullok_stays_so_and_the_hash_can_be_chosen(debian):
    host = debian()
    applied(host, {"unix.nullok": False, "unix.hash": "sha512"})
    assert rules(host, "auth")[0] == "[success=1 default=ignore] pam_unix.so"
    assert rules(host, "password")[1].endswith("pam_unix.so obscure use_authtok try_first_pass sha512")
    assert wrong(host, {"unix.hash": "sha512"}) == {}
    applied(host)
    assert rules(host, "password")[2].endswith("pam_unix.so obscure use_authtok try_first_pass yescrypt")


def test_a_rule_against_former_passwords_that_somebody_else_made_gets_its_options(debian):
    rule = "password requisite pam_pwhistory.so \\\n  use_authtok remember=3 # of the site\n"
    host = debian({"/etc/pam.d/common-password": rule + debian_pam.common("password")})
    applied(host, {"pwhistory.remember": 24, "pwhistory.enforce_for_root": True, "pwhistory.retry": 1})
    assert host.lines("/etc/pam.d/common-password")[0] == (
        "password requisite pam_pwhistory.so use_authtok enforce_for_root remember=24  # of the site"
    )
    assert wrong(host, {"pwhistory.remember": 24, "pwhistory.enforce_for_root": True, "pwhistory.retry": 1}) == {}


UMASK = {"umask.umask": "027"}


def sessions(host):
    return [[line.split()[1:] for line in host.lines(path) if "pam_umask" in line] for path in SESSIONS]


SESSIONS = ("/etc/pam.d/common-session", "/etc/pam.d/common-session-noninteractive")


def test_every_session_gets_the_umask_and_a_session_of_cron_too(debian):
    host = debian()
    assert set(wrong(host, UMASK)) == set(UMASK)
    assert wrong(host, UMASK)["umask.umask"][1].startswith("/etc/pam.d/")
    applied(host, UMASK)
    assert sessions(host) == [[["optional", "pam_umask.so", "umask=027"]]] * 2
    assert (wrong(host, UMASK), applied(host, UMASK).changes) == ({}, [])
    applied(host, WANTED)
    assert sessions(host) == [[], []]


def test_a_stricter_umask_of_a_site_stays_and_the_last_one_counts(debian):
    host = debian({path: debian_pam.common("session") + "session optional pam_umask.so umask=077\n" for path in SESSIONS})
    assert applied(host, UMASK).changes == []
    assert wrong(host, UMASK) == {}
    host.write(SESSIONS[1], host.read(SESSIONS[1]) + "session optional pam_umask.so\n")
    assert wrong(host, UMASK) == {"umask.umask": ("022", "the default of pam_umask.so", "the default of pam_umask.so sets umask to 022")}


JUDGED = {"unix.use_authtok": True, "unix.remember": False, "pwhistory.use_authtok": True, "pwhistory.remember": 24}


def test_a_new_password_is_judged_before_it_is_set(debian):
    host = debian()
    applied(host, JUDGED)
    assert rules(host, "password")[1] == "requisite pam_pwhistory.so use_authtok remember=24"
    assert wrong(host, JUDGED) == {}
    assert applied(host, JUDGED).changes == []
    text = host.read("/etc/pam.d/common-password").replace("obscure use_authtok", "obscure remember=5")
    host.write("/etc/pam.d/common-password", text)
    assert set(wrong(host, JUDGED)) == {"unix.use_authtok", "unix.remember"}
    applied(host, JUDGED)
    assert wrong(host, JUDGED) == {}


def test_a_password_that_nothing_judges_is_asked_for_by_pam_unix_all_the_same(debian):
    alone = "password\t[success=1 default=ignore]\tpam_unix.so obscure yescrypt\n"
    host = debian({"/etc/pam.d/common-password": debian_pam.BLOCK.format(phase="password", primary=alone, additional="")})
    assert applied(host, {"unix.use_authtok": True}).changes == []
    assert wrong(host, {"unix.use_authtok": True}) == {
        "unix.use_authtok": (None, "/etc/pam.d/passwd", "/etc/pam.d/passwd sets new passwords that nothing has judged")
    }


SU = """\
# This allows root to su without passwords (normal operation)
auth       sufficient pam_rootok.so

# auth       required   pam_wheel.so
# auth       required   pam_wheel.so deny group=nosu
@include common-auth
@include common-account
"""
WHEEL = {"wheel.group": "sugroup", "wheel.use_uid": True}


def with_sudo(debian, su=SU):
    host = debian({"/etc/pam.d/su": su, "/usr/bin/sudo": ""})
    os.chmod(host.path("/usr/bin/sudo"), 0o4755)
    return host


def test_su_asks_for_the_group_after_root_has_passed(debian):
    host = with_sudo(debian)
    assert set(wrong(host, WHEEL)) == set(WHEEL)
    applied(host, WHEEL)
    asked = [line for line in host.lines("/etc/pam.d/su") if line and not line.startswith("#")]
    assert asked[:2] == ["auth       sufficient pam_rootok.so", "auth       required   pam_wheel.so group=sugroup use_uid"]
    assert wrong(host, WHEEL) == {}
    assert applied(host, WHEEL).changes == []


@pytest.mark.parametrize(
    "su",
    [
        SU.replace("# auth       required   pam_wheel.so\n", "auth required pam_wheel.so group=wheel\n"),
        SU.replace("# auth       required   pam_wheel.so\n", "auth required pam_wheel.so deny group=nosu\n"),
    ],
)
def test_another_rule_for_su_is_replaced_and_one_against_some_stays(debian, su):
    host = with_sudo(debian, su)
    applied(host, WHEEL)
    assert wrong(host, WHEEL) == {}
    assert applied(host, WHEEL).changes == []


def test_a_group_that_may_but_need_not_be_asked_is_none(debian):
    host = with_sudo(debian, SU.replace("# auth       required   pam_wheel.so\n", "auth sufficient pam_wheel.so group=sugroup use_uid\n"))
    assert wrong(host, WHEEL)["wheel.group"][2] == "/etc/pam.d/su lets everybody try to become root who knows the password"


def test_su_stays_open_where_it_is_the_only_way_to_root(debian):
    host = debian({"/etc/pam.d/su": SU})
    plan = applied(host, WHEEL)
    assert (plan.changes, [refusal.names for refusal in plan.refusals]) == ([], [frozenset(WHEEL)])


def test_a_su_that_asks_root_too_is_left_alone(debian):
    host = with_sudo(debian, "@include common-auth\n")
    assert "edited by hand" in applied(host, WHEEL).refusals[0].why


# -- observing: the culprits --------------------------------------------------------


def test_an_argument_beats_the_file(debian):
    host = debian()
    applied(host)
    path = host.path("/etc/pam.d/common-auth")
    with open(path, encoding="utf-8") as stream:
        text = stream.read()
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text.replace("pam_faillock.so preauth", "pam_faillock.so preauth deny=50"))
    assert wrong(host) == {"faillock.deny": ("50", "/etc/pam.d/common-auth:2", "/etc/pam.d/common-auth:2 sets deny to 50")}


@pytest.mark.parametrize("path", ["/etc/security/pwquality.conf", "/etc/security/pwquality.conf.d/zzz.conf"])
def test_a_file_that_is_read_after_ours_is_named(debian, path):
    host = debian({path: "# site\nminlen = 6\n"})
    applied(host)
    assert wrong(host) == {"pwquality.minlen": ("6", f"{path}:2", f"{path}:2 sets minlen to 6")}


def test_a_file_that_is_read_before_ours_is_none(debian):
    host = debian({"/etc/security/pwquality.conf.d/50-site.conf": "minlen = 6\n"})
    applied(host)
    assert wrong(host) == {}


def test_another_file_of_faillock_is_followed(debian):
    host = debian({"/etc/security/site.conf": "deny = 9\n"})
    applied(host)
    path = host.path("/etc/pam.d/common-auth")
    with open(path, encoding="utf-8") as stream:
        text = stream.read()
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text.replace("pam_faillock.so authfail", "pam_faillock.so authfail conf=/etc/security/site.conf"))
    assert wrong(host)["faillock.deny"][:2] == ("9", "/etc/security/site.conf:1")


def test_a_service_that_leaves_the_common_stack_is_named(debian):
    host = debian()
    applied(host)
    with open(host.path("/etc/pam.d/sshd"), "w", encoding="utf-8") as stream:
        stream.write("auth required pam_unix.so nullok\n@include common-account\n")
    found = wrong(host)
    assert found["faillock.deny"] == (None, "/etc/pam.d/sshd", "/etc/pam.d/sshd does not count wrong passwords with pam_faillock")
    assert found["unix.nullok"] == ("yes", "/etc/pam.d/sshd:1", "/etc/pam.d/sshd:1 sets nullok to yes")


def test_a_module_whose_answer_is_ignored_is_not_in_force(debian):
    text = debian_pam.common("password").replace("requisite\t\t\tpam_pwquality", "optional\t\t\tpam_pwquality")
    host = debian({"/etc/pam.d/common-password": text, PWQUALITY: "minlen = 14\n"})
    assert wrong(host)["pwquality.minlen"] == (None, "/etc/pam.d/passwd", "/etc/pam.d/passwd accepts a password that pam_pwquality rejects")


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("faillock.deny", "few", "faillock.deny cannot be few"),
        ("faillock.dney", 5, "faillock.dney is not known"),
        ("tally2.deny", 5, "tally2.deny is not known; choose one of faillock.*, pwhistory.*, pwquality.*, umask.*, unix.*"),
        ("faillock.audit", 7, "faillock.audit cannot be 7"),
        ("unix.nullok", True, "unix.nullok cannot be yes"),
        ("unix.hash", "md4", "unix.hash cannot be md4"),
    ],
)
def test_what_is_not_known_is_reported(debian, name, value, why):
    host = debian()
    for look in (Pam(host).plan, Pam(host).observe):
        with pytest.raises(BadSetting, match=re.escape(why)):
            look({name: value})


def test_a_system_without_the_common_stacks_is_not_meant(tree):
    assert Pam(tree()).absent().startswith("there is no /etc/pam.d/common-auth")


# -- stacks ---------------------------------------------------------------------------


def stack(tree, text):
    return pam_stack.stack(PendingFiles(tree({"/etc/pam.d/x": text}), {}), "x", "auth")


@pytest.mark.parametrize(
    ("text", "let_in"),
    [
        ("auth required pam_unix.so\n", True),
        ("auth required pam_unix.so\nauth required pam_deny.so\n", False),
        ("auth [success=1 default=ignore] pam_unix.so\nauth requisite pam_deny.so\nauth required pam_permit.so\n", True),
        ("auth [success=2 default=ignore] pam_unix.so\nauth requisite pam_deny.so\nauth required pam_permit.so\n", False),
        ("auth sufficient pam_unix.so\nauth required pam_deny.so\n", True),
        ("auth sufficient pam_rootok.so\nauth required pam_deny.so\n", False),
        ("auth optional pam_unix.so\n", True),
        ("auth [success=done new_authtok_reqd=done \\\n  default=die] pam_unix.so try_first_pass # why\n", True),
        ("# nothing\n", False),
    ],
)
def test_a_right_password_opens_a_stack_or_does_not(tree, text, let_in):
    assert pam_stack.lets_in(stack(tree, text)) is let_in


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        # As pam_faillock(8) shows it.
        (
            "auth required pam_faillock.so preauth\nauth [success=1 default=bad] pam_unix.so\n"
            "auth [default=die] pam_faillock.so authfail\nauth sufficient pam_faillock.so authsucc\n",
            True,
        ),
        # Nothing keeps a locked account out.
        ("auth [success=1 default=ignore] pam_unix.so\nauth [default=die] pam_faillock.so authfail\nauth required pam_permit.so\n", False),
        # A wrong password ends before it is counted.
        ("auth requisite pam_faillock.so preauth\nauth requisite pam_unix.so\nauth [default=die] pam_faillock.so authfail\n", False),
        # The jump is one short, so a wrong password is let in.
        ("auth requisite pam_faillock.so preauth\nauth optional pam_unix.so\nauth required pam_permit.so\n", False),
    ],
)
def test_a_stack_counts_wrong_passwords_or_does_not(tree, text, counts):
    assert pam_stack.counts_failures(stack(tree, text)) is counts


def test_a_service_without_a_file_has_the_rules_of_other(tree):
    host = tree({"/etc/pam.d/other": "auth include common\n", "/etc/pam.d/common": "-auth required pam_unix.so a [b c] d=e\n"})
    (rule,) = pam_stack.stack(PendingFiles(host, {}), "cups", "auth")
    assert (rule.place, rule.arguments, rule.argument("d")) == ("/etc/pam.d/common:1", ("a", "[b c]", "d=e"), "e")
