# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import LOCKOUT
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.ssh import sshd as sshd_kind
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.ssh.sshd import Sshd
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting

MAIN = "/etc/ssh/sshd_config"
OURS = "/etc/ssh/sshd_config.d/00-hygeia.conf"
# What Debian 12 ships, without its comments.
STOCK = """\
Include /etc/ssh/sshd_config.d/*.conf
KbdInteractiveAuthentication no
UsePAM yes
X11Forwarding yes
PrintMotd no
AcceptEnv LANG LC_*
Subsystem\tsftp\t/usr/lib/openssh/sftp-server
"""
WANTED = {"PermitRootLogin": "no", "X11Forwarding": "no", "LoginGraceTime": "1m", "MaxAuthTries": 4}


@pytest.fixture
def ssh(system):
    def make(main=STOCK, files=None, **kwargs):
        return system({MAIN: main, **(files or {})}, "sshd", "ssh", "ssh-keygen", **kwargs)

    return make


def applied(host, wanted=None, partial=False):
    plan = Sshd(host).plan(WANTED if wanted is None else wanted, partial)
    for change in plan.changes:
        change.apply()
    return plan


def seen(host, wanted):
    """What was observed of one setting, and whether that will do."""
    kind = Sshd(host)
    ((name, value),) = wanted.items()
    observation = kind.observe(wanted)[name]
    return kind.satisfies(name, value, observation.value), observation


# -- writing, and the truth ---------------------------------------------------


def test_what_is_written_is_what_sshd_takes(ssh):
    host = ssh()
    assert [change.target for change in applied(host).changes] == [OURS]
    assert applied(host).changes == []
    for name, value in WANTED.items():
        met, observation = seen(host, {name: value})
        assert (met, observation.message) == (True, "")
        assert observation.read_from.startswith(OURS + ":")


def test_a_stricter_value_of_a_site_is_not_loosened(ssh):
    host = ssh(files={"/etc/ssh/sshd_config.d/50-site.conf": "MaxAuthTries 2\nLoginGraceTime 300\nMatch User backup\n  MaxSessions 1\n"})
    wanted = {**WANTED, "MaxSessions": 10}
    applied(host, wanted)
    assert "MaxAuthTries" not in host.read(OURS)
    assert {"LoginGraceTime 1m", "MaxSessions 10"} <= set(host.read(OURS).splitlines())
    met, observation = seen(host, {"MaxAuthTries": 4})
    assert (met, observation.value, observation.read_from) == (True, "2", "/etc/ssh/sshd_config.d/50-site.conf:1")
    assert applied(host, wanted).changes == []


def test_an_algorithm_that_nobody_knows_is_reported_with_its_file_and_line(ssh):
    host = ssh(files={"/etc/ssh/sshd_config.d/50-site.conf": "# site\nKexAlgorithms fastest-kex\n"})
    assert "/etc/ssh/sshd_config.d/50-site.conf line 2: Bad SSH2 KexAlgorithms 'fastest-kex'." in applied(host).refusals[0].why
    with pytest.raises(Exception, match="50-site.conf line 2: Bad SSH2 KexAlgorithms"):
        Sshd(host).observe(WANTED)


def test_without_our_file_the_file_that_decides_is_named(ssh):
    met, observation = seen(ssh(), {"X11Forwarding": "no"})
    assert (met, observation.read_from) == (False, f"{MAIN}:4")
    assert observation.message == f"{MAIN}:4 sets X11Forwarding, and the first value wins"


def test_a_default_of_sshd_is_named_as_such(ssh):
    met, observation = seen(ssh(), {"MaxAuthTries": 4})
    assert (met, observation.value) == (False, "6")
    assert observation.message == "no file sets MaxAuthTries, so sshd's own default applies"


