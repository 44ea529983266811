# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import json
import os

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.engine.audit import audit
from ansible_collections.hygeia.golden.plugins.module_utils.engine.enforce import enforce
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.network.packet_filter import PacketFilter, _untouched
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Control
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.tests.tamper import packet_filter as tampering

MAIN = "/etc/nftables.conf"
ENABLED = "/etc/systemd/system/sysinit.target.wants/nftables.service"
UNIT = {"/lib/systemd/system/nftables.service": "[Install]\nWantedBy=sysinit.target\n"}
STOCK = """\
#!/usr/sbin/nft -f

flush ruleset

table inet filter {
\tchain input {
\t\ttype filter hook input priority filter;
\t}
\tchain forward {
\t\ttype filter hook forward priority filter;
\t}
\tchain output {
\t\ttype filter hook output priority filter;
\t}
}
"""
SITE = "flush ruleset\ntable inet site { chain input { type filter hook input priority 0; policy drop; iif lo accept; }; }\n"


def control(**value):
    return Control("firewall-default", {"packet_filter": {"inbound": value}})


@pytest.fixture
def filtered(system):
    """A system whose nft is real, and whose systemctl does what it is asked."""

    def make(files, *programs, **kwargs):
        host = system({**UNIT, **files}, "nft", *programs, **kwargs)
        host.answers["systemctl"] = lambda argv, stdin: _switch(host, argv)
        return host

    return make


def _switch(host, argv):
    if argv[1] == "enable":
        host.write(ENABLED, "")
    elif argv[1] == "disable":
        host.remove(ENABLED)
    return ""


def looked(host):
    return audit(host, [control()], "offline")[0]


@pytest.mark.parametrize("text", [STOCK, STOCK.replace("priority filter", "priority 0"), "", "# nothing\n", "flush ruleset\n"])
def test_what_the_package_brought_is_replaced(filtered, text):
    host = filtered({MAIN: text})
    assert looked(host)["status"] == "fail"
    assert [change.target for change in enforce(host, [control()]).changes] == [MAIN, "nftables.service"]
    assert enforce(host, [control()]).changes == []
    assert looked(host)["status"] == "pass"
    assert os.stat(host.path(MAIN)).st_mode & 0o777 == 0o700


def test_a_filter_of_the_site_stays(filtered):
    host = filtered({MAIN: SITE})
    assert [change.target for change in enforce(host, [control()]).changes] == ["nftables.service"]
    assert host.read(MAIN) == SITE
    assert looked(host)["status"] == "pass"


@pytest.mark.parametrize(
    "text", [SITE.replace("policy drop", "policy accept"), STOCK.replace("filter;\n\t}\n}", "filter; tcp dport 22 accept;\n\t}\n}")]
)
def test_rules_of_others_that_drop_nothing_are_not_thrown_away(filtered, text):
    host = filtered({MAIN: text})
    outcome = enforce(host, [control()]).outcomes[0]
    assert (outcome["outcome"], "has rules of its own" in outcome["message"]) == ("refused", True)
    assert host.read(MAIN) == text
    assert not _untouched(text)


def test_a_filter_that_cannot_be_tried_is_left_alone(tree, monkeypatch):
    def refuse(*unused):
        raise OSError(1, "a network namespace cannot be made or entered")

    monkeypatch.setattr("ansible_collections.hygeia.golden.plugins.module_utils.flows.netns.alone", refuse)
    host = tree({**UNIT, MAIN: SITE, "/usr/sbin/nft": ""})
    os.chmod(host.path("/usr/sbin/nft"), 0o755)
    assert enforce(host, [control()]).outcomes[0]["outcome"] == "unchanged"


def test_without_its_program_there_is_no_filter(tree):
    host = tree({**UNIT, MAIN: STOCK})
    outcome = enforce(host, [control()]).outcomes[0]
    assert (outcome["outcome"], "install nftables" in outcome["message"]) == ("failed", True)
    assert looked(host)["status"] == "fail"


def test_a_second_program_keeps_its_filter(filtered):
    ufw = {
        "/lib/systemd/system/ufw.service": "[Install]\nWantedBy=multi-user.target\n",
        "/etc/systemd/system/multi-user.target.wants/ufw.service": "",
    }
    host = filtered({MAIN: STOCK, **ufw})
    outcome = enforce(host, [control()]).outcomes[0]
    assert (outcome["outcome"], outcome["message"].partition(" makes")[0]) == ("refused", "ufw")
    assert looked(host)["status"] == "not_checked"
    host.write("/etc/ufw/ufw.conf", "ENABLED=no\nLOGLEVEL=low\n")
    assert enforce(host, [control()]).outcomes[0]["outcome"] == "changed"


