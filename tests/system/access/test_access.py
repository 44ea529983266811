# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the controls for access promise, tried out by logging in."""

from __future__ import annotations

import os
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.tests.templates import chrooted

RIGHT = "Gletscher-73-Forelle"
# Who may come in over SSH is for the site to say; accounts that were there before keep the ages of their passwords.
OPEN = dict.fromkeys(
    ("ssh-access-list", "account-inactive-existing", "account-password-max-days-existing", "account-password-min-days-existing"), "fail"
)


def statuses(system, controls):
    return {record["control"]: record["status"] for record in audit(chrooted.host(system.root, check=True), controls, "offline")}


def wrong(system, controls):
    return {control: status for control, status in statuses(system, controls).items() if status not in ("pass", "not_applicable")}


def test_every_control_passes_and_enforcing_again_changes_nothing(system, controls):
    assert wrong(system, controls) == OPEN
    assert [change.target for change in enforce(system.host, controls).changes] == []


def test_the_packages_of_the_system_agree_with_what_was_written(system, controls):
    """pam-auth-update, visudo and sshd of the system itself find nothing to complain of."""
    before = {path: system.host.read(path) for path in system.host.glob("/etc/pam.d/common-*")}
    ran = system.run("pam-auth-update", "--package")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert {path: system.host.read(path) for path in before} == before
    assert system.run("visudo", "-c").returncode == 0
    assert system.run("/usr/sbin/sshd", "-t").returncode == 0
    assert wrong(system, controls) == OPEN


# -- locking ------------------------------------------------------------------------


def test_a_right_password_opens_and_a_wrong_one_does_not(system):
    assert system.opens("ada")
    assert not system.opens("ada", "wrong")


def test_four_wrong_passwords_lock_and_the_time_unlocks(system):
    system.try_wrong("kim", 3)
    assert system.opens("kim")
    system.try_wrong("kim", 3)
    assert system.opens("kim"), "a right password did not make the wrong ones before it forgotten"
    system.try_wrong("kim", 4)
    assert not system.opens("kim")
    assert "account is locked" in system.run(*system.become("kim"), stdin=RIGHT + "\n").stdout
    conf = system.host.read("/etc/security/faillock.conf")
    system.host.write("/etc/security/faillock.conf", conf.replace("unlock_time = 900", "unlock_time = 3"))
    try:
        time.sleep(4)
        assert system.opens("kim")
    finally:
        system.host.write("/etc/security/faillock.conf", conf)


def test_root_is_not_locked_out(system):
    system.try_wrong("root", 7)
    assert system.opens("root")


def test_an_account_without_a_password_opens_nothing(system):
    system.run("passwd", "--delete", "eve")
    assert not system.opens("eve", "")


# -- passwords -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "why"),
    [("Zu-kurz-9", "shorter than 14"), ("characteristics", "same class"), ("Gletscher-7-aaaa-Forelle", "same characters consecutively")],
)
def test_a_poor_password_is_refused_even_from_root(system, password, why):
    ran = system.change_password("lea", password)
    assert ran.returncode != 0
    assert why in ran.stdout + ran.stderr
    assert system.opens("lea")


def test_a_former_password_is_refused_and_a_new_one_taken(system):
    assert system.change_password("ada", "Birke-58-Kompass-Tal").returncode == 0
    assert system.opens("ada", "Birke-58-Kompass-Tal")
    again = system.change_password("ada", RIGHT)
    assert again.returncode != 0, again.stdout + again.stderr
    assert system.change_password("ada", "Wacholder-41-Brunnen").returncode == 0
    assert not system.opens("ada")


def test_a_new_account_has_the_defaults(system):
    system.run("useradd", "--create-home", "nia")
    system.change_password("nia", "Lerche-92-Segeltuch")
    name, stored, unused_day, least, most, warn, inactive = system.run("getent", "shadow", "nia").stdout.split(":")[:7]
    assert (name, stored[:3], least, most, warn, inactive) == ("nia", "$y$", "1", "365", "7", "30")
    assert os.stat(system.root / "home/nia").st_mode & 0o027 == 0


# -- sessions ---------------------------------------------------------------------------


def test_a_login_shell_has_a_timeout_and_a_umask(system):
    ran = system.run("su", "-", "bob", "-c", "umask")
    assert ran.stdout.strip() == "0027"
    ran = system.run("setpriv", "--reuid=bob", "--regid=bob", "--init-groups", "bash", "-lic", "echo $TMOUT; TMOUT=0; echo free")
    assert ran.stdout.split() == ["900"]


# -- sudo ---------------------------------------------------------------------------------


def sudo(system, name, password):
    return system.run(
        "setpriv", f"--reuid={name}", f"--regid={name}", "--init-groups", "sudo", "-k", "-S", "id", "-un", stdin=password + "\n"
    )


