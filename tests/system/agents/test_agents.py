# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Agents from Debian's own packages are recognised, read and judged, and what is broken on purpose is reported."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

import pytest
import yaml
from ansible_collections.hygeia.golden.plugins.module_utils.agents.detect import detect
from ansible_collections.hygeia.golden.plugins.module_utils.agents.evaluate import evaluated
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import Catalogue
from ansible_collections.hygeia.golden.tests.templates import chrooted

PROJECT = Path(__file__).parents[3]
AGENTS = list(Catalogue().agents.values())
LOGS = [{"class": "logging", "destination": ["logs.example.org"], "encrypted": True}]
REMOTE = 'global(DefaultNetstreamDriver="gtls")\naction(type="omfwd" target="{}" port="6514" protocol="tcp" streamdrivermode="1")\n'
# What Debian enables when it installs them; programs without a unit of their own count as starting.
STARTING = {
    "rsyslog",
    "audisp-remote",
    "restic",
    "borg",
    "borgmatic",
    "bacula",
    "node-exporter",
    "zabbix-agent2",
    "nrpe",
    "clamav",
    "qemu-guest-agent",
    "open-vm-tools",
    "hyperv-daemons",
    "cloud-init",
}
WAITING = {"systemd-journal-upload"}


def found(root):
    return {each.agent["id"]: each for each in detect(chrooted.host(root, check=True), AGENTS)}


def records(root, required):
    host = chrooted.host(root, check=True)
    return {record["control"]: record for record in evaluated(AGENTS, detect(host, AGENTS), required, "offline", time.time())}


@pytest.fixture
def written(root):
    """Write a file for one test."""
    paths = []

    def write(path, text):
        place = root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        paths.append((place, place.read_text(encoding="utf-8") if place.exists() else None))
        place.write_text(text, encoding="utf-8")

    yield write
    for place, before in reversed(paths):
        place.unlink()
        if before is not None:
            place.write_text(before, encoding="utf-8")


def test_each_package_is_recognised(root):
    seen = found(root)
    assert set(seen) == STARTING | WAITING
    assert {name for name, each in seen.items() if each.starts == "pass"} == STARTING
    assert seen["rsyslog"].evidence.startswith("rsyslog 8.")


def test_debians_own_configuration_is_understood(root):
    assert {name: each.configuration.problems for name, each in found(root).items() if each.configuration.problems} == {}


def test_what_debian_configures_is_read(root):
    seen = found(root)
    assert [way.destination for way in seen["clamav"].facts.ways()][-1] == "database.clamav.net"
    assert seen["borgmatic"].facts.schedule().value == 24  # its timer
    # Debian makes a password for the director when it installs the file daemon, and a template has it in every copy.
    assert all("director." in str(each) and "/etc/bacula/bacula-fd.conf" in str(each) for each in seen["bacula"].credentials)
    assert len(seen["bacula"].credentials) == 2


@pytest.mark.parametrize(
    ("text", "status", "said"),
    [
        (REMOTE.format("logs.example.org"), "pass", ""),
        (
            REMOTE.format("elsewhere.example.org"),
            "fail",
            "sends to elsewhere.example.org (/etc/rsyslog.d/site.conf:2), which is none of logs",
        ),
        ("*.* @@logs.example.org\n", "fail", "without encryption (/etc/rsyslog.d/site.conf:1)"),
        ("", "fail", "names no other machine"),
    ],
)
def test_where_records_go(root, written, text, status, said):
    written("etc/rsyslog.d/site.conf", text)
    record = records(root, LOGS)["agents-logging-configured"]
    assert record["status"] == status and said in record["message"]


def test_an_agent_that_is_masked_is_reported(root):
    link = root / "etc/systemd/system/rsyslog.service"
    enabled = root / "etc/systemd/system/multi-user.target.wants/rsyslog.service"
    assert enabled.is_symlink()
    subprocess.run(["systemctl", f"--root={root}", "mask", "rsyslog.service"], check=True, capture_output=True)
    try:
        record = records(root, [{"product": "rsyslog"}])["agents-logging-present"]
        assert (record["status"], "run systemctl unmask rsyslog.service" in record["message"]) == ("fail", True)
    finally:
        link.unlink()
    assert records(root, [{"product": "rsyslog"}])["agents-logging-present"]["status"] == "pass"


def test_the_role_verify_has_the_records_in_its_evidence(root, written, tmp_path):
    written("etc/rsyslog.d/site.conf", REMOTE.format("logs.example.org"))
    written(
        "etc/cron.d/restic",
        "RESTIC_PASSWORD=Gletscher-73\n0 1 * * * root restic -r /mnt/nas backup /srv && restic -r /mnt/nas forget --keep-daily 31\n",
    )
    host = {
        "ansible_connection": "hygeia.golden.image",
        "ansible_image_root": str(root),
        "ansible_python_interpreter": "/usr/bin/python3",
        "evidence_dir": str(tmp_path / "evidence"),
        "evidence_name": "run",
    }
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": {"pacs": host}}}), encoding="utf-8")
    play = PROJECT / "tests/system/agents/audit.yml"
    ran = subprocess.run(["ansible-playbook", "-i", str(tmp_path / "hosts.yml"), str(play)], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    results = json.loads((tmp_path / "evidence/pacs/run/results.json").read_text(encoding="utf-8"))
    seen = {record["control"]: record for record in results["records"]}
    assert {name: record["status"] for name, record in seen.items() if name.startswith("agents-")} == {
        "agents-logging-present": "pass",
        "agents-logging-configured": "pass",
        "agents-logging-credentials": "pass",
        "agents-backup-present": "pass",
        "agents-backup-configured": "pass",
        "agents-backup-credentials": "fail",
        "agents-monitoring-present": "pass",
        "agents-monitoring-credentials": "pass",
        "agents-endpoint-protection-present": "pass",
        "agents-endpoint-protection-configured": "not_checked",
        "agents-endpoint-protection-credentials": "pass",
        "agents-guest-tools-credentials": "pass",
    }
    assert "restic_password in /etc/cron.d/restic:1" in seen["agents-backup-credentials"]["message"]
    assert seen["agents-logging-configured"]["references"]["nist_800_53"][0] == "AU-4(1)"
    for file in (tmp_path / "evidence/pacs/run").iterdir():
        assert "Gletscher-73" not in file.read_text(encoding="utf-8", errors="replace"), file.name