def test_a_file_that_is_read_before_ours_keeps_the_control_failed_and_is_named(ssh):
    host = ssh(files={"/etc/ssh/sshd_config.d/00-cloud.conf": "# cloud\npermitrootlogin=yes\n"})
    control = Control("root", {"sshd": {"PermitRootLogin": "no"}})
    assert enforce(host, [control]).outcomes[0]["outcome"] == "changed"
    record = audit(host, [control], "offline")[0]
    assert (record["status"], record["read_from"]) == ("fail", "/etc/ssh/sshd_config.d/00-cloud.conf:2")
    assert record["observed"] == {"sshd: PermitRootLogin": "yes"}
    assert record["message"] == "/etc/ssh/sshd_config.d/00-cloud.conf:2 sets PermitRootLogin, and the first value wins"


def test_a_setting_above_the_include_is_the_culprit(ssh):
    host = ssh("MaxAuthTries 20\n" + STOCK)
    assert [change.target for change in applied(host).changes] == [OURS]
    met, observation = seen(host, {"MaxAuthTries": 4})
    assert (met, observation.read_from) == (False, f"{MAIN}:1")


def test_a_missing_include_is_added_at_the_top_and_for_our_file_alone(ssh):
    host = ssh("Port 22\nMaxAuthTries 20\n", {"/etc/ssh/sshd_config.d/50-cloud.conf": "PasswordAuthentication no\n"})
    os.chmod(host.path(MAIN), 0o600)
    assert [change.target for change in applied(host).changes] == [OURS, MAIN]
    assert host.read(MAIN).splitlines()[1:] == [f"Include {OURS}", "", "Port 22", "MaxAuthTries 20"]
    assert os.stat(host.path(MAIN)).st_mode & 0o7777 == 0o600
    assert seen(host, {"MaxAuthTries": 4})[0]
    assert seen(host, {"PasswordAuthentication": "no"})[0] is False
    assert applied(host).changes == []


def test_an_include_for_some_alone_does_not_count(ssh):
    host = ssh("Match User clara\n  Include /etc/ssh/sshd_config.d/*.conf\n")
    assert [change.target for change in applied(host, {"MaxAuthTries": 4}).changes] == [OURS, MAIN]
    assert seen(host, {"MaxAuthTries": 4})[0]


def test_a_setting_that_a_block_may_not_hold_is_not_written_into_one(ssh):
    host = ssh("Match User clara\n  Include /etc/ssh/sshd_config.d/*.conf\n")
    plan = applied(host, {"LoginGraceTime": 60})
    assert plan.changes == []
    assert f"{OURS} line 2: Directive 'LoginGraceTime' is not allowed within a Match block" in plan.refusals[0].why


@pytest.mark.parametrize(
    ("name", "wanted", "spelled"),
    [
        ("PermitRootLogin", "prohibit-password", "without-password"),
        ("LoginGraceTime", "1m", "60"),
        ("LogLevel", "verbose", "VERBOSE"),
        ("ClientAliveInterval", 300, "300"),
        ("ChallengeResponseAuthentication", False, "no"),
        ("KexAlgorithms", ["curve25519-sha256", "diffie-hellman-group16-sha512"], "curve25519-sha256,diffie-hellman-group16-sha512"),
        ("AllowUsers", ["clara", "ada"], "clara ada"),
        ("Port", [22, 2222], "22 2222"),
    ],
)
def test_values_are_compared_in_the_words_of_sshd(ssh, name, wanted, spelled):
    host = ssh()
    applied(host, {name: wanted})
    met, observation = seen(host, {name: wanted})
    assert (met, observation.value) == (True, spelled)
    assert applied(host, {name: wanted}).changes == []


def test_values_that_add_up_name_the_other_file(ssh):
    host = ssh(STOCK + "Port 2222\n")
    applied(host, {"Port": 22})
    met, observation = seen(host, {"Port": 22})
    assert (met, observation.value) == (False, "22 2222")
    assert observation.message == f"{MAIN}:8 sets Port, and values add up"


def test_algorithms_that_this_sshd_lacks_are_left_out(ssh):
    host = ssh()
    wanted = {"KexAlgorithms": ["kyber9000-sha512", "curve25519-sha256"]}
    applied(host, wanted)
    assert "KexAlgorithms curve25519-sha256\n" in host.read(OURS)
    assert seen(host, wanted)[0]


