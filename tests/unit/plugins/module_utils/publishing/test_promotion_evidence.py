# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)

from __future__ import annotations

import hashlib
import json
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.publishing import evidence
from ansible_collections.hygeia.golden.plugins.module_utils.signing import ssh
from ansible_collections.hygeia.golden.plugins.module_utils.signing.program import SigningError
from ansible_collections.hygeia.golden.plugins.module_utils.signing.verification import Trust

SHA256 = "6f7233968ad6" + "0" * 52
RECORDS = [
    {"control": "portable-firmware-kvm", "status": "pass", "observed": {"one of": ["bios"]}},
    {"control": "portable-disk-kvm", "status": "pass", "observed": {"one of": ["virtio-blk", "../../etc", 7]}},
    {"control": "portable-network-kvm", "status": "fail", "observed": {"one of": ["virtio-net"]}},
    {"control": "portable-agent-kvm", "status": "pass", "observed": {}},
    {"control": "portable-disk-my-cloud", "status": "pass", "observed": ["odd"]},
    {"control": "ssh-root-login", "status": "pass", "observed": {}},
]


@pytest.fixture
def run(tmp_path):
    directory = tmp_path / "web/20261001T000000Z"
    directory.mkdir(parents=True)

    def write(outcome="promoted", records=RECORDS, key=None):
        text = json.dumps({"records": records})
        (directory / "results.json").write_text(text)
        manifest = {
            "ended": "2026-10-01T00:00:00Z",
            "files": {"results.json": {"sha256": hashlib.sha256(text.encode()).hexdigest()}},
            "image": {"sha256": SHA256},
            "verdict": {"outcome": outcome},
        }
        (directory / "manifest.json").write_text(json.dumps(manifest))
        if key:
            (directory / "manifest.json.sig").write_text(ssh.sign((directory / "manifest.json").read_bytes(), str(key)))
        return directory

    return write


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    (tmp_path / "allowed").write_text(f"pipeline@example.org {path.with_suffix('.pub').read_text()}")
    return path


def test_what_works_on_each_platform(run):
    found = evidence.of(str(run().parent), SHA256, Trust())
    assert found.machines == {
        "kvm": {"firmware": ["bios"], "disks": ["virtio-blk"], "networks": [], "agent": True},
        "my-cloud": {"firmware": [], "disks": [], "networks": [], "agent": False},
    }
    assert found.signers == []


def test_a_signature_that_is_there_must_verify(run, key, tmp_path):
    directory = run(key=key)
    trust = Trust(str(tmp_path / "allowed"))
    assert evidence.of(str(directory), SHA256, trust).signers == ["pipeline@example.org"]
    with pytest.raises(SigningError, match="cannot be verified without a file of allowed signers"):
        evidence.of(str(directory), SHA256, Trust())
    (directory / "manifest.json.sig").unlink()
    with pytest.raises(SigningError, match="is not signed"):
        evidence.of(str(directory), SHA256, trust)


@pytest.mark.parametrize(
    "spoil,sentence",
    [
        (lambda directory: (directory / "results.json").write_text("{}"), "results.json differs"),
        (lambda directory: (directory / "results.json").unlink(), "there is no results.json"),
        (lambda directory: (directory / "more.json").write_text("{}"), "more.json is not listed"),
        (lambda directory: (directory / "manifest.json").write_text("[]"), "not the manifest of a run"),
    ],
)
def test_changed_evidence_is_none(run, spoil, sentence):
    directory = run()
    spoil(directory)
    with pytest.raises(SigningError, match=sentence):
        evidence.of(str(directory), SHA256, Trust())


def test_evidence_of_another_image_or_outcome_is_none(run):
    directory = run()
    with pytest.raises(SigningError, match="no evidence in .* is about the image"):
        evidence.of(str(directory.parent), "0" * 64, Trust())
    with pytest.raises(SigningError, match="is about the image with the SHA-256"):
        evidence.of(str(directory), "0" * 64, Trust())
    with pytest.raises(SigningError, match="ended as refused"):
        evidence.of(str(run("refused")), SHA256, Trust())


@pytest.mark.parametrize("records", ["none", [{"control": 7}], [{}], None])
def test_odd_results_are_refused_with_a_sentence(run, records):
    with pytest.raises(SigningError, match="cannot be read"):
        evidence.of(str(run(records=records)), SHA256, Trust())
