# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import base64
import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control


def key(kind, *numbers):
    parts = [kind.encode(), *(number.to_bytes(number.bit_length() // 8 + 1, "big") for number in numbers)]
    return f"{kind} {base64.b64encode(b''.join(len(part).to_bytes(4, 'big') + part for part in parts)).decode()} root@host\n"


RSA_3072 = key("ssh-rsa", 65537, (1 << 3071) + 1)
RSA_2048 = key("ssh-rsa", 65537, (1 << 2047) + 1)
ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIEA2t0t71swlACp9VgPte1hgmmeKtRUKMvsHXknS3KV4 root@host\n"
DSA = key("ssh-dss", (1 << 1023) + 1, (1 << 159) + 1, 2, 3)
SOUND = ["ssh-ed25519", "ssh-rsa"]


@pytest.fixture
def server(tree):
    def make(said="port 22\n", **keys):
        files = {f"/etc/ssh/ssh_host_{name}_key.pub": text for name, text in keys.items()}
        host = tree({"/usr/sbin/sshd": "", "/run/sshd/.keep": "", **files}, answers={"/usr/sbin/sshd": said, "ssh-keygen": ""})
        os.chmod(host.path("/usr/sbin/sshd"), 0o755)
        return host

    return make


def looked(host, **wanted):
    return audit(host, [Control("c", {"ssh_host": wanted})], "offline")[0]


def test_sound_keys_pass_and_weak_ones_are_named(server):
    host = server(ed25519=ED25519, rsa=RSA_3072)
    assert looked(host, key_types=SOUND, rsa_bits=3072)["status"] == "pass"
    host = server(dsa=DSA)
    assert looked(host, key_types=SOUND)["message"] == "/etc/ssh/ssh_host_dsa_key.pub is an ssh-dss key"
    record = looked(server(rsa=RSA_2048), rsa_bits=3072)
    assert (record["status"], record["observed"], record["read_from"]) == (
        "fail",
        {"ssh_host: rsa_bits": 2048},
        "/etc/ssh/ssh_host_rsa_key.pub",
    )


def test_a_template_without_keys_has_none_to_judge(server):
    assert looked(server(), key_types=SOUND, rsa_bits=3072)["status"] == "not_applicable"


@pytest.mark.parametrize("text", ["", "ssh-rsa", "ssh-rsa not-base64!", "ssh-rsa AAAA"])
def test_what_is_no_key_is_passed_over(server, text):
    assert looked(server(rsa=text), key_types=SOUND)["status"] == "not_applicable"


@pytest.mark.parametrize(
    ("said", "status"),
    [("port 22\n", "fail"), ("allowgroups hospital\n", "pass"), ("allowusers ann bob\n", "pass"), ("denyusers vendor\n", "pass")],
)
def test_a_list_of_users_or_groups_is_looked_for(server, said, status):
    assert looked(server(said), access_list="present")["status"] == status


def test_nothing_is_ever_written(server):
    assert enforce(server(), [Control("c", {"ssh_host": {"access_list": "present"}})]).changes == []


def test_a_name_that_is_not_known_is_reported(server):
    assert "choose one of access_list, key_types, rsa_bits" in looked(server(), keys="any")["message"]