def test_what_a_site_names_is_open(filtered):
    host = filtered({MAIN: STOCK}, "sshd", "ssh-keygen")
    enforce(host, [control(services=["443/tcp", "5000-5010/udp"], ssh_from=["10.1.0.0/16", "fd00::/8"], forward="accept")])
    lines = [line.strip() for line in host.lines(MAIN)]
    opened = ["ip saddr { 10.1.0.0/16 } tcp dport 22 accept", "ip6 saddr { fd00::/8 } tcp dport 22 accept"]
    opened += ["tcp dport 443 accept", "udp dport 5000-5010 accept"]
    assert lines[lines.index(opened[0]) :][:4] == opened
    assert looked(host)["status"] == "pass"


def test_ssh_is_open_where_its_server_listens(filtered):
    host = filtered({MAIN: STOCK, "/etc/ssh/sshd_config": "Port 2222\nPort 22\n"}, "sshd", "ssh-keygen")
    enforce(host, [control()])
    assert "        tcp dport 22, 2222 accept" not in host.lines(MAIN)
    assert "        tcp dport { 22, 2222 } accept" in host.lines(MAIN)


def test_it_is_taken_back(filtered):
    host = filtered({MAIN: STOCK})
    enforce(host, [control()])
    enforce(host, [])
    assert "drop" not in host.read(MAIN)
    assert not host.exists(ENABLED)


def test_the_outside_hand_is_noticed(filtered):
    host = filtered({MAIN: STOCK})
    enforce(host, [control()])
    tampering.tamper(host.root, "inbound", {})
    assert looked(host)["status"] == "fail"


@pytest.mark.parametrize(
    "value",
    [
        {"services": ["https"]},
        {"services": ["70000/tcp"]},
        {"services": ["20-10/tcp"]},
        {"ssh_from": ["home"]},
        {"forward": "reject"},
        {"open": []},
    ],
)
def test_what_means_nothing_is_not_written(tree, value):
    with pytest.raises(BadSetting):
        PacketFilter(tree()).plan({"inbound": value})


# -- what is asked first on a running host ---------------------------------------------

TCP = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"


def listener(port, address="00000000"):
    return f"   0: {address}:{port:04X} 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 7 1 0\n"


def running(tree, lines="", listing=(), **kwargs):
    host = tree({MAIN: STOCK, "/usr/sbin/nft": "", "/usr/sbin/sshd": "", "/proc/self/net/tcp": TCP + lines}, booted=True, **kwargs)
    for program in ("nft", "sshd"):
        os.chmod(host.path(f"/usr/sbin/{program}"), 0o755)
    host.answers.update({"nft": json.dumps({"nftables": list(listing)}), "systemctl": "nftables.service enabled enabled\n"})
    return host


@pytest.mark.parametrize(
    ("lines", "services", "message"),
    [
        (listener(22), [], ""),
        (listener(8443, "0100007F"), [], ""),
        (listener(8443), ["8000-9000/tcp"], ""),
        (listener(8443) + listener(104), [], "would cut off what listens on 104/tcp, 8443/tcp"),
        (listener(8443), ["8443/udp"], "would cut off what listens on 8443/tcp"),
    ],
)
def test_what_listens_is_not_cut_off_without_a_question(tree, lines, services, message):
    host = running(tree, lines)
    outcome = enforce(host, [control(services=services)]).outcomes[0]
    assert (outcome["outcome"], message in outcome["message"]) == ("refused" if message else "changed", True)
    assert (host.read(MAIN) == STOCK) == bool(message)
    assert not message or outcome["overridable"] == ["in_use"]
    assert not message or enforce(host, [control(services=services)], force=["firewall-default"]).outcomes[0]["outcome"] == "changed"


def test_a_filter_that_runs_is_not_mixed_with_another(tree):
    rule = {"rule": {"family": "ip", "table": "nat", "chain": "DOCKER", "expr": [{"accept": None}]}}
    outcome = enforce(running(tree, listing=[rule]), [control()]).outcomes[0]
    assert (outcome["outcome"], "the table ip nat" in outcome["message"]) == ("refused", True)


@pytest.mark.parametrize(("networks", "outcome"), [(["192.0.2.0/24"], "changed"), (["10.0.0.0/8"], "refused"), ([], "changed")])
def test_the_login_behind_the_run_is_not_kept_out(tree, networks, outcome):
    host = running(tree, environ={"SSH_CONNECTION": "192.0.2.7 50000 192.0.2.1 22"})
    found = enforce(host, [control(ssh_from=networks)]).outcomes[0]
    assert (found["outcome"], found["overridable"]) == (outcome, ["lockout"] if outcome == "refused" else [])
