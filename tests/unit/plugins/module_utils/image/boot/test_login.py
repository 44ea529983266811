# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import os
import stat

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import login as boot_login
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot.login import SshAccess
from ansible_collections.hygeia.golden.plugins.module_utils.image.tools import ImageError
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.injected import Injected
from hypothesis import given, settings, strategies

USER = "hygeia-verify"
KEY = "ssh-ed25519 AAAA hygeia-verify"
FILTER_UNIT = boot_login.FILTER_UNIT.format(user=USER)
HOME_KEYS = "/var/lib/hygeia-verify/.ssh/authorized_keys"
ACCOUNTS = {
    "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\nold:x:59990:59990::/:/bin/false",
    "/etc/shadow": "root:*:19000:0:99999:7:::\n",
    "/etc/group": "root:x:0:\nsudo:x:27:\nremote:x:1001:anna\n",
    "/etc/ssh/sshd_config": "UsePAM yes\n",
}


@pytest.fixture
def system(tree, monkeypatch):
    """A system with accounts; what is given to somebody is noted, since the tests need not be root."""
    monkeypatch.setattr(os, "chown", lambda path, user, group: owners.update({path: user}))
    owners = {}
    host = tree(ACCOUNTS)
    host.owners = owners
    return host


def add(host, port=22, keys_file=".ssh/authorized_keys", group="", exceptions=()):
    return boot_login.add(host, SshAccess(port, "ed25519", keys_file, group, tuple(exceptions)), USER, KEY)


def test_the_user_has_a_key_no_password_and_a_number_of_its_own(system):
    add(system)
    assert system.lines("/etc/passwd")[-2:] == [
        "old:x:59990:59990::/:/bin/false",
        "hygeia-verify:x:59989:59989:Boot check:/var/lib/hygeia-verify:/bin/sh",
    ]
    assert system.lines("/etc/shadow")[-1].startswith("hygeia-verify:*:")
    assert system.lines("/etc/group")[-1] == "hygeia-verify:x:59989:"
    assert system.read(HOME_KEYS) == KEY + "\n"


def test_home_and_keys_are_his_as_sshd_demands(system):
    add(system)
    given = {system.outside(path): owner for path, owner in system.owners.items() if owner}
    assert given == dict.fromkeys([HOME_KEYS, "/var/lib/hygeia-verify/.ssh", "/var/lib/hygeia-verify"], 59989)


def test_where_selinux_confines_sshd_his_home_is_where_homes_are(system):
    system.write("/etc/selinux/config", "SELINUX=enforcing\nSELINUXTYPE=targeted\n")
    add(system)
    assert system.lines("/etc/passwd")[-1].split(":")[5] == "/home/hygeia-verify"
    assert system.read("/home/hygeia-verify/.ssh/authorized_keys") == KEY + "\n"


def test_account_files_keep_their_mode(system):
    shadow = system.path("/etc/shadow")
    os.chmod(shadow, 0o640)
    add(system)
    assert stat.S_IMODE(os.stat(shadow).st_mode) == 0o640


def test_his_home_is_as_closed_as_the_baseline_wants_homes(system):
    add(system)
    assert stat.S_IMODE(os.stat(system.path("/var/lib/hygeia-verify")).st_mode) == 0o700


def test_he_becomes_root_without_a_password(system):
    add(system)
    assert system.read("/etc/sudoers.d/zz-hygeia-verify") == "hygeia-verify ALL=(ALL:ALL) NOPASSWD: ALL\n"
    assert stat.S_IMODE(os.stat(system.path("/etc/sudoers.d/zz-hygeia-verify")).st_mode) == 0o440


@pytest.mark.parametrize(
    ("group", "line"),
    [("sudo", "sudo:x:27:hygeia-verify"), ("remote", "remote:x:1001:anna,hygeia-verify"), ("ssh-users", "ssh-users:x:59988:hygeia-verify")],
)
def test_he_joins_a_group_that_is_let_in(system, group, line):
    add(system, group=group)
    assert line in system.lines("/etc/group")
    assert system.lines("/etc/group")[0] == "root:x:0:"


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("%h/.ssh/keys", "/var/lib/hygeia-verify/.ssh/keys"),
        ("/etc/ssh/keys/%u", "/etc/ssh/keys/hygeia-verify"),
        ("keys%%", "/var/lib/hygeia-verify/keys%"),
    ],
)
def test_the_key_lies_where_sshd_looks(system, pattern, path):
    add(system, keys_file=pattern)
    assert system.read(path) == KEY + "\n"


