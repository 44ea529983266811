# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The kernel judges rulesets: a good one, and the same broken on purpose."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from ansible_collections.hygeia.golden.plugins.module_utils.flows.evaluate import evaluated
from ansible_collections.hygeia.golden.plugins.module_utils.flows.policy import Policy
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import login as boot_login
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from conftest import PROJECT

POLICY = {
    "zones": {
        "clinical": {"networks": ["10.20.0.0/16", "fd00:20::/48"]},
        "imaging": {"networks": ["10.30.0.0/16", "fd00:30::/48"]},
        "administration": {"networks": ["10.10.5.0/24", "fd00:10::/48"]},
        "internet": {"networks": ["0.0.0.0/0", "::/0"]},
    },
    "flows": [
        {"source": "administration", "destination": "imaging", "protocol": "tcp", "ports": [22], "reason": "log in"},
        {"source": "clinical", "destination": "imaging", "protocol": "tcp", "ports": [104, "11112-11120"], "reason": "DICOM"},
        {"source": "imaging", "destination": "administration", "protocol": "udp", "ports": [53], "reason": "names"},
    ],
}
# Somebody's own: interfaces by name, a rejecting end, nothing of the role in it.
RULESET = """
flush ruleset
table inet filter {
    set bad { type ipv4_addr; flags interval; elements = { 10.20.66.0/24 }; }
    chain input {
        type filter hook input priority 0; policy drop;
        iif lo accept
        ct state established,related accept
        iifname "docker0" drop
        ip saddr @bad drop
        iif "ens18" ip saddr 10.10.5.0/24 tcp dport 22 accept
        ip6 saddr fd00:10::/48 tcp dport 22 accept
        ip saddr 10.20.0.0/16 tcp dport { 104, 11112-11120 } accept
        ip6 saddr fd00:20::/48 tcp dport { 104, 11112-11120 } accept
        counter log prefix "lost " reject
    }
    chain forward { type filter hook forward priority 0; policy drop; }
    chain output {
        type filter hook output priority 0; policy drop;
        oif lo accept
        ct state established,related accept
        ip daddr 10.10.5.0/24 udp dport 53 accept
        ip6 daddr fd00:10::/48 udp dport 53 accept
        counter log prefix "lost " drop
    }
}
"""


@pytest.fixture
def judge(tmp_path):
    """What the kernel says of the ruleset in which a text was replaced: {control: record} of what is not passed."""

    def look(*replaced, text=RULESET, **options):
        for old, new in replaced:
            assert old in text
            text = text.replace(old, new, 1)
        (tmp_path / "nftables.conf").write_text(text, encoding="utf-8")
        options = {"interface": "ens18", **options}
        found = evaluated(Host(), Policy(POLICY), "imaging", path=str(tmp_path / "nftables.conf"), **options)
        print(f"\n{found['flows']} flows in {found['seconds']} s, {found['flows'] / (found['seconds'] or 1):.0f} a second")
        look.records = found["results"]
        return {record["control"]: record for record in found["results"] if record["status"] != "pass"}

    return look


def namespaces():
    """Each network namespace of the machine that a process is in or has open."""
    listed = subprocess.run(["lsns", "--type=net", "--noheadings", "--output=NS"], capture_output=True, text=True, check=True)
    return set(listed.stdout.split())


def test_a_good_ruleset_passes_with_every_zone_and_direction(judge):
    assert judge() == {}
    assert {"segment-in-clinical", "segment-out-clinical", "segment-in-internet"} <= {record["control"] for record in judge.records}
    assert judge.records[0]["observed"]["of these allowed"] == 2 * 3


def test_a_rule_that_comes_too_early_is_found_by_the_flow_it_takes(judge):
    swapped = judge(("ip saddr @bad drop", "ip saddr 10.0.0.0/8 drop"))
    assert set(swapped) == {"segment-in-clinical", "segment-in-administration"}
    assert (
        "tcp 22 over IPv4 from 10.10.5.1 to 10.30.0.1 is dropped, and the policy allows it"
        in swapped["segment-in-administration"]["message"]
    )


