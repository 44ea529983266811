# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control

MAIN = "/etc/ssh/ssh_config"
OURS = "/etc/ssh/ssh_config.d/00-hygeia.conf"
DEBIAN = "Include /etc/ssh/ssh_config.d/*.conf\n\nHost *\n    SendEnv LANG LC_*\n    HashKnownHosts no\n    GSSAPIAuthentication yes\n"
WANTED = {"HashKnownHosts": "yes", "ForwardAgent": "no", "Ciphers": ["aes256-gcm@openssh.com", "aes256-ctr", "not-yet-invented"]}


@pytest.fixture
def client(system):
    return lambda main=DEBIAN, **kwargs: system({MAIN: main}, "ssh", **kwargs)


def control(wanted):
    return Control("c", {"ssh_client": wanted})


def looked(host, wanted):
    return audit(host, [control(wanted)], "offline")[0]


def test_enforcing_writes_once_and_ssh_agrees(client):
    host = client()
    assert looked(host, WANTED)["status"] == "fail"
    assert [change.target for change in enforce(host, [control(WANTED)]).changes] == [OURS]
    assert "    Ciphers aes256-gcm@openssh.com,aes256-ctr\n" in host.read(OURS)
    assert enforce(host, [control(WANTED)]).changes == []
    assert looked(host, WANTED)["status"] == "pass"
    enforce(host, [])
    assert not host.exists(OURS)


@pytest.mark.parametrize(("name", "value"), [("HashKnownHosts", "no"), ("ForwardAgent", "yes"), ("Ciphers", "aes128-ctr")])
def test_a_word_before_ours_is_noticed(client, name, value):
    host = client()
    enforce(host, [control(WANTED)])
    host.write(MAIN, f"{name} {value}\n{DEBIAN}")
    record = looked(host, {name: WANTED[name]})
    assert (record["status"], record["observed"]) == ("fail", {f"ssh_client: {name}": value})


def test_a_main_file_that_includes_nothing_is_noticed(client):
    host = client("Host *\n    SendEnv LANG\n")
    enforce(host, [control(WANTED)])
    assert looked(host, {"HashKnownHosts": "yes"})["status"] == "fail"


def test_a_list_may_be_shorter_than_the_wanted_one(client):
    host = client("Ciphers aes256-ctr\n")
    assert looked(host, {"Ciphers": WANTED["Ciphers"]})["status"] == "pass"


def test_a_spelling_of_ssh_itself_is_the_same(client):
    assert looked(client("PubkeyAuthentication yes\n"), {"PubkeyAuthentication": "yes"})["status"] == "pass"


@pytest.mark.parametrize(
    ("name", "value", "why"),
    [
        ("NoSuchWord", "yes", "nosuchword"),
        ("Host", "*", "cannot be written"),
        ("Ciphers", ["rot13"], "none of the wanted ciphers"),
        ("ForwardAgent", "", "cannot be written"),
    ],
)
def test_a_bad_setting_is_named_and_the_others_are_written(client, name, value, why):
    host = client()
    bad, good = enforce(
        host, [Control("bad", {"ssh_client": {name: value}}), Control("good", {"ssh_client": {"HashKnownHosts": "yes"}})]
    ).outcomes
    assert bad["outcome"] == "failed"
    assert why in bad["message"].lower()
    assert good["outcome"] == "changed"


def test_check_mode_writes_nothing(client):
    host = client(check=True)
    assert enforce(host, [control(WANTED)]).outcomes[0]["outcome"] == "changed"
    assert not host.exists(OURS)


def test_without_ssh_there_is_nothing_to_judge(tree):
    assert looked(tree({"/var/lib/dpkg/status": ""}), WANTED)["message"] == "openssh-client is not installed"