def test_fewer_algorithms_and_lower_limits_pass_and_others_do_not(ssh):
    host = ssh("Ciphers aes256-gcm@openssh.com\nMaxAuthTries 2\nLoginGraceTime 0\n")
    assert seen(host, {"Ciphers": ["aes256-gcm@openssh.com", "aes256-ctr"]})[0]
    assert not seen(host, {"Ciphers": ["aes256-ctr"]})[0]
    assert seen(host, {"MaxAuthTries": 4})[0]
    assert not seen(host, {"LoginGraceTime": 60})[0]


# -- Match blocks -------------------------------------------------------------


def test_a_match_block_that_loosens_a_setting_is_named(ssh):
    host = ssh(STOCK + "Match Address 192.0.2.0/24\n  PermitRootLogin yes\n")
    applied(host)
    met, observation = seen(host, {"PermitRootLogin": "no"})
    assert (met, observation.value, observation.read_from) == (False, "yes", f"{MAIN}:9")
    assert observation.message == f"{MAIN}:9 sets PermitRootLogin to yes for Match Address 192.0.2.0/24"


def test_a_match_block_that_tightens_a_setting_is_no_failure(ssh):
    host = ssh(STOCK + "Match User backup\n  MaxAuthTries 1\n  X11Forwarding no\n")
    applied(host)
    assert seen(host, {"MaxAuthTries": 4})[0]
    assert seen(host, {"X11Forwarding": "no"})[0]


def test_a_match_block_ends_with_its_file(ssh):
    host = ssh(files={"/etc/ssh/sshd_config.d/00-a.conf": "Match User clara\n  X11Forwarding no\n"})
    met, observation = seen(host, {"X11Forwarding": "no"})
    assert (met, observation.read_from) == (False, f"{MAIN}:4")


@pytest.mark.parametrize(
    "condition",
    [
        "LocalPort 22",
        "User backup LocalPort 2222",
        "LocalAddress 10.0.0.1",
        "Address 10.0.0.0/8,!10.1.0.0/16",
        "RDomain red",
        "Host *.example",
        "Group sftponly,!admins",
    ],
)
def test_blocks_of_every_condition_let_the_rest_be_judged(ssh, condition):
    host = ssh(files={"/etc/ssh/sshd_config.d/99-site.conf": f"Match {condition}\nX11Forwarding yes\nMatch all\n"})
    assert Sshd(host).plan(WANTED).refusals == []
    applied(host)
    assert seen(host, {"MaxAuthTries": 4})[0]
    met, observation = seen(host, {"X11Forwarding": "no"})
    assert (met, observation.read_from) == (False, "/etc/ssh/sshd_config.d/99-site.conf:2")


def test_match_all_is_named_too(ssh):
    host = ssh(STOCK + "Match all\n  X11Forwarding yes\n")
    applied(host)
    assert seen(host, {"X11Forwarding": "no"})[1].read_from == f"{MAIN}:9"


def test_an_option_of_the_service_comes_before_every_file(ssh):
    host = ssh(files={"/etc/default/ssh": 'SSHD_OPTS="-4 -o PermitRootLogin=yes -oMaxAuthTries=9"\n'})
    applied(host)
    for name in ("PermitRootLogin", "MaxAuthTries"):
        met, observation = seen(host, {name: WANTED[name]})
        assert (met, observation.read_from) == (False, "/etc/default/ssh")


REDHAT = {
    "/etc/ssh/sshd_config.d/50-redhat.conf": "Include /etc/crypto-policies/back-ends/opensshserver.config\nX11Forwarding yes\nUsePAM yes\n",
    "/etc/crypto-policies/back-ends/opensshserver.config": "MACs hmac-sha1,hmac-sha2-256\n",
}


def test_the_policy_of_the_system_is_seen_on_enterprise_linux(ssh):
    host = ssh("Include /etc/ssh/sshd_config.d/*.conf\nSubsystem\tsftp\t/usr/libexec/openssh/sftp-server\n", REDHAT)
    wanted = {"MACs": ["hmac-sha2-512-etm@openssh.com"], "X11Forwarding": "no"}
    met, observation = seen(host, {"MACs": wanted["MACs"]})
    assert (met, observation.value, observation.read_from) == (
        False,
        "hmac-sha1,hmac-sha2-256",
        "/etc/crypto-policies/back-ends/opensshserver.config:1",
    )
    applied(host, wanted)
    assert all(seen(host, {name: value})[0] for name, value in wanted.items())