def test_a_zone_whose_ipv6_was_forgotten_is_found(judge):
    found = judge(("ip6 saddr fd00:10::/48 tcp dport 22 accept", ""))
    assert set(found) == {"segment-in-administration"}
    assert found["segment-in-administration"]["message"] == (
        "tcp 22 over IPv6 from fd00:10::1 to fd00:30::1 is rejected, and the policy allows it"
    )


def test_a_filter_that_does_not_see_ipv6_at_all_is_found(judge):
    text = "\n".join(line for line in RULESET.splitlines() if "ip6" not in line).replace("table inet", "table ip")
    found = judge(text=text)
    assert "over IPv6" in found["segment-in-internet"]["message"] and "over IPv4" not in found["segment-in-internet"]["message"]
    assert "IPv6" in found["segment-default-drop"]["message"]


def test_a_rule_that_accepts_everything_is_found_by_packets_and_by_reading(judge):
    found = judge(("ip saddr @bad drop", "counter accept"))
    assert {"segment-in-internet", "segment-in-clinical", "segment-no-accept-any"} <= set(found)
    assert "segment-out-internet" not in found


def test_a_port_that_is_missing_is_named(judge):
    found = judge(("11112-11120", "11112-11119"), ("11112-11120", "11112-11119"))
    assert set(found) == {"segment-in-clinical"}
    assert "tcp 11120 over IPv4 from 10.20.0.1 to 10.30.0.1 is rejected" in found["segment-in-clinical"]["message"]


def test_a_port_that_only_the_ruleset_names_is_tried_too(judge):
    found = judge(("ip saddr @bad drop", "udp dport 6343 accept"))
    assert "udp 6343 over IPv4 from 9.9.9.9 to 10.30.0.1 is allowed" in found["segment-in-internet"]["message"]


def test_what_goes_out_is_tried_too(judge):
    found = judge(("oif lo accept\n        ct state", "oif lo accept\n        tcp dport 445 accept\n        ct state"))
    assert set(found) == {f"segment-out-{zone}" for zone in POLICY["zones"]}


def test_without_rules_everything_comes_through(judge):
    found = judge(text="flush ruleset\n")
    assert found["segment-in-internet"]["observed"]["of these allowed"] == found["segment-in-internet"]["observed"]["flows tried"]
    assert {"segment-default-drop", "segment-drops-logged", "segment-drops-counted"} <= set(found)


def test_a_ruleset_that_nft_does_not_load_protects_nothing(judge):
    found = judge(("policy drop", "policy dorp"))
    assert list(found) == ["segment-loaded"] and "nft does not load the ruleset" in found["segment-loaded"]["message"]


def test_nothing_is_left_of_it(judge):
    before, here, links = _of_this_process(), os.readlink("/proc/self/ns/net"), os.listdir("/sys/class/net")
    judge()
    assert (_of_this_process(), os.readlink("/proc/self/ns/net"), os.listdir("/sys/class/net")) == (before, here, links)


def test_nothing_is_left_of_it_when_it_is_killed(tmp_path):
    """The namespaces are seen from outside while it works, and are gone with it."""
    (tmp_path / "nftables.conf").write_text(RULESET.replace("ip6 saddr fd00:10::/48 tcp dport 22 accept", ""), encoding="utf-8")
    code = (
        "import json, sys\n"
        "from ansible_collections.hygeia.golden.plugins.module_utils.flows.evaluate import evaluated\n"
        "from ansible_collections.hygeia.golden.plugins.module_utils.flows.policy import Policy\n"
        "from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host\n"
        "evaluated(Host(), Policy(json.load(sys.stdin)), 'imaging', interface='ens18', path=sys.argv[1])\n"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "nftables.conf")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, text=True) as process:
        process.stdin.write(json.dumps(POLICY))
        process.stdin.close()
        end, held = time.monotonic() + 20, set()
        while len(held) < 2 and time.monotonic() < end:
            held = _held(process.pid)
            time.sleep(0.01)
        assert len(held) == 2
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    end = time.monotonic() + 5  # a command that it had started may be at its end
    while held & _everywhere() and time.monotonic() < end:
        time.sleep(0.05)
    assert not held & _everywhere()


