# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.network.nftables import Nftables
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting

CONTROL = Control("packet-filter", {"nftables": {"input": "drop"}})


def chain(family, policy, hook="input"):
    return {"chain": {"family": family, "table": "filter", "name": hook, "hook": hook, "prio": 0, "type": "filter", "policy": policy}}


@pytest.fixture
def filtering(tree):
    """A booted host whose packet filter has these chains."""

    def make(*chains, ran=None):
        host = tree({"/usr/sbin/nft": ""}, booted=True)
        os.chmod(host.path("/usr/sbin/nft"), 0o755)
        listing = json.dumps({"nftables": [{"metainfo": {"json_schema_version": 1}}, *chains]})
        host.answers["nft"] = ran or listing
        return host

    return make


@pytest.mark.parametrize(
    ("chains", "status"),
    [
        ([chain("inet", "drop")], "pass"),
        ([chain("ip", "drop"), chain("ip6", "drop")], "pass"),
        ([chain("inet", "accept"), chain("inet", "drop")], "pass"),
        ([chain("ip", "drop")], "fail"),
        ([chain("inet", "accept")], "fail"),
        ([chain("inet", "drop", "forward")], "fail"),
        ([{"chain": {"family": "inet", "table": "filter", "name": "unhooked"}}], "fail"),
        ([], "fail"),
    ],
)
def test_both_versions_of_ip_must_be_dropped_by_default(filtering, chains, status):
    assert audit(filtering(*chains), [CONTROL], "boot")[0]["status"] == status


def test_a_forgotten_version_of_ip_is_named(filtering):
    record = audit(filtering(chain("ip", "drop")), [CONTROL], "boot")[0]
    assert "drops IPv6 packets" in record["message"]


def test_without_nft_nothing_is_claimed(tree):
    record = audit(tree(booted=True), [CONTROL], "live")[0]
    assert record["status"] == "not_checked" and "install nftables" in record["message"]


def test_an_answer_that_is_refused_is_an_error(filtering):
    record = audit(filtering(ran=CommandResult(1, "", "Operation not permitted")), [CONTROL], "live")[0]
    assert record["status"] == "error" and "Operation not permitted" in record["message"]


def test_an_image_without_a_filter_drops_nothing(tree):
    assert audit(tree(), [CONTROL], "offline")[0]["status"] == "fail"


def test_a_policy_that_does_not_exist_is_refused(tree):
    with pytest.raises(BadSetting, match="input: reject"):
        Nftables(tree()).plan({"input": "reject"})


# -- loopback ---------------------------------------------------------------------


def rule(*matches, verdict="accept", name="input"):
    expressions = [{"match": {"op": "==", "left": {"meta": {"key": key}}, "right": value}} for key, value in matches]
    return {"rule": {"family": "inet", "table": "filter", "chain": name, "expr": [*expressions, {verdict: None}]}}


@pytest.mark.parametrize(
    ("listing", "status"),
    [
        ([chain("inet", "drop"), rule(("iifname", "lo"))], "pass"),
        ([chain("inet", "drop"), rule(("iif", "lo"))], "pass"),
        ([], "fail"),
        ([chain("inet", "accept")], "fail"),
        ([chain("inet", "accept"), rule(verdict="reject")], "fail"),
        ([chain("inet", "accept"), rule(("iifname", "lo")), rule(verdict="reject")], "pass"),
        ([chain("inet", "drop")], "fail"),
        ([chain("inet", "drop"), rule(("iifname", "eth0"))], "fail"),
        ([chain("inet", "drop"), rule(("iifname", "lo"), ("l4proto", "tcp"))], "fail"),
        ([chain("inet", "drop"), rule(("iifname", "lo"), verdict="drop")], "fail"),
        ([chain("inet", "drop"), rule(("iifname", "lo"), name="another")], "fail"),
    ],
)
def test_what_drops_by_default_must_let_the_machine_talk_to_itself(filtering, listing, status):
    control = Control("loopback", {"nftables": {"loopback": "accept"}})
    assert audit(filtering(*listing), [control], "live")[0]["status"] == status


@pytest.mark.parametrize(
    ("rules", "status"),
    [
        ([rule(("iifname", "lo")), rule(verdict="reject")], "pass"),
        ([rule(verdict="drop")], "pass"),
        ([rule(verdict="reject"), rule(("iifname", "lo"))], "pass"),
        ([rule(), rule(verdict="reject")], "fail"),
        ([rule(("iifname", "eth0"), verdict="reject")], "fail"),
        ([rule(verdict="reject", name="another")], "fail"),
        ([rule()], "fail"),
    ],
)
def test_a_last_rule_for_all_packets_is_as_good_as_a_policy(filtering, rules, status):
    assert audit(filtering(chain("inet", "accept"), *rules), [CONTROL], "boot")[0]["status"] == status


# -- at boot, as nft itself reads it ------------------------------------------------

