# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.access.pam import Pam
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import LOCKOUT
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.packages.package import Package
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.administrators import Administrators

HASH = "$y$j9T$salt$hash"
PEOPLE = {
    "/etc/passwd": (
        "root:x:0:0:root:/root:/bin/sh\n"
        "daemon:x:1:1::/:/usr/sbin/nologin\n"
        "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n"
        "ada:x:1000:1000::/home/ada:/bin/sh\n"
        "bob:x:1001:1001::/home/bob:/bin/sh\n"
    ),
    "/etc/group": "root:x:0:\nsudo:x:27:bob\nwheel:x:28:\nada:x:1000:\nbob:x:1001:\n",
    "/etc/shells": "/bin/sh\n",
}
ADA = "ada ALL=(ALL) NOPASSWD: ALL\n"
SUDO = "%sudo ALL=(ALL:ALL) ALL\n"
KEY = {"/home/ada/.ssh/authorized_keys": "ssh-ed25519 AAAA ada\n"}


def shadow(**hashes):
    return {"/etc/shadow": "".join(f"{name}:{hashes.get(name, '!')}:20000:0:99999:7:::\n" for name in ("root", "ada", "bob"))}


@pytest.fixture
def host(system):
    def make(sudoers, files=None, **kwargs):
        made = system({**PEOPLE, "/etc/sudoers": sudoers, **(files or {})}, "visudo", "cvtsudoers", "sh", booted=True, **kwargs)
        os.chmod(made.path("/etc/sudoers"), 0o440)
        return made

    return make


@pytest.mark.parametrize(
    ("sudoers", "files", "people"),
    [
        (ADA, {**shadow(), **KEY}, ["ada"]),
        (ADA, shadow(), []),
        ("ada ALL=(ALL) ALL\n", {**shadow(), **KEY}, []),
        ("Defaults !authenticate\nada ALL=(ALL) ALL\n", {**shadow(), **KEY}, ["ada"]),
        (SUDO, shadow(bob=HASH), ["bob"]),
        (SUDO, shadow(bob="*"), []),
        (SUDO + "%sudo, !bob ALL=(ALL) ALL\n", shadow(bob=HASH), ["bob"]),
        ("bob ALL=(ALL) /usr/bin/apt\n", shadow(bob=HASH), []),
        ("bob ALL=(www-data) ALL\n", shadow(bob=HASH), []),
        ("", shadow(root=HASH, bob=HASH), ["bob"]),
        ("", {**shadow(root=HASH, bob=HASH), "/etc/pam.d/su": "auth required pam_wheel.so use_uid\n"}, []),
        ("", {**shadow(root=HASH, bob=HASH), "/etc/pam.d/su": "auth required pam_wheel.so group=sudo\n"}, ["bob"]),
    ],
)
def test_who_logs_in_and_becomes_root(host, sudoers, files, people):
    assert Administrators(host(sudoers, files)).people() == people


def outcome(host, kind, **settings):
    wanted = {name.replace("__", "."): value for name, value in settings.items()}
    done = enforce(host, [Control("c", {kind: wanted})], partial=True).outcomes[0]
    return done["outcome"], done["message"], done["overridable"]


def test_sudo_keeps_the_last_administrator_who_has_no_password(host):
    made = host("Defaults !authenticate\nada ALL=(ALL) ALL\n@includedir /etc/sudoers.d\n", {**shadow(), **KEY})
    assert outcome(made, "sudo", authenticate=True) == (
        "refused",
        "nobody could become root with authenticate: ada would need a password for sudo and has none: set one first",
        ["lockout"],
    )
    assert not made.exists("/etc/sudoers.d/zz-hygeia")


def test_sudo_asks_when_somebody_has_a_password_or_a_rule_of_his_own(host):
    made = host(f"Defaults !authenticate\n{SUDO}@includedir /etc/sudoers.d\n", {**shadow(bob=HASH), **KEY})
    assert outcome(made, "sudo", authenticate=True)[0] == "changed"
    made = host(f"{ADA}@includedir /etc/sudoers.d\n", {**shadow(), **KEY})
    assert outcome(made, "sudo", authenticate=True)[0] in ("changed", "unchanged"), "a tag excepts ada from the default"


