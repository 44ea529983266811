# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What each reader says of a system that is a directory, or whose programs answer from a script."""

from __future__ import annotations

import base64
import hashlib
import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.manifest import accounts, certificates, document, kernel, services
from ansible_collections.hygeia.golden.plugins.module_utils.manifest.selection import Selection
from ansible_collections.hygeia.golden.plugins.module_utils.manifest.unread import Unread
from ansible_collections.hygeia.golden.plugins.module_utils.system.injected import Injected

KEY = base64.b64encode(b"\x00\x00\x00\x0bssh-ed25519" + bytes(36)).decode()
FINGERPRINT = "SHA256:" + base64.b64encode(hashlib.sha256(base64.b64decode(KEY)).digest()).decode().rstrip("=")
PASSWD = "root:x:0:0::/root:/bin/bash\nada:x:1000:1000::/home/ada:/bin/bash\nsvc:*:99:99::/:/usr/sbin/nologin\n"
SHADOW = "root:$y$j9T$abc$def:19000:0:99999:7:::\nada:!:19000:0:99999:7:::\n"


@pytest.fixture
def tree(tree):  # pylint: disable=redefined-outer-name
    """A tree in which programs can be run."""

    def make(files=None, **kwargs):
        host = tree(files, **kwargs)
        for path in (path for path in files or {} if "bin/" in path):
            os.chmod(host.root + path, 0o755)
        return host

    return make


def test_accounts_tell_whether_there_is_a_password_and_never_which(tree):
    found = accounts.accounts(tree({"/etc/passwd": PASSWD, "/etc/shadow": SHADOW}))
    assert found["root"]["password"].startswith("set, ") and "abc" not in str(found)
    assert (found["ada"]["password"], found["svc"]["password"]) == ("locked", "locked")
    other = accounts.accounts(tree({"/etc/shadow": SHADOW.replace("def", "deg")}))
    assert other["root"]["password"] != found["root"]["password"]


def test_a_weak_hash_has_no_digest(tree):
    assert accounts.accounts(tree({"/etc/passwd": PASSWD, "/etc/shadow": "root:ab1234567890.:1::::::\n"}))["root"]["password"] == "set"


def test_keys_have_their_fingerprints_as_names(tree):
    host = tree({"/etc/passwd": PASSWD, "/home/ada/.ssh/authorized_keys": f'# ours\nfrom="10.0.0.1" ssh-ed25519 {KEY} ada\n'})
    assert accounts.authorized_keys(host) == {
        f"ada {FINGERPRINT}": {"type": "ssh-ed25519", "options": 'from="10.0.0.1"', "file": "/home/ada/.ssh/authorized_keys"}
    }


def test_a_key_is_found_where_sshd_looks(tree):
    answers = {"/usr/sbin/sshd": "authorizedkeysfile /etc/keys/%u none\n", "ssh-keygen": ""}
    host = tree(
        {"/etc/passwd": PASSWD, "/etc/keys/ada": f"ssh-ed25519 {KEY}\n", "/usr/sbin/sshd": "", "/run/lock": "", "/tmp/x": ""},
        answers=answers,
    )
    assert list(accounts.authorized_keys(host)) == [f"ada {FINGERPRINT}"]


def test_rules_of_sudo_are_written_as_in_sudoers(tree):
    answer = """{"Defaults": [{"Options": [{"use_pty": true}]}], "User_Specs": [{"User_List": [{"usergroup": "sudo"}],
      "Host_List": [{"hostname": "ALL"}], "Cmnd_Specs": [{"runasusers": [{"username": "ALL"}], "Options": [{"authenticate": false}],
      "Commands": [{"command": "ALL"}]}]}]}"""
    host = tree({"/etc/sudoers": "", "/usr/bin/sudo": ""}, answers={"cvtsudoers": answer})
    assert list(accounts.sudo(host)) == ['Defaults: {"Options": [{"use_pty": true}]}', "%sudo ALL = (ALL) authenticate=False ALL"]


def test_what_does_not_run_has_no_listeners_and_no_kernel(tree):
    for reader in (services.listeners, kernel.command_line, kernel.sysctl, kernel.packet_filter):
        with pytest.raises(Unread, match="does not run"):
            reader(tree())


def test_a_container_has_no_kernel_of_its_own(tree):
    with pytest.raises(Unread, match="no kernel of its own"):
        kernel.sysctl(tree(booted=True, container=True))


