# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Evidence signed by the real programs, and everything that somebody could do to it afterwards."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.proofs import web
from ansible_collections.hygeia.golden.plugins.module_utils.signing import cms, ssh, timestamps
from ansible_collections.hygeia.golden.plugins.module_utils.signing.program import SigningError
from ansible_collections.hygeia.golden.plugins.module_utils.signing.verification import Trust, newest, verify

PIPELINE, APPROVER, STRANGER = "pipeline@example.org", "approver@example.org", "stranger@example.org"
SOFTHSM = "/usr/lib/softhsm/libsofthsm2.so"
ENDED = "2026-11-09T12:04:10Z"


def run(*command, **how):
    return subprocess.run(command, check=True, capture_output=True, **how)


@pytest.fixture
def trust(keys):
    return Trust(allowed_signers=str(keys / "allowed"))


@pytest.fixture
def image(tmp_path):
    path = tmp_path / "image.qcow2"
    path.write_bytes(b"an image")
    return path


@pytest.fixture
def evidence(tmp_path, image):
    """A run's directory, not signed yet. The certificates are made today, so the run ends today."""
    directory = tmp_path / "web" / "20261109T120000Z"
    directory.mkdir(parents=True)
    texts = {"results.json": "{}", "report.html": "<p>"}
    for name, text in texts.items():
        (directory / name).write_text(text)
    manifest = {
        "ended": ENDED,
        "host": "web",
        "verdict": {"outcome": "promoted"},
        "image": {"path": str(image), "sha256": hashlib.sha256(image.read_bytes()).hexdigest()},
        "files": {name: {"sha256": hashlib.sha256(text.encode()).hexdigest(), "size": len(text)} for name, text in texts.items()},
    }
    (directory / "manifest.json").write_text(json.dumps(manifest))
    return directory


def signed(evidence, key, name=""):
    signature = evidence / f"manifest.json{name}.sig"
    signature.write_text(ssh.sign((evidence / "manifest.json").read_bytes(), str(key)))
    return evidence


def certified(evidence, keys):
    found = json.loads((evidence / "manifest.json").read_text())
    # A certificate is valid from the moment at which it was issued.
    found["ended"] = "2090-01-01T00:00:00Z"
    (evidence / "manifest.json").write_text(json.dumps(found))
    content = (evidence / "manifest.json").read_bytes()
    (evidence / "manifest.json.p7s").write_text(cms.sign(content, str(keys / "s.pem"), str(keys / "s.key")))
    return evidence


def test_what_was_signed_verifies_with_its_image(evidence, keys, trust, image):
    found = verify(str(signed(evidence, keys / PIPELINE)), trust, str(image))
    assert found.problems == []
    fingerprint = run("ssh-keygen", "-lf", keys / PIPELINE).stdout.decode().split()[1]
    assert found.signatures == [{"file": "manifest.json.sig", "signer": PIPELINE, "key": f"ED25519 key {fingerprint}"}]


@pytest.fixture
def agent(tmp_path, monkeypatch):
    """An empty SSH agent, which ssh-keygen asks."""
    process = subprocess.Popen(["ssh-agent", "-D", "-a", tmp_path / "agent"], stdout=subprocess.DEVNULL)
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", str(tmp_path / "agent"))
        while not (tmp_path / "agent").exists():
            assert process.poll() is None
        yield
    finally:
        process.terminate()
        process.wait()


def test_a_key_that_an_agent_holds_signs_by_its_public_key(evidence, keys, trust, tmp_path, agent):
    run("ssh-add", "-q", keys / PIPELINE)
    public = tmp_path / "only.pub"
    shutil.copy(keys / f"{PIPELINE}.pub", public)
    assert verify(str(signed(evidence, public)), trust).problems == []


@pytest.fixture
def token(tmp_path, monkeypatch):
    """The public key of a pair on a token of SoftHSM, as its library tells it."""
    if not os.path.exists(SOFTHSM):
        pytest.skip("softhsm2 is not installed")
    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm2.conf").write_text(f"directories.tokendir = {tmp_path}/tokens\nlog.level = ERROR\n")
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    run("openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", tmp_path / "key.pem")
    run("softhsm2-util", "--init-token", "--free", "--label", "site", "--pin", "1234", "--so-pin", "1234")
    run("softhsm2-util", "--import", tmp_path / "key.pem", "--token", "site", "--label", "evidence", "--id", "01", "--pin", "1234")
    (tmp_path / "key.pem").unlink()
    public = tmp_path / "token.pub"
    public.write_bytes(run("ssh-keygen", "-D", SOFTHSM).stdout)
    return public


