# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The attacker's template goes through the whole main job: on a build host over SSH behind the strong walls, on the controller
behind the reduced ones.

The boot check is off: it would take minutes without KVM, and its guest is a virtual machine; what it runs before that is in
test_ways_out.py and tests/system/boot.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import arming
import pytest
import yaml
from ansible_collections.hygeia.golden.plugins.module_utils.image.residue import canaries
from ansible_collections.hygeia.golden.tests.system.patch.archive import Archive, Key, served
from ansible_collections.hygeia.golden.tests.templates import build_host
from arming import OWN_NETWORKS

PROJECT = Path(__file__).parents[3]
JOBS = ["strong-there", "reduced-here"]
POLICY = {
    "zones": {"imaging": {"networks": ["10.30.0.0/16"]}, "administration": {"networks": ["10.10.5.0/24"]}},
    "flows": [{"source": "administration", "destination": "imaging", "protocol": "tcp", "ports": [22], "reason": "Operators log in"}],
}


# Of each phase one that must have come, so that the others say something: patch, harden, segment and, of what is sealed, verify.
OCCASIONS = {
    "APT-Update-Pre-Invoke-with-network",
    "DPkg-Pre-Install-Pkgs",
    "dpkg-before",
    "preinst",
    "postinst",
    "sshd-with-networks",
    "nft-with-networks",
    "systemctl",
    "sshd-sealed-with-networks",
}


class Job:
    """One run of the main job over all templates."""

    def __init__(self, place):
        self.place = place
        self.dest, self.evidence, self.theirs = place / "golden", place / "evidence", place / "attacker"
        self.sessions, self.sown = place / "sessions", {}

    def run(self, hosts, ssh_server, package_host):
        (self.place / "segmentation.yml").write_text(yaml.safe_dump(POLICY))
        inventory = {
            "builders": {"hosts": {"builder": ssh_server}},
            "templates": {
                "hosts": hosts,
                "vars": {
                    "image_work_dir": str(self.sessions),
                    "image_dest": str(self.dest),
                    "evidence_dir": str(self.evidence),
                    "image_package_hosts": [package_host],
                    "baseline_tags": ["ssh", "sudo"],
                    "verify_boot": False,
                    "verify_severity": "critical",
                    "segment_policy": str(self.place / "segmentation.yml"),
                    "segment_zone": "imaging",
                },
            },
        }
        (self.place / "inventory.json").write_text(json.dumps(inventory))
        program = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
        command = [program, "--forks", "2", "--inventory", self.place / "inventory.json", PROJECT / "playbooks/golden_image.yml"]
        environment = {
            **os.environ,
            "ANSIBLE_LOCAL_TEMP": str(self.place / "tmp"),
            "ANSIBLE_HOST_KEY_CHECKING": "false",
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_INJECT_FACT_VARS": "true",
            "SECRET_OF_THE_RUN": "yes",
        }
        ended = threading.Event()
        watching = threading.Thread(target=self._watch, args=(ended,))
        watching.start()
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=600)
        finally:
            ended.set()
            watching.join()
        print(done.stdout + done.stderr)
        assert "Traceback" not in done.stdout + done.stderr

    def _watch(self, ended):
        """Learn the canaries of each session while there is one: only the build host's root may read them."""
        while not ended.wait(0.1):
            for journal in self.sessions.glob("*/journal.json"):
                with contextlib.suppress(OSError):
                    sown = json.loads(journal.read_text()).get("canaries")
                    self.sown.update({journal.parent.name: sown} if sown else {})

    def evidence_of(self, name, file):
        """The evidence, which lies where the site wants it, and nowhere else."""
        (written,) = (self.evidence / name).glob(f"*/{file}")
        return json.loads(written.read_text())

    def raw(self, name):
        """The bytes of a promoted image."""
        raw = self.place / f"{name}.raw"
        if not raw.exists():
            subprocess.run(["qemu-img", "convert", "-O", "raw", self.dest / f"{name}.qcow2", raw], check=True)
        return raw

    def notes(self, name):
        """What each occasion in a promoted image reached."""
        notes = self.place / f"{name}-notes"
        notes.mkdir()
        subprocess.run(["debugfs", "-R", f"rdump /{arming.NOTES} {notes}", self.raw(name)], check=True, capture_output=True)
        return {path.name: path.read_text() for path in (notes / "struck").iterdir()}