def _held(pid):
    """The network namespaces that a process has open and that are not the machine's own."""
    try:
        links = {os.readlink(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd")}
    except OSError:
        return set()
    return {link for link in links if link.startswith("net:")} - {os.readlink("/proc/self/ns/net")}


def _of_this_process():
    """What holds network namespaces for this process: descriptors, children, and mounts. Others may come and go meanwhile."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text(encoding="utf-8").split()
    mounts = [line for line in Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines() if " nsfs " in line]
    return _held(os.getpid()), children, mounts


def _everywhere():
    return set().union(*(_held(pid) for pid in os.listdir("/proc") if pid.isdigit())) | {f"net:[{number}]" for number in namespaces()}


def test_the_role_writes_what_the_judge_passes(tree, tmp_path, judge):
    """In a Debian that does not run, by the connection; the second time nothing changes."""
    records = tmp_path / "records.json"
    (tmp_path / "policy.yml").write_text(yaml.safe_dump(POLICY), encoding="utf-8")
    inventory = {
        "all": {
            "hosts": {
                "pacs": {
                    "ansible_connection": "hygeia.golden.image",
                    "ansible_image_root": str(tree),
                    "ansible_remote_tmp": "/run/ansible",
                    "ansible_image_isolation": "reduced",  # it lies on overlayfs, which maps no owners
                    "ansible_python_interpreter": "/usr/bin/python3",
                    "segment_policy": str(tmp_path / "policy.yml"),
                    "segment_zone": "imaging",
                    "segment_dhcp": True,
                    "segment_test_records": str(records),
                }
            }
        }
    }
    (tmp_path / "inventory.yml").write_text(yaml.safe_dump(inventory), encoding="utf-8")
    command = ["ansible-playbook", "--inventory", str(tmp_path / "inventory.yml"), str(PROJECT / "tests/system/flows/segment.yml")]
    for changed in ("changed=3", "changed=0"):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0 and changed in done.stdout, done.stdout + done.stderr
        found = json.loads(records.read_text(encoding="utf-8"))
        assert {record["status"] for record in found} == {"pass"} and len(found) == 2 * 4 + 5
        assert all(record["host"] == "pacs" and record["stage"] == "offline" for record in found)
    _it_is_found_when_it_is_broken((tree / "etc/nftables.conf").read_text(encoding="utf-8"), judge)
    _the_boot_check_gets_in(tree)


def _it_is_found_when_it_is_broken(rules, judge):
    """Two lines of what the role wrote change places; and IPv6 is forgotten."""
    assert judge(text=rules, interface=None) == {}
    first, last = (f"ip saddr {network}" for network in ("10.20.0.0/16 goto from-clinical", "0.0.0.0/0 goto from-internet"))
    swapped = judge((first, "FIRST"), (last, first), ("FIRST", last), text=rules, interface=None)
    assert "tcp 104, 11112, 11120 over IPv4 from 10.20.0.1 to 10.30.0.1 are dropped" in swapped["segment-in-clinical"]["message"]
    forgotten = "".join(line for line in rules.splitlines(True) if not line.strip().startswith("ip6 "))
    found = judge(text=forgotten, interface=None)
    assert "tcp 22 over IPv6 from fd00:10::1" in found["segment-in-administration"]["message"]
    assert "over IPv4" not in found["segment-in-administration"]["message"]


def _the_boot_check_gets_in(tree):
    """The rule that the boot check adds to its throwaway copy fits what the role wrote."""
    root = str(tree)
    boot_login.add(Host(root), boot_login.SshAccess(22, "ed25519", ".ssh/authorized_keys", "", ()), "check", "ssh-ed25519 AAAA")
    starts = [
        line[len("ExecStartPost=") :]
        for line in Host(root).lines(boot_login.FILTER_UNIT.format(user="check"))
        if line.startswith("ExecStartPost=")
    ]
    command = " && ".join(["nft -f /etc/nftables.conf", *starts, "nft list table inet segment"])
    done = subprocess.run(["unshare", "--net", "chroot", root, "sh", "-c", command], capture_output=True, text=True, check=False)
    assert "ip saddr 10.0.2.2 tcp dport 22 accept" in done.stdout and "ip daddr 10.0.2.2 tcp sport 22 accept" in done.stdout, done.stderr