def test_a_key_on_a_pkcs11_token_signs_by_its_public_key(evidence, tmp_path, token, agent):
    """It leaves the token for nobody: the agent has the token sign."""
    (tmp_path / "ask").write_text("#!/bin/sh\necho 1234\n")
    (tmp_path / "ask").chmod(0o700)
    asking = {**os.environ, "SSH_ASKPASS": str(tmp_path / "ask"), "SSH_ASKPASS_REQUIRE": "force"}
    run("ssh-add", "-s", os.path.realpath(SOFTHSM), env=asking)
    (tmp_path / "allowed").write_text(f"{PIPELINE} {token.read_text()}")
    assert verify(str(signed(evidence, token)), Trust(allowed_signers=str(tmp_path / "allowed"))).problems == []


def test_a_certificate_signs_and_verifies(evidence, keys, image):
    found = verify(str(certified(evidence, keys)), Trust(authorities=str(keys / "ca.pem")), str(image))
    assert (found.problems, [each["signer"] for each in found.signatures]) == ([], ["CN=Pipeline,O=Hospital"])


def _change_manifest(evidence):
    text = (evidence / "manifest.json").read_text()
    (evidence / "manifest.json").write_text(text.replace("promoted", "approved"))


CHANGES = {
    "the manifest": (_change_manifest, "manifest.json.sig does not verify: Signature verification failed: incorrect signature"),
    "a file": (lambda place: (place / "results.json").write_text("[]"), "results.json differs from the one that manifest.json lists"),
    "a file is gone": (lambda place: (place / "report.html").unlink(), "there is no report.html in "),
    "a file more": (lambda place: (place / "notes.txt").write_text(""), "notes.txt is not listed in manifest.json"),
    "a link": (
        lambda place: ((place / "report.html").unlink(), (place / "report.html").symlink_to("/etc/hostname")),
        "there is no report.html in ",
    ),
    "a pipe": (lambda place: ((place / "report.html").unlink(), os.mkfifo(place / "report.html")), "is a named pipe"),
    "no signature": (lambda place: (place / "manifest.json.sig").unlink(), "manifest.json is not signed"),
    "no manifest": (lambda place: (place / "manifest.json").unlink(), "there is no manifest.json in "),
    "a manifest of somebody": (lambda place: (place / "manifest.json").write_text("[" * 100_000), "is not the manifest of a run"),
    "no signature at all": (lambda place: (place / "manifest.json.sig").write_text("x"), "manifest.json.sig is not by an allowed signer"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_change_is_found(evidence, keys, trust, change):
    signed(evidence, keys / PIPELINE)
    change, sentence = CHANGES[change]
    change(evidence)
    found = verify(str(evidence), trust)
    assert any(sentence in problem for problem in found.problems), found.problems
    assert not any("\n" in problem for problem in found.problems)


def test_a_manifest_that_leads_out_of_its_directory_is_refused(evidence, keys, trust):
    found = json.loads((evidence / "manifest.json").read_text())
    found["files"]["../../image.qcow2"] = found["files"].pop("report.html")
    (evidence / "manifest.json").write_text(json.dumps(found))
    assert verify(str(signed(evidence, keys / PIPELINE)), trust).problems == ["manifest.json is not the manifest of a run"]


def test_another_image_is_found(evidence, keys, trust, image):
    signed(evidence, keys / PIPELINE)
    assert verify(str(evidence), trust, sha256="0" * 64).problems
    image.write_bytes(b"another image")
    (problem,) = verify(str(evidence), trust, str(image)).problems
    assert problem.startswith(f"{image} is not the image that manifest.json is about")


def test_a_key_counts_only_when_it_is_allowed_at_that_time(evidence, keys, trust):
    signed(evidence, keys / STRANGER)
    (problem,) = verify(str(evidence), trust).problems
    assert problem == "manifest.json.sig is not by an allowed signer: No principal matched"
    signed(evidence, keys / PIPELINE)
    (problem,) = verify(str(evidence), Trust(allowed_signers=str(keys / "ended"))).problems
    assert "key has expired" in problem


def test_a_signature_for_another_purpose_does_not_count(evidence, keys, trust):
    content = (evidence / "manifest.json").read_bytes()
    command = ["ssh-keygen", "-Y", "sign", "-q", "-f", keys / PIPELINE, "-n", "git"]
    (evidence / "manifest.json.sig").write_bytes(run(*command, input=content).stdout)
    assert verify(str(evidence), trust).problems


def test_who_must_have_signed_is_named(evidence, keys, trust):
    signed(evidence, keys / PIPELINE)
    both = Trust(trust.allowed_signers, signers=(PIPELINE, APPROVER))
    assert verify(str(evidence), both).problems == [f"{APPROVER} has not signed manifest.json"]
    assert verify(str(signed(evidence, keys / APPROVER, ".approver")), both).problems == []


def test_a_certificate_of_another_authority_or_of_another_text_does_not_count(evidence, keys):
    certified(evidence, keys)
    (problem,) = verify(str(evidence), Trust(authorities=str(keys / "other.pem"))).problems
    assert problem == "manifest.json.p7s does not verify: unable to get local issuer certificate"
    _change_manifest(evidence)
    (problem,) = verify(str(evidence), Trust(authorities=str(keys / "ca.pem"))).problems
    assert problem == "manifest.json.p7s does not verify: verification failure"


def test_without_what_is_trusted_nothing_verifies(evidence, keys, trust):
    signed(evidence, keys / PIPELINE)
    (problem,) = verify(str(evidence), Trust(authorities=str(keys / "ca.pem"))).problems
    assert problem == "manifest.json.sig cannot be verified without a file of allowed signers"
    (problem,) = verify(str(evidence), Trust(allowed_signers="/nowhere")).problems
    assert problem == "there is no file of allowed signers /nowhere"


def test_a_key_that_cannot_sign_is_named(keys, tmp_path):
    with pytest.raises(SigningError, match="there is no signing key /nowhere"):
        ssh.sign(b"", "/nowhere")
    with pytest.raises(SigningError, match="locked: incorrect passphrase supplied to decrypt private key"):
        ssh.sign(b"", str(keys / "locked"))
    (tmp_path / "bad").write_text("no key")
    with pytest.raises(SigningError, match="cannot sign with .*bad"):
        cms.sign(b"", str(keys / "s.pem"), str(tmp_path / "bad"))
    with pytest.raises(SigningError, match="there is no file /nowhere to sign with"):
        cms.sign(b"", "/nowhere", str(keys / "s.key"))


def test_the_newest_evidence_of_an_image_is_found(evidence):
    digest = json.loads((evidence / "manifest.json").read_text())["image"]["sha256"]
    shutil.copytree(evidence, evidence.parent / "20261110T120000Z")
    (evidence.parent / "20261111T120000Z").mkdir()
    assert newest(str(evidence.parent), digest).endswith("20261110T120000Z")
    with pytest.raises(SigningError, match="no evidence in .* is about the image"):
        newest(str(evidence.parent), "0" * 64)


# -- time stamps -----------------------------------------------------------------------


@pytest.fixture
def stamped(evidence, keys, authority):
    """Evidence with a signature that has a time stamp."""
    signature = (signed(evidence, keys / PIPELINE) / "manifest.json.sig").read_bytes()
    reply = web.posted(authority, timestamps.query(signature), timestamps.QUERY_TYPE, 20)
    (evidence / "manifest.json.sig.tsr").write_bytes(reply)
    return evidence


@pytest.fixture
def both(keys):
    return Trust(allowed_signers=str(keys / "allowed"), timestamp_authorities=str(keys / "ca.pem"))


def test_a_time_stamp_is_verified_where_its_authority_is_named(stamped, trust, both):
    assert verify(str(stamped), trust).problems == []
    found = verify(str(stamped), both)
    assert found.problems == [] and found.signatures[0]["stamped"] > ENDED


def test_a_signature_without_a_time_stamp_is_reported_where_its_authority_is_named(evidence, keys, both):
    assert verify(str(signed(evidence, keys / PIPELINE)), both).problems == ["no signature of manifest.json has a time stamp"]


def test_a_time_stamp_of_another_signature_does_not_verify(stamped, keys, both):
    (stamped / "manifest.json.sig.tsr").rename(stamped / "kept")
    reply = (stamped / "kept").read_bytes()
    (stamped / "kept").unlink()
    manifest = json.loads((stamped / "manifest.json").read_text())
    (stamped / "manifest.json").write_text(json.dumps({**manifest, "host": "db"}))
    signed(stamped, keys / PIPELINE)
    (stamped / "manifest.json.sig.tsr").write_bytes(reply)
    assert verify(str(stamped), both).problems == ["manifest.json.sig.tsr does not verify: message imprint mismatch"]


def test_a_key_must_have_been_valid_at_the_time_of_the_stamp(stamped, keys, tmp_path):
    """By the word of whoever signed, the run ended long before the key did."""
    (tmp_path / "allowed").write_text((keys / "allowed").read_text().replace("namespaces=", 'valid-before="20261110",namespaces='))
    assert verify(str(stamped), Trust(allowed_signers=str(tmp_path / "allowed"))).problems == []
    found = verify(str(stamped), Trust(allowed_signers=str(tmp_path / "allowed"), timestamp_authorities=str(keys / "ca.pem")))
    assert "manifest.json.sig is not by an allowed signer" in found.problems[0]
