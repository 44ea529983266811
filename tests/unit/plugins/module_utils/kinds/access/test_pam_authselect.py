# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.tests.unit.platforms import authselect

WANTED = {
    "lockout": {"faillock.deny": 5, "faillock.unlock_time": 900},
    "history": {"pwhistory.remember": 24, "pwhistory.enforce_for_root": True},
    "length": {"pwquality.minlen": 14},
    "empty": {"unix.nullok": False},
    "hash": {"unix.hash": "sha512"},
}
CONTROLS = [Control(name, {"pam": settings}) for name, settings in WANTED.items()]


@pytest.fixture
def rocky(tree):
    """PAM of Enterprise Linux, whose authselect is a stand-in."""

    def make(files=None, program=None, **kwargs):
        host = tree({**authselect.files(), **(files or {})}, **kwargs)
        host.answers["authselect"] = authselect.Authselect(host, **(program or {}))
        return host

    return make


def statuses(host):
    return {record["control"]: record["status"] for record in audit(host, CONTROLS, "offline")}


def outcomes(host):
    return {outcome["control"]: (outcome["outcome"], outcome["message"]) for outcome in enforce(host, CONTROLS).outcomes}


def test_features_bring_the_modules_into_force(rocky):
    host = rocky()
    assert statuses(host) == {"lockout": "fail", "history": "fail", "length": "fail", "empty": "fail", "hash": "pass"}
    assert {outcome for outcome, unused_message in outcomes(host).values()} == {"changed", "unchanged"}
    assert set(statuses(host).values()) == {"pass"}
    assert host.lines(authselect.CONF) == ["sssd", "with-faillock", "with-pwhistory", "without-nullok"]
    assert enforce(host, CONTROLS).changes == []
    assert not host.exists("/etc/pam.d/common-auth") and not host.exists("/usr/share/pam-configs")


def test_values_go_into_the_files_of_the_modules(rocky):
    host = rocky()
    outcomes(host)
    assert "deny = 5\nunlock_time = 900\n" in host.read("/etc/security/faillock.conf")
    assert "remember = 24\nenforce_for_root\n" in host.read("/etc/security/pwhistory.conf")
    assert "minlen = 14\n" in host.read("/etc/security/pwquality.conf.d/zz-hygeia.conf")


def test_check_mode_says_what_would_change_and_writes_nothing(rocky):
    host = rocky(check=True)
    found = outcomes(host)
    assert [found[name][0] for name in ("lockout", "history", "empty")] == ["changed"] * 3
    assert host.lines(authselect.CONF) == ["sssd"]


def test_a_stack_that_was_edited_by_hand_is_left_alone(rocky):
    text = authselect.stack() + "auth optional pam_site.so\n"
    host = rocky({"/etc/pam.d/system-auth": text})
    found = outcomes(host)
    assert found["lockout"][0] == "refused" and "somebody has edited what authselect wrote" in found["lockout"][1]
    assert found["length"][0] == "changed"
    assert host.read("/etc/pam.d/system-auth") == text


def test_stacks_that_authselect_never_wrote_are_left_alone(rocky):
    found = outcomes(rocky({authselect.CONF: ""}))
    assert found["empty"][0] == "refused" and "authselect has not written the login stacks" in found["empty"][1]


def test_a_profile_that_lacks_a_feature_is_reported(rocky):
    found = outcomes(rocky(program={"left_out": ("with-pwhistory",)}))
    assert found["history"] == ("refused", "the profile sssd of authselect has nothing for with-pwhistory")


def test_the_hash_is_a_matter_of_the_profile(rocky):
    host = rocky()
    control = Control("c", {"pam": {"unix.hash": "yescrypt"}})
    outcome = enforce(host, [control]).outcomes[0]
    assert outcome["outcome"] == "refused" and "stores passwords as sha512" in outcome["message"]
    assert audit(host, [control], "offline")[0]["observed"] == {"pam: unix.hash": "sha512"}


def test_a_service_that_has_a_stack_of_its_own_is_named(rocky):
    host = rocky()
    outcomes(host)
    host.write("/etc/pam.d/sshd", "auth sufficient pam_unix.so nullok\nauth required pam_deny.so\n")
    assert statuses(host) == {"lockout": "fail", "history": "pass", "length": "pass", "empty": "fail", "hash": "pass"}
