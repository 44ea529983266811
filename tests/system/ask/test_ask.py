# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What runs goes on while a control would break it, and the same control is applied once it has ended."""

from __future__ import annotations

import pytest

SERVER, CLIENT = "10.77.0.1", "10.77.0.9"
# A client that waits for the server's greeting, and asks for its list when it may go on.
TALK = f"""
import socket, sys
connection = socket.create_connection(("{SERVER}", 873), timeout=30, source_address=("{CLIENT}", 0))
stream = connection.makefile("rw")
print(stream.readline().strip(), flush=True)
sys.stdin.readline()
stream.write("@RSYNCD: 31.0 sha512 sha256 sha1 md5 md4\\n#list\\n")
stream.flush()
print(stream.readline().strip(), flush=True)
"""


@pytest.fixture
def client(guest):
    """A client of the rsync daemon that is in the middle of a session."""
    for address in (SERVER, CLIENT):
        guest.run("ip", "address", "replace", f"{address}/24", "dev", "lo")
    client = guest.start("python3", "-c", TALK)
    assert client.stdout.readline().startswith("@RSYNCD: ")
    yield client
    client.kill()
    client.wait()


def active(guest, unit):
    return guest.run("systemctl", "is-active", unit).stdout.strip() == "active"


def test_a_daemon_with_a_client_goes_on(guest, client):
    wanted = {"service": {"rsync": "masked"}, "package": {"rsync": "absent"}}
    outcome = guest.enforce(**wanted)
    assert outcome["outcome"] == "refused"
    assert f"rsync.service is in use, {CLIENT} is connected with its port 873" in outcome["message"]
    assert "rsync is in use, it runs as rsync (process " in outcome["message"]
    client.stdin.write("\n")
    client.stdin.flush()
    assert client.stdout.readline().split() == ["images"]


def test_a_daemon_that_only_listens_is_asked_about_and_masked_once_it_is_stopped(guest):
    outcome = guest.enforce(service={"rsync": "masked"})
    assert (outcome["outcome"], outcome["overridable"]) == ("refused", ["in_use"])
    assert "it listens for other machines on port 873/tcp" in outcome["message"]
    assert active(guest, "rsync")
    guest.run("systemctl", "stop", "rsync")
    assert guest.enforce(service={"rsync": "masked"})["outcome"] == "changed"
    assert guest.run("systemctl", "is-enabled", "rsync").stdout.strip() == "masked"
    assert guest.enforce(package={"rsync": "absent"})["outcome"] == "changed"
    assert guest.run("rsync", "--version").returncode == 127


def test_a_program_that_runs_from_tmp_goes_on(guest):
    guest.run("cp", "/usr/bin/sleep", "/tmp/viewer")
    viewer = guest.start("/tmp/viewer", "600")
    wanted = {"mount": {"/tmp": {"options": ["nodev", "nosuid", "noexec"]}}}
    try:
        outcome = guest.enforce(**wanted)
        assert outcome["outcome"] == "refused"
        assert "/tmp is in use, viewer (process " in outcome["message"] and "executes /tmp/viewer" in outcome["message"]
        assert guest.run("/tmp/viewer", "0").returncode == 0
        assert viewer.poll() is None
    finally:
        viewer.kill()
        viewer.wait()
    guest.run("pkill", "--exact", "viewer")
    assert guest.enforce(**wanted)["outcome"] == "changed"
    assert guest.run("/tmp/viewer", "0").returncode == 126


def becomes_root(guest):
    ran = guest.run("setpriv", "--reuid=ada", "--regid=ada", "--init-groups", "sudo", "--non-interactive", "id", "-un")
    return ran.stdout.strip() == "root"


def test_whoever_becomes_root_without_a_password_is_not_asked_for_one_before_there_is_one(guest):
    wanted = {"sudo": {"authenticate": True}}
    assert becomes_root(guest)
    outcome = guest.enforce(**wanted, force=["c"])
    assert (outcome["outcome"], outcome["overridable"]) == ("refused", ["lockout"])
    assert outcome["message"].endswith("ada would need a password for sudo and has none: set one first")
    assert becomes_root(guest)
    guest.run("chpasswd", stdin="ada:Gletscher-73-Forelle\n")
    assert guest.enforce(**wanted)["outcome"] == "changed"
    assert not becomes_root(guest)


def finds(guest, name):
    return guest.run("getent", "hosts", name).stdout.split()[:1]


def test_the_only_server_for_names_stays_until_another_is_named(guest):
    wanted = {"service": {"dnsmasq": "masked"}}
    assert finds(guest, "pacs.ward.example") == ["10.77.0.5"]
    outcome = guest.enforce(**wanted, force=["c"], force_lockout=["c"])
    assert (outcome["outcome"], outcome["overridable"]) == ("refused", [])
    assert outcome["message"] == (
        "without dnsmasq.service this host would find no names, for /etc/resolv.conf names 127.0.0.1, where it answers: "
        "name another server there first"
    )
    assert finds(guest, "pacs.ward.example") == ["10.77.0.5"]
    guest.write("/etc/resolv.conf", "nameserver 10.77.0.2\n")
    assert guest.enforce(**wanted)["outcome"] == "changed"
    assert not active(guest, "dnsmasq")


def test_a_way_in_over_ssh_stays_and_check_mode_says_the_same(guest):
    wanted = {"sshd": {"AllowGroups": "admins"}}
    for check in (True, False):
        outcome = guest.enforce(check, **wanted)
        assert (outcome["outcome"], outcome["overridable"]) == ("refused", ["lockout"])
        assert "AllowGroups admins would lock out ada" in outcome["message"]
    assert guest.enforce(sshd={"AllowGroups": "ada"})["outcome"] == "changed"
