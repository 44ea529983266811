# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.host import Ran
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.nftables import Nftables
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control

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
    record = audit(filtering(ran=Ran(1, "", "Operation not permitted")), [CONTROL], "live")[0]
    assert record["status"] == "error" and "Operation not permitted" in record["message"]


def test_an_image_filters_nothing(tree):
    assert audit(tree(), [CONTROL], "offline")[0]["status"] == "not_applicable"


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
        ([chain("inet", "accept")], "pass"),
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
        ([rule(verdict="reject"), rule(("iifname", "lo"))], "fail"),
        ([rule(("iifname", "eth0"), verdict="reject")], "fail"),
        ([rule(verdict="reject", name="another")], "fail"),
        ([rule()], "fail"),
    ],
)
def test_a_last_rule_for_all_packets_is_as_good_as_a_policy(filtering, rules, status):
    assert audit(filtering(chain("inet", "accept"), *rules), [CONTROL], "boot")[0]["status"] == status


# -- at boot ----------------------------------------------------------------------

DROPS = "table inet filter {\n  chain input {\n    type filter hook input priority 0; policy drop;\n  }\n}\n"
ACCEPTS = DROPS.replace("policy drop;", "# policy drop;")


@pytest.mark.parametrize(
    ("state", "files", "told"),
    [
        ("enabled", {"/etc/nftables.conf": DROPS}, ""),
        ("enabled", {"/etc/nftables.conf": 'include "/etc/nftables.d/*.nft"\n', "/etc/nftables.d/site.nft": DROPS}, ""),
        ("disabled", {"/etc/nftables.conf": DROPS}, "nftables.service is not enabled"),
        ("enabled", {"/etc/nftables.conf": ACCEPTS}, "no chain of /etc/nftables.conf drops"),
        ("enabled", {"/etc/nftables.conf": DROPS.replace("hook input", "hook forward")}, "no chain of /etc/nftables.conf drops"),
        ("enabled", {"/etc/nftables.conf": "", "/etc/nftables.d/site.nft": DROPS}, "no chain of /etc/nftables.conf drops"),
    ],
)
def test_a_boot_loads_what_an_enabled_service_reads(tree, state, files, told):
    host = tree(files, answers={"systemctl": f"nftables.service {state} enabled\n"}, booted=True)
    record = audit(host, [Control("boot", {"nftables": {"at_boot": "drop"}})], "live")[0]
    assert record["status"] == ("fail" if told else "pass") and told in record["message"]


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