def test_options_of_the_service_on_enterprise_linux_come_before_every_file(ssh):
    host = ssh(files={"/etc/sysconfig/sshd": 'OPTIONS="-oMaxAuthTries=9"\n'})
    applied(host)
    met, observation = seen(host, {"MaxAuthTries": WANTED["MaxAuthTries"]})
    assert (met, observation.read_from) == (False, "/etc/sysconfig/sshd")


# -- nothing bad is ever installed ----------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("PermitRootLogin", "never", 'PermitRootLogin never: unsupported option "never"'),
        ("NoSuchThing", "yes", "NoSuchThing yes: Bad configuration option: NoSuchThing"),
        ("Match", "all", "Match cannot be written"),
        ("Ciphers", ["rot13"], "this OpenSSH has none of the wanted ciphers"),
        ("UsePrivilegeSeparation", "yes", "this sshd does not support UsePrivilegeSeparation"),
    ],
)
def test_a_bad_setting_is_named_and_the_others_are_written(ssh, name, value, why):
    host = ssh()
    with pytest.raises(BadSetting, match=why):
        Sshd(host).plan({name: value})
    controls = [Control("bad", {"sshd": {name: value}}), Control("good", {"sshd": {"MaxAuthTries": 4}})]
    outcomes = enforce(host, controls).outcomes
    assert [outcome["outcome"] for outcome in outcomes] == ["failed", "changed"]
    assert name not in host.read(OURS)
    assert [record["status"] for record in audit(host, controls, "offline")] == ["error", "pass"]


@pytest.mark.parametrize("more", ["", "MaxAuthTries 3\n"], ids=["nothing else", "a value that may be stricter"])
def test_a_configuration_that_is_broken_already_is_left_alone(ssh, more):
    host = ssh(files={"/etc/ssh/sshd_config.d/50-site.conf": f"{more}\nPermitRootLogn no\n"})
    plan = Sshd(host).plan(WANTED)
    assert plan.changes == []
    assert plan.refusals[0].why.startswith("sshd would not accept its configuration then: /etc/ssh/sshd_config.d/50-site.conf")
    assert "PermitRootLogn" in plan.refusals[0].why


def test_check_mode_shows_what_would_change_and_leaves_nothing_behind(ssh):
    host = ssh(check=True)
    assert [change.target for change in Sshd(host).plan(WANTED).changes] == [OURS]
    assert not host.exists(OURS)
    assert host.glob("/run/*") + host.glob("/run/.*") == []


def test_check_mode_before_sshd_is_installed_plans_without_it(tree):
    host = tree(check=True)
    assert Sshd(host).absent() == "openssh-server is not installed"
    host.packages.plan("openssh-server", True)
    assert Sshd(host).absent() == ""
    assert [change.target for change in Sshd(host).plan(WANTED).changes] == [OURS]


def test_what_left_the_profile_leaves_the_file_unless_only_a_part_is_meant(ssh):
    host = ssh()
    applied(host)
    applied(host, {"MaxSessions": 10}, partial=True)
    assert {"PermitRootLogin", "MaxSessions"} <= Sshd(host).parse(host.read(OURS)).keys()
    applied(host, {"MaxSessions": 10})
    assert Sshd(host).parse(host.read(OURS)) == {"MaxSessions": "10"}
    applied(host, {})
    assert host.read(OURS) is None


# -- the operator keeps his way in ------------------------------------------------

ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDxVqlZ1Yp8Kq0a8yJ1yq0p3mG0u2m6b1bXn2V4v5w6x clara@example"
KEYS = "/home/clara/.ssh/authorized_keys"


