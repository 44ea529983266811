# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tags and a severity floor choose a part of a profile, and leave the rest of a system as it is. These tests need root."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[3]
HARDEN = Path(__file__).with_name("harden.yml")
SYSCTL = "etc/sysctl.d/zz-hygeia.conf"

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A Debian 12 root filesystem that nobody has hardened."""
    place = tmp_path_factory.mktemp("parts") / "tree"
    command = [sys.executable, PROJECT / "tests/templates/build.py", "--format=directory", f"--output={place}"]
    subprocess.run(command, check=True, capture_output=True)
    return place


@pytest.fixture
def play(tree, tmp_path):
    """Run a playbook on the tree; its exit code and output are returned."""
    host = {"ansible_connection": "hygeia.golden.image", "ansible_image_root": str(tree), "ansible_python_interpreter": "/usr/bin/python3"}
    inventory = tmp_path / "inventory.yml"
    inventory.write_text(yaml.safe_dump({"all": {"hosts": {"tree": host}, "vars": {"evidence_dir": str(tmp_path / "evidence")}}}))

    def run(playbook, *arguments):
        command = ["ansible-playbook", "--inventory", str(inventory), str(playbook), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    return run


@pytest.fixture
def evidence(tmp_path):
    """The records and the manifest of the one audit that there was."""

    def read():
        (directory,) = (tmp_path / "evidence/tree").iterdir()
        return [json.loads((directory / name).read_text()) for name in ("results.json", "manifest.json")]

    return read


def test_an_audit_of_some_tags_looks_at_those_controls_and_says_that_it_was_a_part(play, evidence):
    play(PROJECT / "playbooks/audit.yml", "--tags", "sudo,time", "--skip-tags", "time-synchronized")
    results, manifest = evidence()
    looked_at = {record["control"] for record in results["records"]}
    assert {name.split("-")[0] for name in looked_at} == {"sudo", "time"}
    assert "time-synchronized" not in looked_at
    assert manifest["profile"]["id"] == "hipaa, in part (tags sudo, time; without the tags time-synchronized)"


def test_an_audit_of_a_severity_leaves_out_what_is_less_severe(play, evidence):
    code, output = play(PROJECT / "playbooks/audit.yml", "-e", "baseline_severity=critical", "-e", "audit_fail=false")
    results, manifest = evidence()
    assert code == 0 and "(blocking)" in output  # only the evidence was wanted
    assert {record["severity"] for record in results["records"]} == {"critical"}
    assert manifest["profile"]["id"] == "hipaa, in part (severity critical and above)"


def test_a_whole_audit_says_nothing_of_a_part_and_ends_by_its_verdict(play, evidence, tmp_path):
    code, output = play(PROJECT / "playbooks/audit.yml", "-e", f"evidence_store={tmp_path}/store")
    results, manifest = evidence()
    assert manifest["profile"]["id"] == "hipaa"
    assert code != 0 and manifest["verdict"]["outcome"] == "refused"
    assert len(set(re.findall(r"Failed: ([\w-]+): ", output))) == 20 and "more, in the report" in output
    assert re.search(rf"Report: {tmp_path}/evidence/tree/\w+/report.html", output)
    # The page of all hosts says the same.
    code, output = play(PROJECT / "playbooks/fleet.yml", "-e", f"store={tmp_path}/store", "-e", f"dest={tmp_path}/page")
    assert code == 0, output
    with open(tmp_path / "page/hosts.csv", encoding="utf-8", newline="") as stream:
        (host,) = csv.DictReader(stream)
    assert {name: int(host[name]) for name in ("percent", "applicable", "fail", "waived")} == {
        name: manifest["score"][name] for name in ("percent", "applicable", "fail", "waived")
    }
    assert (host["outcome"], host["overdue"], host["drift"]) == ("refused", "", "")
    with open(tmp_path / "page/failing.csv", encoding="utf-8", newline="") as stream:
        assert {row["control"] for row in csv.DictReader(stream)} == {
            record["control"] for record in results["records"] if record["status"] in ("fail", "error")
        }


def test_a_tag_that_means_nothing_stops_before_anything_is_done(play, tree):
    code, output = play(HARDEN, "--tags", "ntework")
    assert code != 0
    assert "The tag ntework matches no control of the profile; did you mean network?" in output
    assert not (tree / SYSCTL).exists()


def test_hardening_a_part_takes_nothing_of_another_part_back(play, tree):
    assert play(HARDEN, "--tags", "network-syn-cookies")[0] == 0
    assert "net.ipv4.tcp_syncookies" in (tree / SYSCTL).read_text()
    assert play(HARDEN, "--tags", "kernel-address-randomization")[0] == 0
    text = (tree / SYSCTL).read_text()
    assert "net.ipv4.tcp_syncookies" in text and "kernel.randomize_va_space" in text
    assert "kernel.dmesg_restrict" not in text