def test_sudo_does_not_ask_for_a_password_of_root_that_there_is_not(host):
    made = host(f"{SUDO}@includedir /etc/sudoers.d\n", shadow(bob=HASH))
    assert "bob would need the password of root, who has none" in outcome(made, "sudo", rootpw=True)[1]
    made = host(f"{SUDO}@includedir /etc/sudoers.d\n", shadow(bob=HASH, root=HASH))
    assert outcome(made, "sudo", rootpw=True)[0] == "changed"


LIBRARIES = {f"/usr/lib/x86_64-linux-gnu/security/pam_{name}.so": "" for name in ("faillock", "unix", "wheel")}
STACKS = {
    "/etc/pam.d/common-auth": "auth [success=1 default=ignore] pam_unix.so nullok\nauth requisite pam_deny.so\nauth required pam_permit.so\n",
    "/etc/pam.d/su": "auth sufficient pam_rootok.so\n@include common-auth\n",
    **LIBRARIES,
}


def test_an_empty_password_opens_the_last_door_until_it_is_set(host):
    made = host(SUDO, {**shadow(bob=""), **STACKS})
    found = outcome(made, "pam", unix__nullok=False)
    assert found[0] == "refused" and "bob logs in with an empty password" in found[1]
    made = host(SUDO, {**shadow(bob=HASH), **STACKS})
    assert outcome(made, "pam", unix__nullok=False)[0] == "changed"


def test_su_stays_open_for_those_who_have_no_other_way(host):
    files = {**shadow(root=HASH, bob=HASH), **STACKS, "/usr/bin/sudo": ""}
    made = host("", files)
    os.chmod(made.path("/usr/bin/sudo"), 0o755)
    assert outcome(made, "pam", wheel__group="wheel", wheel__use_uid=True) == (
        "refused",
        "nobody could become root any more: put bob into the group wheel first",
        ["lockout"],
    )
    assert "pam_wheel" not in made.read("/etc/pam.d/su")
    made.write("/etc/sudoers", SUDO, 0o440)
    assert outcome(made, "pam", wheel__group="wheel", wheel__use_uid=True)[0] == "changed"


@pytest.mark.parametrize(
    ("sudoers", "files", "settings", "refused"),
    [
        (SUDO, shadow(bob=HASH), {"faillock__unlock_time": 0}, True),
        (SUDO, shadow(bob=HASH), {"faillock__unlock_time": 900}, False),
        (SUDO, shadow(bob=HASH, root=HASH), {"faillock__unlock_time": 0}, False),
        (SUDO, shadow(bob=HASH, root=HASH), {"faillock__unlock_time": 0, "faillock__even_deny_root": True}, True),
        (ADA, {**shadow(), **KEY}, {"faillock__unlock_time": 0}, False),
        (SUDO, {**shadow(bob=HASH), "/etc/security/faillock.conf": "unlock_time = never\n"}, {"faillock__unlock_time": 900}, True),
    ],
)
def test_wrong_passwords_do_not_lock_everybody_out_for_ever(host, sudoers, files, settings, refused):
    due = {name.replace("__", "."): value for name, value in settings.items()}
    refusals = list(Pam(host(sudoers, {**files, **STACKS})).refusals(due))
    assert [(refusal.names, refusal.risk) for refusal in refusals] == [(frozenset(due), LOCKOUT)] * refused
    assert all("would lock out bob for ever" in refusal.why for refusal in refusals)


def test_sudo_is_not_removed_from_those_who_have_no_other_way(host):
    (refusal,) = Package(host(ADA, {**shadow(), **KEY})).refusals({"sudo": "absent"})
    assert (refusal.why, refusal.risk) == ("nobody could become root without sudo: ada has no other way", LOCKOUT)
    assert list(Package(host(ADA, {**shadow(root=HASH), **KEY})).refusals({"sudo": "absent"})) == []
