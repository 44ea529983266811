# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a run attests about its image, signed and verified."""

from __future__ import annotations

import base64
import json
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.signing import dsse
from ansible_collections.hygeia.golden.plugins.module_utils.signing.verification import ATTESTATIONS, Trust, verify
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports import evidence

ENDED = "2026-11-09T12:04:10Z"
DIGEST = "ab" * 32
IMAGE = {"path": "/srv/golden/debian-12-1-abab.qcow2", "sha256": DIGEST, "size": 1}
SOURCE = {"path": "/srv/templates/debian-12.qcow2", "sha256": "cd" * 32, "size": 1}
PROVENANCE = "https://slsa.dev/provenance/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
VERIFICATION = "https://in-toto.io/attestation/svr/v0.1"
BILL = "https://cyclonedx.org/bom"
INSTALLED = [{"package": "bash", "version": "5.2", "architecture": "amd64", "source": "bash", "source_version": "5.2"}]


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    path = tmp_path_factory.mktemp("keys") / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    (path.parent / "allowed").write_text(f"pipeline@example.org {path.with_suffix('.pub').read_text()}")
    return path


@pytest.fixture
def written(facts, key, tmp_path):
    """The directory of a run with these facts, signed."""

    def write(**known):
        run, files = evidence.rendered(facts(**known), ENDED)
        return evidence.written(str(tmp_path / "run"), evidence.signed(run, files, str(key)))

    return write


def statements(directory):
    with open(f"{directory}/{ATTESTATIONS}", encoding="utf-8") as stream:
        found = [json.loads(base64.b64decode(json.loads(line)["payload"])) for line in stream]
    return {statement["predicateType"]: statement for statement in found}


def verified(directory, key):
    return verify(directory, Trust(allowed_signers=str(key.parent / "allowed")))


def test_a_run_attests_how_its_image_was_made_and_tested(written, key, record):
    records = [record("ssh-root-login", "pass"), record("audit-running", "waived"), record("log-forwarding", "not_checked")]
    directory = written(image=IMAGE, source=SOURCE, records=records, installed=INSTALLED, started=ENDED)
    found = statements(directory)
    assert list(found) == [PROVENANCE, TEST_RESULT, VERIFICATION, BILL]
    subject = [{"name": "debian-12-1-abab.qcow2", "digest": {"sha256": DIGEST}}]
    assert all(statement["subject"] == subject and statement["_type"] == "https://in-toto.io/Statement/v1" for statement in found.values())
    (template,) = found[PROVENANCE]["predicate"]["buildDefinition"]["resolvedDependencies"]
    assert template["digest"] == {"sha256": SOURCE["sha256"]}
    result = found[TEST_RESULT]["predicate"]
    assert (result["result"], result["passedTests"], result["warnedTests"], result["failedTests"]) == (
        "WARNED",
        ["ssh-root-login"],
        ["audit-running"],
        [],
    )
    assert found[VERIFICATION]["predicate"]["properties"] == ["HYGEIA_NO_BLOCKING_CONTROL_HIGH", "HYGEIA_STAGE_OFFLINE"]
    assert [each["name"] for each in found[BILL]["predicate"]["components"]] == ["bash"]
    answer = verified(directory, key)
    assert (answer.problems, answer.attestations) == ([], list(found))


def test_another_library_reads_the_envelopes(written, key, record):
    library = pytest.importorskip("securesystemslib.dsse")
    directory = written(image=IMAGE, records=[record("ssh-root-login", "pass")])
    with open(f"{directory}/{ATTESTATIONS}", encoding="utf-8") as stream:
        lines = stream.readlines()
    assert len(lines) == 3
    for line in lines:
        envelope = library.Envelope.from_dict(json.loads(line))
        assert envelope.payload_type == "application/vnd.in-toto+json"
        assert envelope.pae() == dsse.opened(line)[1]


def test_an_image_with_a_failure_is_attested_as_that(written, key, record):
    found = statements(written(image=IMAGE, records=[record("ssh-banner", "fail", severity="low"), record("ssh-root-login", "pass")]))
    assert found[TEST_RESULT]["predicate"]["result"] == "FAILED"


def test_without_an_image_nothing_is_attested(written, key, record):
    directory = written(records=[record("ssh-root-login", "pass")])
    answer = verified(directory, key)
    assert (answer.problems, answer.attestations) == ([], [])


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda line: {**line, "payload": line["payload"][:-8] + "AAAAAAA="}, "has a line that is not a signed statement"),
        (lambda line: {**line, "signatures": []}, "has a line that is not a signed statement"),
        (lambda line: {**line, "payload": base64.b64encode(b'{"subject": []}').decode()}, "line 1 does not verify"),
    ],
)
def test_an_attestation_that_was_changed_is_found(written, key, record, change, sentence):
    """By its own signature, too, since it may be used without the manifest."""
    directory = written(image=IMAGE, records=[record("ssh-root-login", "pass")])
    path = f"{directory}/{ATTESTATIONS}"
    with open(path, encoding="utf-8") as stream:
        first, *rest = stream.readlines()
    with open(path, "w", encoding="utf-8") as stream:
        stream.write("\n".join([json.dumps(change(json.loads(first))), *rest]))
    problems = verified(directory, key).problems
    assert any(sentence in problem for problem in problems), problems
    assert f"{ATTESTATIONS} differs from the one that manifest.json lists" in problems