def test_sudo_works_with_the_right_password_and_is_recorded(system):
    ran = sudo(system, "bob", RIGHT)
    assert ran.stdout.strip() == "root", ran.stderr
    assert "COMMAND=/usr/bin/id -un" in " ".join(system.host.read("/var/log/sudo.log").split())
    assert sudo(system, "bob", "wrong").returncode != 0
    assert sudo(system, "lea", RIGHT).returncode != 0


# -- SSH ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def key(system, tmp_path_factory):
    """A key of lea's."""
    path = tmp_path_factory.mktemp("key") / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    directory = system.root / "home/lea/.ssh"
    directory.mkdir(mode=0o700)
    (directory / "authorized_keys").write_text(path.with_suffix(".pub").read_text(encoding="ascii"), encoding="ascii")
    system.run("chown", "-R", "lea:lea", "/home/lea/.ssh")
    return path


def login(system, name, *options, server=(), secret="", tmp_path=None):
    """Log in to the system's own sshd, which is started for this one connection."""
    proxy = " ".join(["chroot", str(system.root), "/usr/sbin/sshd", "-i", "-e", *server])
    environ = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    if secret:
        ask = tmp_path / f"ask-{secret}"
        if not ask.exists():
            ask.write_text(f"#!/bin/sh\necho '{secret}'\n", encoding="ascii")
            ask.chmod(0o700)
        environ.update(SSH_ASKPASS=str(ask), SSH_ASKPASS_REQUIRE="force")
    command = ["ssh", "-F", "none", "-o", f"ProxyCommand={proxy}", "-o", "StrictHostKeyChecking=no"]
    command += ["-o", "UserKnownHostsFile=/dev/null", "-o", "NumberOfPasswordPrompts=1", *options, f"{name}@system", "id -un"]
    return subprocess.run(command, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=False)


def test_a_key_logs_in_over_ssh_and_a_password_does_not(system, key, tmp_path):
    ran = login(system, "lea", "-i", str(key))
    assert ran.stdout.strip() == "lea", ran.stderr
    assert "authorized use only" in ran.stderr or "Debian" in ran.stderr
    ran = login(system, "lea", secret=RIGHT, tmp_path=tmp_path)
    assert ran.stdout == ""
    assert "Permission denied (publickey)" in ran.stderr


def test_root_does_not_log_in_over_ssh_even_with_a_key(system, key):
    system.run(
        "install", "-D", "--owner=root", "--group=root", "--mode=600", "/home/lea/.ssh/authorized_keys", "/root/.ssh/authorized_keys"
    )
    assert login(system, "root", "-i", str(key)).stdout == ""
    assert login(system, "root", "-i", str(key), server=("-o", "PermitRootLogin=yes")).stdout.strip() == "root"


def test_wrong_passwords_over_ssh_lock_where_a_site_allows_passwords(system, tmp_path):
    allowed = ("-o", "PasswordAuthentication=yes")
    assert login(system, "lea", server=allowed, secret=RIGHT, tmp_path=tmp_path).stdout.strip() == "lea"
    login(system, "lea", server=allowed, secret="wrong", tmp_path=tmp_path)
    with ThreadPoolExecutor() as pool:  # PAM waits two seconds after each wrong password
        for unused_try in range(4):
            pool.submit(login, system, "lea", server=allowed, secret="wrong", tmp_path=tmp_path)
    try:
        assert login(system, "lea", server=allowed, secret=RIGHT, tmp_path=tmp_path).stdout == ""
        assert not system.opens("lea")
    finally:
        system.run("faillock", "--user", "lea", "--reset")
    assert login(system, "lea", server=allowed, secret=RIGHT, tmp_path=tmp_path).stdout.strip() == "lea"


@pytest.mark.parametrize("option", ["Ciphers=aes128-cbc", "MACs=hmac-sha1", "KexAlgorithms=diffie-hellman-group14-sha256"])
def test_an_old_algorithm_finds_no_answer(system, key, option):
    kind = option.partition("=")[0]
    supported = subprocess.run(["ssh", "-Q", kind], capture_output=True, text=True, check=True).stdout.split()
    assert option.partition("=")[2] in supported
    extra = ("-o", "Ciphers=aes256-ctr") if kind == "MACs" else ()
    ran = login(system, "lea", "-i", str(key), "-o", option, *extra)
    assert ran.stdout == ""
    assert "no matching" in ran.stderr


# -- leaving ------------------------------------------------------------------------------------


def test_what_left_the_profile_leaves_the_system_and_people_still_log_in(system, controls):
    """The last one, because it takes everything back."""
    enforce(system.host, [])
    assert system.host.glob("/etc/*/*hygeia*") + system.host.glob("/usr/share/pam-configs/hygeia*") == []
    assert "faillock" not in system.host.read("/etc/pam.d/common-auth")
    assert system.opens("bob")
    assert sudo(system, "bob", RIGHT).stdout.strip() == "root"
    assert statuses(system, controls)["account-lockout"] == "fail"