MAIN = "/etc/nftables.conf"
DROPS = "table inet filter {\n  chain input {\n    type filter hook input priority 0; policy drop;\n  }\n}\n"
ACCEPTS = DROPS.replace("policy drop", "policy accept")
NOTHING = "no chain at the hook input drops IPv4 and IPv6 packets"
WANTS = {
    "/lib/systemd/system/nftables.service": "[Install]\nWantedBy=sysinit.target\n",
    "/etc/systemd/system/sysinit.target.wants/nftables.service": "",
}
VARIABLE = {
    MAIN: 'flush ruleset\ninclude "/etc/nftables.d/main.nft"\n',
    "/etc/nftables.d/main.nft": 'define input_policy = "drop"\ninclude "/etc/nftables.d/rules/*.nft"\n',
    "/etc/nftables.d/rules/10-in.nft": DROPS.replace("policy drop", "policy $input_policy"),
}
CHAIN = "add chain inet filter input { type filter hook input priority 0; policy drop; }\n"


def at_boot(host):
    return audit(host, [Control("boot", {"nftables": {"at_boot": "drop"}})], "offline")[0]


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({MAIN: DROPS}, ""),
        ({MAIN: 'include "/etc/nftables.d/*.nft"\n', "/etc/nftables.d/site.nft": DROPS}, ""),
        (VARIABLE, ""),
        ({MAIN: ACCEPTS + CHAIN}, ""),
        ({MAIN: ACCEPTS.replace("policy accept;", "policy accept; iif lo accept; counter drop;")}, ""),
        ({MAIN: "table ip a { chain b { type filter hook input priority 0; policy drop; }; }\n" + DROPS.replace("inet", "ip6")}, ""),
        ({MAIN: DROPS.replace("policy drop;", 'policy drop; iif "eth7" tcp dport 22 accept;')}, ""),
        (
            {
                MAIN: DROPS.replace("}\n}", "    jump rest\n  }\n  chain rest { accept; }\n}").replace(
                    "chain input", "chain rest {}; chain input"
                )
            },
            NOTHING,
        ),
        ({MAIN: DROPS.replace("inet", "ip")}, "drops IPv6 packets"),
        ({MAIN: DROPS.replace("inet filter", "bridge filter") + ACCEPTS}, NOTHING),
        ({MAIN: DROPS.replace("inet filter", "arp filter")}, NOTHING),
        ({MAIN: DROPS + "flush ruleset\n"}, NOTHING),
        ({MAIN: DROPS + "delete table inet filter\n"}, NOTHING),
        ({MAIN: ACCEPTS.replace("policy accept;", "# policy drop;")}, NOTHING),
        ({MAIN: DROPS.replace("policy drop;", "policy drop; accept;")}, NOTHING),
        ({MAIN: DROPS.replace("hook input", "hook forward")}, NOTHING),
        ({MAIN: "", "/etc/nftables.d/site.nft": DROPS}, NOTHING),
        ({MAIN: DROPS + "tabel\n"}, "no boot loads it, because nft does not load the ruleset"),
        ({}, "there is no /etc/nftables.conf"),
    ],
)
def test_nft_says_what_a_boot_loads(system, files, message):
    record = at_boot(system({**WANTS, **files}, "nft", "ip"))
    assert (record["status"], message in record["message"]) == ("fail" if message else "pass", True), record["message"]


def test_what_is_not_enabled_is_not_loaded(system):
    record = at_boot(system({MAIN: DROPS, "/lib/systemd/system/nftables.service": "[Install]\nWantedBy=sysinit.target\n"}, "nft"))
    assert (record["status"], "nftables.service is not enabled" in record["message"]) == ("fail", True)


def test_a_filter_without_its_program_is_loaded_by_nobody(tree):
    record = at_boot(tree({**WANTS, MAIN: DROPS}))
    assert (record["status"], record["message"]) == ("fail", "nft is not installed, so a boot loads no packet filter")


def test_what_cannot_be_tried_is_not_checked(tree, monkeypatch):
    def refuse(*unused):
        raise OSError(1, "a network namespace cannot be made or entered")

    monkeypatch.setattr("ansible_collections.hygeia.golden.plugins.module_utils.flows.netns.alone", refuse)
    host = tree({**WANTS, MAIN: DROPS, "/usr/sbin/nft": ""})
    os.chmod(host.path("/usr/sbin/nft"), 0o755)
    record = at_boot(host)
    assert (record["status"], "a network namespace cannot be made" in record["message"]) == ("not_checked", True)


@pytest.mark.parametrize(("lines", "status"), [("iif lo accept;", "pass"), ("", "fail")])
def test_an_image_is_judged_by_what_its_boots_load(system, lines, status):
    host = system({**WANTS, MAIN: DROPS.replace("policy drop;", f"policy drop; {lines}")}, "nft")
    found = audit(host, [CONTROL, Control("loopback", {"nftables": {"loopback": "accept"}})], "offline")
    assert [record["status"] for record in found] == ["pass", status]


@pytest.mark.parametrize(
    ("units", "tolerated", "status"),
    [
        ("nftables.service enabled\nufw.service disabled\n", [], "pass"),
        ("nftables.service enabled\nufw.service enabled\n", [], "fail"),
        ("firewalld.service enabled\n", ["firewalld"], "pass"),
        ("firewalld.service enabled\nnetfilter-persistent.service enabled\n", ["firewalld"], "fail"),
    ],
)
def test_a_second_program_that_loads_a_filter_is_found(tree, units, tolerated, status):
    host = tree(answers={"systemctl": units}, booted=True)
    assert audit(host, [Control("one", {"nftables": {"others": tolerated}})], "live")[0]["status"] == status