@pytest.fixture
def operated(ssh):
    """A running host with clara logged in over SSH; her hash and her key decide how she gets in again."""

    def make(main=STOCK, shadow="*", key=ED25519, name="clara", groups="clara staff", **kwargs):
        home = "/root" if name == "root" else f"/home/{name}"
        number = 0 if name == "root" else 1000
        answers = {
            "id": groups,
            f"getent passwd {name}": f"{name}:x:{number}:{number}::{home}:/bin/sh\n",
            f"getent shadow {name}": f"{name}:{shadow}:1::::::\n",
            "systemctl": CommandResult(3, "", ""),
        }
        files = {f"{home}/.ssh/authorized_keys": key + "\n"} if key else {}
        environ = {"SSH_CONNECTION": "192.0.2.7 50000 192.0.2.1 22", "USER": name}
        return ssh(main, files, booted=True, answers=answers, environ=environ, **kwargs)

    return make


def refused(host, wanted):
    plan = Sshd(host).plan(wanted)
    return {name: refusal.why for refusal in plan.refusals for name in refusal.names}, plan


def test_root_is_not_locked_out_and_the_rest_is_written(operated):
    names, plan = refused(operated(name="root"), WANTED)
    assert names == {"PermitRootLogin": "PermitRootLogin no would lock out root, whose SSH login runs this: root may not log in"}
    assert "MaxAuthTries 4" in plan.changes[0].after
    assert "PermitRootLogin" not in plan.changes[0].after


def test_root_with_a_key_may_lose_the_password(operated):
    wanted = {"PermitRootLogin": "prohibit-password", "PasswordAuthentication": "no"}
    assert refused(operated(name="root", shadow="$y$x"), wanted)[0] == {}


def test_root_with_a_password_alone_keeps_it(operated):
    wanted = {"PermitRootLogin": "prohibit-password", "PasswordAuthentication": "no"}
    host = operated(name="root", shadow="$y$x", key="", main=STOCK + "PermitRootLogin yes\n")
    assert set(refused(host, wanted)[0]) == {"PasswordAuthentication", "PermitRootLogin"}


def test_a_login_by_password_alone_keeps_the_password(operated):
    wanted = {"PasswordAuthentication": "no", "KbdInteractiveAuthentication": "no"}
    names, unused_plan = refused(operated(shadow="$y$x", key=""), wanted)
    assert names == {
        "PasswordAuthentication": "PasswordAuthentication no would lock out clara, whose SSH login runs this: "
        "neither his key nor his password would be accepted"
    }
    assert refused(operated(shadow="$y$x"), wanted)[0] == {}


@pytest.mark.parametrize(
    ("setting", "shuts"),
    [
        ({"PubkeyAuthentication": "no"}, True),
        ({"AuthorizedKeysFile": "/etc/ssh/keys/%u"}, True),
        ({"PubkeyAcceptedAlgorithms": "rsa-sha2-512"}, True),
        ({"PubkeyAcceptedAlgorithms": ["rsa-sha2-512", "ssh-ed25519"]}, False),
        ({"AuthenticationMethods": "publickey,password"}, True),
        ({"AuthenticationMethods": "publickey,password publickey"}, False),
        ({"AllowUsers": ["ada"]}, True),
        ({"AllowUsers": ["ada", "cl?r*"]}, False),
        ({"AllowUsers": "clara@198.51.100.0/24"}, True),
        ({"AllowUsers": "clara@192.0.2.0/24"}, False),
        ({"DenyUsers": "clara"}, True),
        ({"AllowGroups": ["sshusers"]}, True),
        ({"AllowGroups": ["sshusers", "staff"]}, False),
        ({"DenyGroups": "staff"}, True),
        ({"ForceCommand": "/bin/false"}, True),
        ({"MaxSessions": 0}, True),
        ({"Port": 2222}, True),
        ({"Port": [22, 2222]}, False),
        ({"PermitRootLogin": "no"}, False),
        ({"PasswordAuthentication": "no"}, False),
    ],
)
def test_a_login_by_key_keeps_what_it_needs(operated, setting, shuts):
    names, plan = refused(operated(), {**setting, "X11Forwarding": "no"})
    assert set(names) == (set(setting) if shuts else set())
    assert "X11Forwarding no" in plan.changes[0].after