def test_exceptions_are_for_him_alone(system):
    add(system, exceptions=["AllowUsers hygeia-verify"])
    assert system.read("/etc/ssh/sshd_config") == "UsePAM yes\nMatch User hygeia-verify\n    AllowUsers hygeia-verify\n"


def test_without_exceptions_sshd_is_as_it_was(system):
    add(system)
    assert system.read("/etc/ssh/sshd_config") == "UsePAM yes\n"


def test_cloud_init_gets_an_empty_seed_only_where_it_is(system):
    add(system)
    assert not system.exists("/var/lib/cloud")
    program = system.path("/usr/bin/cloud-init")
    os.makedirs(os.path.dirname(program))
    with open(program, "w", encoding="utf-8"):
        os.chmod(program, 0o755)
    add(system)
    assert system.read("/var/lib/cloud/seed/nocloud/meta-data") == "instance-id: hygeia-verify\n"


# -- what sshd wants ---------------------------------------------------------------------


def sshd(tree, config, *programs):
    """A system whose sshd answers -T with these lines."""
    host = tree(
        {**ACCOUNTS, "/run/keep": ""},
        answers={"ssh-keygen": "", "/usr/sbin/sshd": "port 2222\nauthorizedkeysfile .ssh/authorized_keys .ssh/authorized_keys2\n" + config},
    )
    for name in programs or ("sshd", "sudo"):
        path = host.path(f"/usr/sbin/{name}")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8"):
            os.chmod(path, 0o755)
    return host


def test_port_and_place_of_keys_are_sshd_s_own(tree):
    assert boot_login.ssh_access(sshd(tree, ""), USER) == SshAccess(2222, "ed25519", ".ssh/authorized_keys", "", ())


@pytest.mark.parametrize(
    ("config", "group"), [("allowgroups nobody-has sudo\n", "sudo"), ("allowgroups re*\n", "remote"), ("allowgroups wheel\n", "wheel")]
)
def test_a_group_that_exists_is_preferred(tree, config, group):
    assert boot_login.ssh_access(sshd(tree, config), USER).group == group


@pytest.mark.parametrize(
    ("config", "exceptions"),
    [
        ("allowusers anna\n", ("AllowUsers hygeia-verify",)),
        ("pubkeyauthentication no\n", ("PubkeyAuthentication yes",)),
        ("authenticationmethods publickey,keyboard-interactive\n", ("AuthenticationMethods publickey",)),
        ("authenticationmethods any\npubkeyauthentication yes\n", ()),
    ],
)
def test_what_a_key_alone_does_not_get_past_is_an_exception(tree, config, exceptions):
    assert boot_login.ssh_access(sshd(tree, config), USER).exceptions == exceptions


@pytest.mark.parametrize(
    ("accepted", "kind"), [("ecdsa-sha2-nistp256,rsa-sha2-512", "ecdsa"), ("rsa-sha2-256", "rsa"), ("rsa-sha2-256,ssh-ed25519", "ed25519")]
)
def test_the_key_is_of_a_type_that_is_accepted(tree, accepted, kind):
    assert boot_login.ssh_access(sshd(tree, f"pubkeyacceptedalgorithms {accepted}\n"), USER).key_type == kind


def test_no_accepted_type_is_a_problem_of_the_template(tree):
    with pytest.raises(ImageError, match="accepts no key of the types"):
        boot_login.ssh_access(sshd(tree, "pubkeyacceptedalgorithms sk-ssh-ed25519@openssh.com\n"), USER)


@pytest.mark.parametrize(("there", "lacking"), [("sudo", "openssh-server"), ("sshd", "sudo")])
def test_what_the_template_lacks_is_named_with_its_package(tree, there, lacking):
    with pytest.raises(ImageError, match=f"install {lacking} in it"):
        boot_login.ssh_access(sshd(tree, "", there), USER)


def test_the_packet_filter_of_a_site_lets_the_check_in(system):
    system.write("/etc/nftables.conf", "flush ruleset\n\ntable inet segment {\n}\n")
    add(system, port=2222)
    assert "insert rule inet segment input ip saddr 10.0.2.2 tcp dport 2222 accept" in system.read(FILTER_UNIT)


def test_the_packet_filter_of_the_baseline_lets_the_check_in_too(system):
    system.write("/etc/nftables.conf", "table inet hygeia\ndelete table inet hygeia\n\ntable inet hygeia {\n}\n")
    add(system, port=2222)
    lines = [line for line in system.lines(FILTER_UNIT) if line.startswith("ExecStartPost")]
    assert lines == ["ExecStartPost=/usr/sbin/nft insert rule inet hygeia input ip saddr 10.0.2.2 tcp dport 2222 accept"]


