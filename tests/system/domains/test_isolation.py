# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Guests of a real libvirt: what the playbook records is what QEMU and the kernel do, and what tenants share is named."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
# Two departments with one bridge, by a network and by itself, and with one disk.
TENANTS = """
- {id: radiology, title: Radiology, guests: [pacs, archive]}
- id: lab
  title: Laboratory
  guests: [lab]
  shares:
    - {kind: pool, name: images, with: [radiology], reason: Both use the only storage of this hypervisor}
"""


@pytest.fixture(scope="session")
def run(hypervisor, tmp_path_factory):
    """The playbook, run once beside the hypervisor: what it printed and the directory of its evidence."""
    place = tmp_path_factory.mktemp("play")
    (place / "policy/tenants").mkdir(parents=True)
    (place / "policy/tenants/hospital.yml").write_text(TENANTS, encoding="utf-8")
    host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "baseline_policy": [str(place / "policy")]}
    inventory = place / "inventory.json"
    inventory.write_text(
        json.dumps({"all": {"hosts": {"kvm1": host}, "vars": {"evidence_dir": str(place / "evidence")}}}), encoding="utf-8"
    )
    program = Path(sys.executable).with_name("ansible-playbook")
    command = [program, "--inventory", inventory, PROJECT / "playbooks/verify_isolation.yml", "--extra-vars", "isolation_become=false"]
    ran = hypervisor.run(*command, check=False, env={**os.environ, "ANSIBLE_LOCAL_TEMP": str(place / "tmp")})
    print(ran.stdout + ran.stderr)
    (evidence,) = (place / "evidence/kvm1").iterdir()
    return ran, evidence


@pytest.fixture(scope="session")
def records(run):
    unused_ran, evidence = run
    return {record["control"]: record for record in json.loads((evidence / "results.json").read_text(encoding="utf-8"))["records"]}


def failing(records, guest):
    end = f"-{guest}"
    return {
        name[len("domain-") : -len(end)]
        for name, record in records.items()
        if name.startswith("domain-") and name.endswith(end) and record["status"] == "fail"
    }


def test_each_guest_fails_for_what_it_has(records):
    assert failing(records, "pacs") == {"bandwidth", "confinement", "filters", "firmware", "tpm"}
    assert failing(records, "lab") == {
        "arguments", "bandwidth", "confinement", "consoles", "directories", "disks", "dumps", "filters", "firmware", "hardware",
        "ports", "processors", "tpm",
    }  # fmt: skip
    assert failing(records, "archive") == {"confinement", "disks", "firmware", "processors", "tpm"}


def test_the_hypervisor_fails_for_its_configuration(records):
    message = records["hypervisor-process"]["message"]
    assert all(part in message for part in ("user = root", "group = root", "namespaces = []", "cgroup_controllers = []"))
    assert "security_driver = none" in records["hypervisor-confinement"]["message"]
    assert records["hypervisor-remote"]["status"] == "pass"
    assert records["hypervisor-memory"]["observed"]["guests KiB"] == 2 * 64 * 1024


def test_what_runs_is_checked_as_it_runs(records):
    stages = {guest: records[f"domain-memory-{guest}"]["stage"] for guest in ("pacs", "lab", "archive")}
    assert stages == {"pacs": "live", "lab": "live", "archive": "offline"}


def test_the_consoles_listen_where_the_records_say(hypervisor, records):
    listening = {line.split()[3].rpartition(":")[0] for line in hypervisor.run("ss", "-Hltn").stdout.splitlines() if ":59" in line}
    recorded = {address for guest in ("pacs", "lab") for address in records[f"domain-consoles-{guest}"]["observed"]["listens"]}
    assert recorded == listening == {"127.0.0.1", "0.0.0.0"}


def test_the_ports_are_isolated_as_the_records_say(hypervisor, records):
    ports = hypervisor.run("bridge", "-details", "link", "show").stdout.split("\n")
    isolated = ["isolated on" in line for line in ports if " isolated " in line]
    recorded = [apart for guest in ("pacs", "lab") for apart in records[f"domain-ports-{guest}"]["observed"].values()]
    assert recorded == isolated == [True, False]


def test_tenants_and_what_they_share(records):
    failed = {name for name, record in records.items() if name.startswith("tenant-") and record["status"] == "fail"}
    assert failed == {"tenant-bridge", "tenant-disk", "tenant-administrator"}
    assert "the bridge br0 of kvm1 is shared by lab (lab on kvm1) and radiology (pacs on kvm1)" in records["tenant-bridge"]["message"]
    assert "lab.qcow2 of kvm1 is shared by lab (lab on kvm1) and radiology (archive on kvm1)" in records["tenant-disk"]["message"]
    assert "the administrator vmadmin is shared by" in records["tenant-administrator"]["message"]
    shared = records["tenant-pool"]["observed"]["images of kvm1"]
    assert shared["reasons"] == ["Both use the only storage of this hypervisor"]


def test_the_play_fails_and_leaves_evidence_without_a_password(run):
    ran, evidence = run
    assert ran.returncode == 2
    assert "Traceback" not in ran.stdout + ran.stderr
    written = "".join(path.read_text(encoding="utf-8") for path in evidence.iterdir())
    assert "domain-consoles-lab" in written
    assert "Sesame47" not in written + ran.stdout