def test_two_settings_that_only_together_end_the_way_in_lose_one(operated):
    names, unused_plan = refused(operated(shadow="$y$x"), {"PasswordAuthentication": "no", "PubkeyAuthentication": "no"})
    assert set(names) == {"PubkeyAuthentication"}


def test_a_key_that_others_can_write_does_not_count(operated):
    host = operated(shadow="$y$x")
    os.chown(host.path("/home/clara"), 1000, 1000)
    os.chmod(host.path(KEYS), 0o666)
    assert set(refused(host, {"PasswordAuthentication": "no"})[0]) == {"PasswordAuthentication"}


def test_a_login_whose_way_is_not_known_keeps_every_way_that_is_open(operated):
    host = operated(key="", main=STOCK + "GSSAPIAuthentication yes\n")
    assert set(refused(host, {"GSSAPIAuthentication": "no", "MaxAuthTries": 4})[0]) == {"GSSAPIAuthentication"}


def test_a_locked_password_needs_pam(operated):
    assert set(refused(operated(shadow="!"), {"UsePAM": "no"})[0]) == {"UsePAM"}
    assert refused(operated(shadow="*"), {"UsePAM": "no"})[0] == {}


def test_a_match_block_that_lets_the_operator_in_counts(operated):
    host = operated(name="root", main=STOCK + "Match User root Address 192.0.2.7\n  PermitRootLogin yes\n")
    assert refused(host, {"PermitRootLogin": "no"})[0] == {}


def test_nothing_is_reloaded_where_another_file_bars_the_operator(operated):
    host = operated(main=STOCK + "DenyUsers clara\n")
    names, plan = refused(host, WANTED)
    assert plan.changes == []
    assert set(names) == set(WANTED)


# -- on a running host --------------------------------------------------------------