def test_a_packet_filter_of_somebody_else_stays_as_it_is(system):
    system.write("/etc/nftables.conf", "table inet filter {\n}\n")
    add(system)
    assert not system.exists(FILTER_UNIT)


# -- what is brought is known, and nothing else ----------------------------------------------


DOORS = [
    {},
    {"group": "remote"},
    {"group": "ssh-users", "exceptions": ["AllowUsers hygeia-verify", "AuthenticationMethods publickey"]},
    {"keys_file": "/etc/ssh/keys/%u"},
]
READ = ("/etc/passwd", "/etc/shadow", "/etc/group", "/etc/ssh/sshd_config")


def after(system, brought):
    """The system as the audit of the check reads it."""
    return Host(system.root, check=True, injected=Injected(**brought))


@pytest.mark.parametrize("door", DOORS)
def test_the_audit_reads_the_system_as_it_was_before(system, door):
    before = {path: system.read(path) for path in READ}
    seen = after(system, add(system, **door))
    # A last line without an end got one.
    assert {path: seen.read(path) for path in READ} == {path: text if text.endswith("\n") else text + "\n" for path, text in before.items()}
    assert seen.read("/etc/sudoers.d/zz-hygeia-verify") == ""


def test_the_name_is_drawn_anew_and_is_one_that_login_takes():
    assert len({boot_login.drawn() for unused_time in range(20)}) == 20
    assert len(boot_login.drawn()) <= 32


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/etc/passwd", "hygeia-verify-0:x:0:0::/root:/bin/sh\n"),
        ("/etc/passwd", "hygeia-verify:x:0:0::/root:/bin/sh\n"),
        ("/etc/group", "sudo2:x:99:hygeia-verify-0\n"),
        ("/etc/ssh/sshd_config", "Match User hygeia-verify\n    PermitRootLogin yes\n"),
    ],
)
def test_a_template_hides_nothing_by_a_name_like_ours(system, path, line):
    with open(system.path(path), "a", encoding="utf-8") as stream:
        stream.write(("" if system.read(path).endswith("\n") else "\n") + line)
    assert line in after(system, add(system)).read(path)


def test_a_line_of_ours_that_was_changed_or_is_there_twice_is_judged(system):
    brought = add(system)
    ours = brought["lines"]["/etc/passwd"][0]
    system.edit("/etc/passwd", system.read("/etc/passwd").replace(ours, ours.replace(":59989:", ":0:", 1)))
    assert "hygeia-verify:x:0:59989:" in after(system, brought).read("/etc/passwd")
    system.edit("/etc/passwd", ours + ours)
    assert after(system, brought).read("/etc/passwd") == ours


def test_who_joined_our_group_meanwhile_is_seen(system):
    brought = add(system, group="remote")
    system.edit("/etc/group", system.read("/etc/group").replace("anna,hygeia-verify", "anna,hygeia-verify,mallory"))
    assert "remote:x:1001:anna,mallory" in after(system, brought).lines("/etc/group")


def test_nothing_of_the_check_is_a_finding_and_the_rest_is(system):
    controls = [Control("c", {"accounts": {"members.sudo": [], "superusers": ["root"], "duplicate_user_ids": []}})]
    brought = add(system, group="sudo")
    assert audit(system, controls, "boot")[0]["message"] == "hygeia-verify is a member of sudo"
    assert audit(after(system, brought), controls, "boot")[0]["status"] == "pass"
    system.edit("/etc/passwd", system.read("/etc/passwd") + "mallory:x:0:0::/root:/bin/sh\n")
    assert "mallory has the number 0" in audit(after(system, brought), controls, "boot")[0]["message"]


LINES = strategies.lists(strategies.sampled_from(["a:x:1:", "", "zz", "check:x:9:", "x:check", "check"])).map("\n".join)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(before=LINES, after=LINES, block=strategies.sampled_from(["check:x:9:\n", "Match User check\n    AllowUsers check\n"]))
def test_a_text_that_was_put_in_is_taken_out_and_nothing_else(before, after, block):
    before = f"{before}\n" if before else ""
    found = Injected("", {"/f": [block]}).without("/f", (before + block + after).encode()).decode()
    assert sorted(found.split("\n")) == sorted((before + after).split("\n"))


def test_what_is_no_line_of_its_own_stays():
    for content in (b"x check:x:9:\n", b"check:x:9:0\n", b"check:x:9:"):
        assert Injected("", {"/f": ["check:x:9:\n"]}).without("/f", content) == content