def test_the_command_line_and_values_of_the_kernel(tree):
    files = {"/proc/cmdline": "quiet audit=1 console=tty0 console=ttyS0\n", "/proc/sys/net/ipv4/conf/eth0.1/rp_filter": "1\n"}
    host = tree(files, booted=True)
    assert kernel.command_line(host) == {"quiet": "", "audit": "1", "console": "tty0 ttyS0"}
    assert kernel.sysctl(host) == {"net.ipv4.conf.eth0/1.rp_filter": "1"}


def test_what_modprobe_refuses_and_modules_from_elsewhere(tree):
    shown = "blacklist usb-storage\ninstall cramfs /bin/false\nalias pci:x y\noptions snd index=-2\n\n"
    files = {"/usr/sbin/modprobe": "", "/proc/modules": "ext4 1 2 - Live 0x0\nhidden 1 0 - Live 0x0 (OE)\n"}
    host = tree(files, booted=True, answers={"modprobe": shown})
    assert kernel.modules(host) == {
        "blacklist usb_storage": "",
        "install cramfs": "/bin/false",
        "options snd": "index=-2",
        "loaded hidden": "tainted by OE",
    }


RULESET = """table inet segment {
\tset peers {
\t\ttype ipv4_addr
\t\telements = { 10.0.0.1 }
\t}

\tchain input {
\t\ttype filter hook input priority filter; policy drop;
\t\tip saddr 10.0.2.2 tcp dport 22 accept
\t\ttcp dport 104 accept
\t}
}
"""


def test_the_packet_filter_by_chains_and_sets_without_what_a_boot_check_inserted(tree):
    lines = {
        "/etc/x.conf": ["[Service]\nExecStartPost=/usr/sbin/nft insert rule inet segment input ip saddr 10.0.2.2 tcp dport 22 accept\n"]
    }
    host = tree({"/usr/sbin/nft": ""}, booted=True, answers={"nft": RULESET}, injected=Injected("u", lines))
    assert kernel.packet_filter(host) == {
        "inet segment peers": ["type ipv4_addr", "elements = { 10.0.0.1 }"],
        "inet segment input": ["type filter hook input priority filter; policy drop;", "tcp dport 104 accept"],
    }


def test_certificates_by_fingerprint_and_name(tree):
    der = b"0\x06\x03\x55\x04\x03\x0c\x02CA0\x06\x03\x55\x04\x03\x0c\x04Ours"
    pem = f"-----BEGIN CERTIFICATE-----\n{base64.b64encode(der).decode()}\n-----END CERTIFICATE-----\n"
    host = tree(
        {"/etc/ssl/certs/a.pem": pem, "/usr/local/share/ca-certificates/b.crt": pem, "/etc/ssl/certs/bad.pem": pem.replace("M", "=")}
    )
    assert certificates.certificates(host) == {f"SHA256:{hashlib.sha256(der).hexdigest()}": "Ours"}


def test_jobs_of_cron(tree):
    host = tree({"/etc/crontab": "5 4 * * * root /bin/true\n", "/etc/passwd": PASSWD})
    assert services.crontabs(host) == {"/etc/crontab: /bin/true": ["5 4 * * *"]}


def test_what_is_known_does_not_travel_again(tree):
    host = tree({"/etc/passwd": PASSWD, "/etc/group": "", "/etc/crontab": "5 4 * * * root PASSWORD=geheim99 /bin/x\n", "/opt/a": "1"})
    first, unused_read = document.read(host, document.Request())
    known = {
        "categories": {name: category["digest"] for name, category in first["categories"].items() if "digest" in category},
        "groups": first["files"]["groups"],
    }
    again, unused_read = document.read(host, document.Request(known=known))
    assert all("items" not in category for category in again["categories"].values())
    assert (again["files"]["groups"], again["files"]["entries"], again["root"]) == ({}, {}, first["root"])
    assert "geheim99" not in str(first)
    tree({"/opt/b": "2", "/etc/passwd": PASSWD + "eve:x:0:0::/:/bin/sh\n"})
    now, unused_read = document.read(host, document.Request(known=known))
    assert [name for name, category in now["categories"].items() if "items" in category] == ["accounts"]
    assert set(now["files"]["groups"]) == {"/opt", "/etc"}


def test_a_category_that_cannot_be_read_says_why(tree):
    found, unused_read = document.read(tree(), document.Request())
    assert found["categories"]["sysctl"] == {"unread": "the system does not run"}


def test_ignored_items_are_no_part_of_it(tree):
    rules = [{"compare": "nothing", "items": {"accounts": ["sv*"]}}]
    found, unused_read = document.read(tree({"/etc/passwd": PASSWD}), document.Request(Selection(rules)))
    assert set(found["categories"]["accounts"]["items"]) == {"root", "ada"}