@pytest.fixture(scope="module")
def job(tree, known, tmp_path_factory):
    """Two templates of the same bytes, with a key of the archive that the attacker's packages come from."""
    job = Job(tmp_path_factory.mktemp("job"))
    job.theirs.mkdir()
    (job.theirs / "tasks.yml").write_text(f"- ansible.builtin.command: touch {job.theirs}/ran\n  delegate_to: localhost\n")
    forged = {
        "changed": False,
        "forged": True,
        "ansible_facts": {
            "image_dest": str(job.theirs),
            "image_name": "other",
            "evidence_dir": str(job.theirs),
            "verify_severity": "critical",
            "verify_origins": [],
            "verify_smoke": str(job.theirs / "tasks.yml"),
            "patch_sources": str(job.theirs),
            "ansible_connection": "local",
        },
    }
    armed = job.place / "armed"
    subprocess.run(["cp", "--archive", tree, armed], check=True)
    arming.arm(armed, known.words, forged)
    key = Key(job.place / "key")
    archive = Archive(job.place / "archive", key)
    installed = archive.add("innocent", "1.0")
    shutil.copy(installed, armed / "root/innocent.deb")
    subprocess.run(["chroot", armed, "env", "STRIKING=1", "dpkg", "--install", "/root/innocent.deb"], check=True, capture_output=True)
    archive.add("innocent", "2.0", scripts=arming.package_scripts())
    archive.publish()
    with served(archive.place) as address, build_host.served(job.place / "ssh") as ssh_server:
        (armed / "etc/apt/sources.list").unlink(missing_ok=True)
        arming.put(armed, "etc/apt/sources.list.d/innocent.sources", archive.sources(address))
        hosts = {}
        for name in JOBS:
            disk = job.place / f"{name}-template.raw"
            if not hosts:
                subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", armed, disk, "500M"], check=True, capture_output=True)
            else:
                subprocess.run(["cp", "--sparse=always", job.place / f"{JOBS[0]}-template.raw", disk], check=True)
            isolation, place = name.split("-")
            hosts[name] = {"template_source": str(disk), "image_isolation": isolation, "image_host": "builder" if place == "there" else ""}
        job.run(hosts, ssh_server, address.removeprefix("http://"))
    key.end()
    return job


@pytest.mark.parametrize("name", JOBS)
def test_nothing_was_reached_in_any_phase(job, name):
    notes = job.notes(name)
    assert not any(text for occasion, text in notes.items() if occasion.endswith(".failed"))
    reached = {occasion: json.loads(text) for occasion, text in notes.items() if not occasion.endswith(".failed")}
    assert set(reached) >= OCCASIONS
    for occasion, found in reached.items():
        if occasion.endswith("-with-networks"):
            assert set(found) <= OWN_NETWORKS, occasion
        else:
            assert found == {}, occasion


@pytest.mark.parametrize("name", JOBS)
def test_the_site_decided_what_became_of_it(job, name):
    """Where it went, what it is called, by which gate, and where that is written."""
    manifest = job.evidence_of(name, "manifest.json")
    assert (
        manifest["verdict"]["outcome"] == "promoted"
        and manifest["verdict"]["severity"] == "critical"
        and manifest["verdict"]["boot_skipped"]
    )
    assert manifest["image"]["path"] == str((job.dest / f"{name}.qcow2").resolve())
    held = name.partition("-")[0]
    why = "" if held == "strong" else "image_isolation is reduced, although strong can be had on this build host"
    assert manifest["isolation"] == {"held": held, "reason": why}
    assert [(one["from"], one["to"]) for one in manifest["packages"]["changed"] if one["package"] == "innocent"] == [("1.0", "2.0")]
    assert {path.name for path in job.dest.glob("*.qcow2") if path.is_symlink()} == {f"{other}.qcow2" for other in JOBS}
    assert [path.name for path in job.theirs.iterdir()] == ["tasks.yml"]
    assert list(job.sessions.iterdir()) == []


@pytest.mark.parametrize("name", JOBS)
def test_no_byte_of_a_canary_is_in_what_was_promoted(job, name):
    (record,) = [record for record in job.evidence_of(name, "results.json")["records"] if record["control"] == "seal-raw"]
    assert (record["status"], record["message"]) == ("pass", "")
    sown = job.sown[name]
    assert {"deleted on /", "host key", "history"} <= set(sown["planted"])
    patterns = b"\n".join(canaries.patterns(sown["seed"], sown["planted"]))
    grep = ["grep", "--text", "--only-matching", "--fixed-strings", "--file=-", job.raw(name)]
    looked = subprocess.run(grep, input=patterns, capture_output=True, check=False)
    assert (looked.returncode, looked.stdout) == (1, b"")
