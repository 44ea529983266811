# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a user does: the playbook prove.yml over SSH, and the evidence that it leaves."""

from __future__ import annotations

import json
import os
import subprocess

import pytest
import yaml
from conftest import HOST, PROJECT
from test_protection import DAILY, TEST_FILE, signatures

RULES = """
groups:
  - name: hosts
    rules:
      - alert: DiskFillsUp
        expr: 100 * node_filesystem_avail_bytes / node_filesystem_size_bytes < 10
        for: 5m
        annotations: {summary: "{{ $labels.instance }} has little space left"}
"""
WHOLE = {
    "prove_logging": {
        "collector": {"host": "collector", "path": "/var/log/remote"},
        "priority": "auth.notice",
        "timeout": 30,
        "outage": {
            "begin": ["systemctl", "stop", "syslog.socket", "rsyslog.service"],
            "end": ["systemctl", "start", "rsyslog.service"],
            "seconds": 1,
            "restart": "rsyslog.service",
        },
    },
    "prove_monitoring": {
        "url": f"http://{HOST}:9100/metrics",
        "metrics": ["node_filesystem_avail_bytes"],
        "networks": ["10.99.0.0/24"],
        "from": "collector",
        "not_from": ["ghost"],
        "alerts": {"files": ["{{ rules }}"], "wanted": [{"alert": "DiskFillsUp", "comparison": "<", "threshold": 10, "for": "15m"}]},
    },
    "prove_protection": {"max_age": 3},
}
BROKEN = {
    "prove_logging": {"collector": {"host": "ghost", "path": "/var/log/remote"}, "paths": ["logger"], "timeout": 1},
    "prove_monitoring": {
        "url": f"http://{HOST}:9100/metrics",
        "from": "ghost",
        "alerts": {
            "files": ["{{ rules }}"],
            "wanted": [{"alert": "DiskFillsUp", "comparison": "<", "threshold": 20}, {"alert": "HostDown"}],
        },
    },
}
SSH = (
    "-o ProxyCommand='nsenter --target {leader} --net nc 127.0.0.1 22' -o IdentitiesOnly=yes -o StrictHostKeyChecking=no "
    "-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
)


@pytest.fixture(scope="module")
def evidence(guests, base, tmp_path_factory):
    """One run of the playbook: the evidence of each host, and what Ansible said."""
    directory = tmp_path_factory.mktemp("user")
    key = directory / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    (directory / "rules.yml").write_text(RULES, encoding="utf-8")
    ways = {"ghost": "-o ProxyCommand=false"}
    for guest in guests:
        guest.write("/root/.ssh/authorized_keys", key.with_suffix(".pub").read_text(encoding="utf-8"))
        ways[guest.name] = SSH.format(leader=guest.leader)
    hosts = {name: {"ansible_ssh_common_args": way} for name, way in ways.items()}
    hosts["template"] = {"ansible_connection": "hygeia.golden.image", "ansible_image_root": str(base), **WHOLE}
    hosts["guest"].update(WHOLE)
    hosts["unlucky"] = {"ansible_ssh_common_args": ways["guest"], **BROKEN}
    shared = {
        "ansible_user": "root",
        "ansible_ssh_private_key_file": str(key),
        "ansible_python_interpreter": "/usr/bin/python3",
        "rules": str(directory / "rules*.yml"),
        "evidence_dir": str(directory),
        "evidence_name": "run",
    }
    (directory / "inventory.yml").write_text(yaml.safe_dump({"all": {"hosts": hosts, "vars": shared}}), encoding="utf-8")
    _start_agents(guests[0])
    command = [
        "ansible-playbook",
        "-i",
        str(directory / "inventory.yml"),
        "-e",
        "prove_hosts=guest,unlucky,template",
        str(PROJECT / "playbooks/prove.yml"),
    ]
    environ = {**os.environ, "ANSIBLE_NOCOLOR": "1", "ANSIBLE_PIPELINING": "1"}
    ran = subprocess.run(command, text=True, capture_output=True, check=False, cwd=PROJECT, env=environ)
    print(ran.stdout, ran.stderr)

    def read(host):
        records = json.loads((directory / host / "run/results.json").read_text(encoding="utf-8"))["records"]
        return {record["control"]: record for record in records}

    read.ran = ran
    return read


def _start_agents(host):
    (host.root / DAILY.lstrip("/")).write_bytes(signatures(TEST_FILE, 1))
    host.write("/etc/systemd/system/clamav-daemon.service.d/test.conf", "[Unit]\nConditionPathExistsGlob=\n")
    host.write("/etc/default/prometheus-node-exporter", f'ARGS="--web.listen-address={HOST}:9100"\n')
    host.systemctl("daemon-reload")
    host.systemctl("restart", "clamav-daemon.service", "prometheus-node-exporter.service")


def test_everything_is_proven(evidence):
    records = evidence("guest")
    passed = [
        "logging-logger-proven",
        "logging-journal-proven",
        "logging-queue-proven",
        "monitoring-endpoint-proven",
        "monitoring-network-proven",
        "monitoring-alerts-configured",
        "protection-running-proven",
        "protection-signatures-proven",
        "protection-detection-proven",
    ]
    undecided = ["logging-audit-proven", "monitoring-elsewhere-proven"]
    assert {name: record["status"] for name, record in records.items()} == {
        **dict.fromkeys(passed, "pass"),
        **dict.fromkeys(undecided, "not_checked"),
    }
    assert records["logging-journal-proven"]["references"]["hipaa"] == ["164.312(b)", "164.308(a)(1)(ii)(D)"]
    assert "ghost" in records["monitoring-elsewhere-proven"]["message"]
    assert "fatal: [guest]" not in evidence.ran.stdout.replace("fatal: [guest -> ghost]", "")


def test_a_template_says_that_nothing_can_be_proven_in_it(evidence):
    areas = ["logging-proven", "monitoring-proven", "protection-proven"]
    assert {name: record["status"] for name, record in evidence("template").items()} == dict.fromkeys(areas, "not_checked")


def test_what_is_lost_fails_the_run_with_its_reason(evidence):
    assert evidence.ran.returncode != 0 and "Failed: logging-logger-proven" in evidence.ran.stdout
    messages = {name: (record["status"], record["message"]) for name, record in evidence("unlucky").items()}
    status, message = messages["logging-logger-proven"]
    assert status == "fail" and "the collector could not be asked (ghost cannot be reached: " in message and "\n" not in message
    status, message = messages["monitoring-alerts-configured"]
    assert (
        status == "fail" and "does not compare < 20, it says 100 * node_filesystem" in message and "there is no alert HostDown" in message
    )
    assert messages["monitoring-endpoint-proven"][0] == "not_checked"
