# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Packer builds a golden image with the examples: from a template, in a guest whose only network is an archive of packages."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.tests.system.patch.archive import Archive, Key, served

PROJECT = Path(__file__).parents[3]
EXAMPLES = PROJECT / "examples/packer"
# The address at which the guest has the archive, and nothing else (QEMU's guestfwd).
INSIDE = "10.0.2.100"
POLICY = Path(__file__).parent / "policy"


def call(*argv, **options):
    return subprocess.run([str(word) for word in argv], check=True, text=True, capture_output=True, **options).stdout


def root_partition(raw):
    return max(json.loads(call("sfdisk", "--json", raw))["partitiontable"]["partitions"], key=lambda part: part["size"])


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    path = tmp_path_factory.mktemp("key") / "packer"
    call("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path)
    return path


@pytest.fixture(scope="module")
def template(tmp_path_factory, key):
    """A Debian with the builder's account, as an installation leaves it; a package of it is older than the archive's."""
    raw = tmp_path_factory.mktemp("template") / "debian-12.raw"
    call(sys.executable, PROJECT / "tests/templates/build.py", "--format=raw", "--size=2048", f"--output={raw}")
    root = root_partition(raw)
    mounted = raw.parent / "root"
    mounted.mkdir()
    call("mount", "-o", f"loop,offset={root['start'] * 512},sizelimit={root['size'] * 512}", raw, mounted)
    try:
        call("useradd", "--root", mounted, "--create-home", "--shell", "/bin/bash", "packer")
        home = mounted / "home/packer"
        (home / ".ssh").mkdir(mode=0o700)
        (home / ".ssh/authorized_keys").write_bytes(key.with_suffix(".pub").read_bytes())
        call("chroot", mounted, "chown", "-R", "packer:packer", "/home/packer")
        sudo = mounted / "etc/sudoers.d/packer"
        sudo.write_text("packer ALL=(ALL) NOPASSWD: ALL\n", encoding="utf-8")
        sudo.chmod(0o440)
        call("chroot", mounted, "ssh-keygen", "-A")
    finally:
        call("umount", mounted)
    return raw


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    place = tmp_path_factory.mktemp("archive")
    key = Key(place / "key")
    archive = Archive(place / "mirror", key)
    archive.add("viewer", "1.0", files={"/usr/bin/viewer": "#!/bin/sh\n"})
    archive.publish()
    yield archive
    key.end()


@pytest.fixture(scope="module")
def variables(tmp_path_factory, key, template):
    """What a site sets, except for its package sources."""
    place = tmp_path_factory.mktemp("site")
    return {
        "account_key": str(key),
        "template": str(template),
        "image_name": "clinic",
        "profile": "clinic",
        "evidence": str(place / "evidence"),
        "accelerator": "tcg",
        "vsphere_password": "of nobody",
        "proxmox_password": "of nobody",
    }


def packer(place, command, variables, *options):
    place.mkdir(exist_ok=True)
    (place / "site.pkrvars.json").write_text(json.dumps(variables), encoding="utf-8")
    environment = {
        **os.environ,
        "PACKER_CACHE_DIR": str(place / "cache"),
        "PACKER_CONFIG_DIR": str(place),
        "CHECKPOINT_DISABLE": "1",
        "ANSIBLE_STDOUT_CALLBACK": "hygeia.golden.progress",
    }
    argv = ["packer", command, f"-var-file={place}/site.pkrvars.json", *options, str(EXAMPLES)]
    return subprocess.run(argv, cwd=place, env=environment, text=True, capture_output=True, check=False, timeout=1500)


def test_the_examples_are_valid_for_every_builder(tmp_path, variables):
    ran = packer(tmp_path, "validate", variables)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert call("packer", "fmt", "-check", EXAMPLES) == ""


@pytest.fixture(scope="module")
def built(tmp_path_factory, variables, archive):
    """The directory in which Packer has built the image."""
    place = tmp_path_factory.mktemp("built")
    with served(archive.place) as address:
        forward = f"guestfwd=tcp:{INSIDE}:80-cmd:nc {address[7:].replace(':', ' ')}"
        network = f"user,id=user.0,ipv6=off,restrict=on,hostfwd=tcp:127.0.0.1:{{{{ .SSHHostPort }}}}-:22,{forward}"
        settings = {"patch_sources": archive.sources(f"http://{INSIDE}"), "baseline_policy": str(POLICY)}
        given = {**variables, "settings": settings, "qemu_arguments": [["-netdev", network], ["-cpu", "max"]]}
        ran = packer(place, "build", given, "-only=qemu.golden", "-color=false")
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr
    return place


def test_packer_records_the_verdict_and_the_image(built, variables):
    facts = json.loads(Path(variables["evidence"], "clinic.json").read_text(encoding="utf-8"))
    assert facts["verdict"] == "passed" and facts["profile"] == "clinic"
    results = json.loads(Path(facts["evidence"], "results.json").read_text(encoding="utf-8"))
    status = {result["control"]: result["status"] for result in results["records"]}
    assert status["clinic-needs-viewer"] == "pass"
    # What happens at the shutdown was not seen by the run.
    assert not [control for control in status if control.startswith("seal-")]
    recorded = json.loads((built / "images/clinic.json").read_text(encoding="utf-8"))
    assert recorded["builds"][0]["files"][0]["name"] == "clinic.qcow2"


def test_the_image_is_sealed_and_the_builder_has_left_nothing(built, tmp_path):
    """The playbook that audits images finds no fault in what Packer made, although nobody was there to see it sealed."""
    inventory = {
        "templates": {
            "hosts": {
                "clinic": {
                    "template_source": str(built / "images/clinic/clinic.qcow2"),
                    "image_work_dir": str(tmp_path / "sessions"),
                    "evidence_dir": str(tmp_path / "evidence"),
                    "baseline_profile": "clinic",
                    "baseline_policy": [str(POLICY)],
                    "verify_severity": "low",
                }
            }
        }
    }
    (tmp_path / "hosts.json").write_text(json.dumps(inventory), encoding="utf-8")
    environment = {**os.environ, "ANSIBLE_SHOW_CUSTOM_STATS": "true"}
    command = [
        "ansible-playbook",
        "-i",
        tmp_path / "hosts.json",
        "-e",
        "evidence_stats=true",
        "-e",
        "audit_image_sealed=true",
        "hygeia.golden.audit_image",
    ]
    said = call(*command, cwd=tmp_path, env=environment)
    # The next job of a workflow in AWX gets what was found.
    handed = json.loads(re.search(r"RUN: (\{.*\})", said)[1])["golden_results"]["clinic"]
    assert handed["verdict"] == "passed" and Path(handed["evidence"]).is_dir()
    (written,) = tmp_path.glob("evidence/clinic/*/results.json")
    results = json.loads(written.read_text(encoding="utf-8"))["records"]
    status = {result["control"]: result["status"] for result in results}
    assert status["clinic-needs-viewer"] == status["seal-ssh-host-keys"] == status["seal-logs"] == "pass"
    assert not [result for result in results if result["status"] in ("fail", "error")]
    disk = tmp_path / "clinic.raw"
    call("qemu-img", "convert", "-O", "raw", built / "images/clinic/clinic.qcow2", disk)
    names = call("debugfs", "-R", "ls -p /home", f"{disk}?offset={root_partition(disk)['start'] * 512}")
    assert "/debian/" in names and "/packer/" not in names