class Door:
    """Something that sends a banner on a port of its own, until it is closed."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        try:
            while True:
                with self.listener.accept()[0] as connection:
                    connection.sendall(b"SSH-2.0-Door\r\n")
        except OSError:
            pass

    def close(self):
        with contextlib.suppress(OSError):  # closed already
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits in accept
        self.listener.close()


@pytest.fixture
def door():
    door = Door()
    yield door
    door.close()


def running(ssh, door, on_reload=lambda: None):
    def systemctl(argv, unused_stdin):
        if "reload" in argv:
            on_reload()
        return CommandResult(0, "", "")

    main = f"ListenAddress 127.0.0.1:{door.port}\n" + STOCK
    return ssh(main, booted=True, environ={}, answers={"systemctl": systemctl})


def test_a_reload_after_which_sshd_answers_is_kept(ssh, door):
    host = running(ssh, door)
    assert enforce(host, [Control("a", {"sshd": WANTED})]).outcomes[0]["outcome"] == "changed"
    assert ["systemctl", "reload", "ssh.service"] in host.ran
    assert host.exists(OURS)


def test_a_reload_after_which_sshd_is_silent_is_undone(ssh, door, monkeypatch):
    monkeypatch.setattr(sshd_kind, "PATIENCE", 0.3)
    host = running(ssh, door, door.close)
    enforced = enforce(host, [Control("a", {"sshd": WANTED})])
    outcome = enforced.outcomes[0]
    assert (outcome["outcome"], outcome["changed"], enforced.changes) == ("failed", [], [])
    assert outcome["message"] == "sshd did not answer after the reload; the former configuration is back"
    assert not host.exists(OURS)
    assert host.ran[-1] == ["systemctl", "restart", "ssh.service"]


def test_a_reload_that_fails_brings_the_former_file_back(ssh, door):
    host = running(ssh, door)
    applied(host, {"MaxAuthTries": 5})
    former = host.read(OURS)
    host.answers["systemctl reload ssh.service"] = CommandResult(1, "", "Job for ssh.service failed.")
    outcome = enforce(host, [Control("a", {"sshd": WANTED})]).outcomes[0]
    assert outcome["message"] == ("ssh.service could not be reloaded: Job for ssh.service failed.; the former configuration is back")
    assert host.read(OURS) == former


def test_a_running_sshd_that_has_not_read_the_file_is_no_pass(ssh, door):
    host = running(ssh, door)
    applied(host)
    pid_file = host.path("/run/sshd.pid")
    with open(pid_file, "w", encoding="ascii") as stream:
        stream.write("1\n")
    assert seen(host, {"MaxAuthTries": 4})[1].status == ""
    os.utime(pid_file, (time.time() - 60, time.time() - 60))
    met, observation = seen(host, {"MaxAuthTries": 4})
    assert (met, observation.status) == (True, "not_checked")
    assert observation.message == f"the running sshd has not read {MAIN} since it changed; restart it"
    assert seen(host, {"X11Forwarding": "yes"})[1].status == ""


# -- from the console, the last administrator keeps his way in --------------------------------


@pytest.fixture
def administered(ssh):
    """A running host that nobody has logged in to over SSH; clara and root may become root, and have what is given."""

    def make(clara="*", root="*", key=True, main=STOCK):
        people = {"root": (0, "/root", root), "clara": (1000, "/home/clara", clara)}
        passwd = {name: f"{name}:x:{number}:{number}::{home}:/bin/sh\n" for name, (number, home, unused) in people.items()}
        shadow = {name: f"{name}:{secret}:20000::::::\n" for name, (unused_n, unused_h, secret) in people.items()}
        rule = {"username": "clara"}
        rules = {
            "User_Specs": [{"User_List": [rule], "Cmnd_Specs": [{"Options": [{"authenticate": False}], "Commands": [{"command": "ALL"}]}]}]
        }
        answers = {
            "id": lambda argv, stdin: argv[2],
            "getent": lambda argv, stdin: {"passwd": passwd, "shadow": shadow}[argv[1]][argv[2]],
            "systemctl": CommandResult(3, "", ""),
            "cvtsudoers": json.dumps(rules),
        }
        files = {
            "/etc/passwd": "".join(passwd.values())
            + "sshd:x:100:65534::/run/sshd:/usr/sbin/nologin\nnobody:x:65534:65534::/:/usr/sbin/nologin\n",
            "/etc/shadow": "".join(shadow.values()),
            "/etc/shells": "/bin/sh\n",
            "/usr/bin/cvtsudoers": "",
            **({KEYS: ED25519 + "\n"} if key else {}),
        }
        host = ssh(main, files, booted=True, answers=answers, environ={})
        os.chmod(host.path("/usr/bin/cvtsudoers"), 0o755)
        if key:
            for path in ("/home/clara/.ssh/authorized_keys", "/home/clara/.ssh", "/home/clara"):
                os.chown(host.path(path), 1000, 1000)
                os.chmod(host.path(path), 0o700)
        return host

    return make


def locked(host, wanted):
    return {name: refusal.why for refusal in Sshd(host).refusals(wanted) for name in refusal.names if refusal.risk == LOCKOUT}


def test_passwords_stay_when_the_last_administrator_has_no_key(administered):
    wanted = {"PasswordAuthentication": "no", "KbdInteractiveAuthentication": "no", "X11Forwarding": "no"}
    assert list(locked(administered("$y$hash", key=False), wanted)) == ["PasswordAuthentication"]
    assert locked(administered("$y$hash"), wanted) == {}


def test_a_list_of_groups_lets_the_last_administrator_in(administered):
    assert locked(administered(), {"AllowGroups": "admins"}) == {
        "AllowGroups": "AllowGroups admins would lock out clara, and nobody else who becomes root comes in over SSH: "
        "the list of groups leaves him out"
    }
    assert locked(administered(), {"AllowGroups": "clara admins"}) == {}


def test_root_comes_in_over_ssh_while_nobody_else_becomes_root(administered):
    main = STOCK + "PermitRootLogin yes\n"
    assert list(locked(administered(root="$y$hash", key=False, main=main), {"PermitRootLogin": "no"})) == ["PermitRootLogin"]
    assert locked(administered(root="$y$hash", main=main), {"PermitRootLogin": "no"}) == {}
