# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Going back with the playbooks, and a real system that is stamped and listed in a bill of materials."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.promotion.image_store import ImageStore
from ansible_collections.hygeia.golden.plugins.modules import image_stamp, release_info
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy.catalogue import BASELINE
from ansible_collections.hygeia.golden.plugins.plugin_utils.reports import evidence
from ansible_collections.hygeia.golden.tests.templates import chrooted, timestamping
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

TOP = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")


@pytest.fixture
def dest(tmp_path):
    directory = tmp_path / "golden"
    directory.mkdir()
    for version in ("1", "2"):
        digest = hashlib.sha256(version.encode()).hexdigest()
        path = directory / f"web-{version}-{digest[:12]}.qcow2"
        path.write_text(version)
        ImageStore(str(directory), "web").move(str(path), action="promoted", version=version, sha256=digest, by="ann", reason="")
    return directory


@pytest.fixture
def play(tmp_path, dest):
    """Run a playbook of the collection on the template web; what it printed, and whether it went well."""
    inventory = tmp_path / "inventory.json"
    inventory.write_text(
        json.dumps(
            {
                "templates": {
                    "hosts": {"web": {}},
                    "vars": {"image_dest": str(dest), "evidence_dir": str(tmp_path / "evidence"), "image_user": "bob"},
                }
            }
        )
    )

    def run(name, *arguments):
        command = [
            os.path.join(os.path.dirname(sys.executable), "ansible-playbook"),
            "-i",
            inventory,
            *arguments,
            TOP / "playbooks" / f"{name}.yml",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert "Traceback" not in done.stdout + done.stderr
        return done.returncode == 0, done.stdout + done.stderr

    return run


def manifests(tmp_path):
    return [json.loads(path.read_text()) for path in sorted((tmp_path / "evidence/web").glob("*/manifest.json"))]


def test_one_command_goes_back_and_leaves_evidence(tmp_path, dest, play):
    well, output = play("rollback", "--check", "-e", "version=1", "-e", "reason='The viewer does not start'")
    assert well and os.readlink(dest / "web.qcow2").startswith("web-2-"), output
    well, output = play("rollback", "-e", "version=previous", "-e", "reason='The viewer does not start'")
    assert well and os.readlink(dest / "web.qcow2").startswith("web-1-"), output
    well, output = play("rollback", "-e", "version=previous", "-e", "reason='There is none'")
    assert not well and "there is no version previous of web" in output, output
    found = manifests(tmp_path)[0]
    assert found["verdict"]["outcome"] == "rolled_back"
    assert {key: found["rollback"][key] for key in ("version", "by", "reason")} == {
        "version": "1",
        "by": "bob",
        "reason": "The viewer does not start",
    }
    well, output = play("versions", "-e", "image_versions_verify=true")
    assert well and "The viewer does not start" in output


def test_going_back_to_what_is_current_is_well_and_moves_nothing(tmp_path, dest, play):
    history = (dest / "web.history.jsonl").read_text()
    well, output = play("rollback", "-e", "version=2", "-e", "reason='To be sure'")
    assert well and "Version 2 is the current one already, so nothing was moved." in output, output
    assert os.readlink(dest / "web.qcow2").startswith("web-2-") and (dest / "web.history.jsonl").read_text() == history
    assert manifests(tmp_path)[0]["rollback"]["from"] == os.readlink(dest / "web.qcow2")


@pytest.mark.parametrize(
    "arguments,sentence",
    [
        ((), "Say to which version, and why"),
        (("-e", "version=1"), "Say to which version, and why"),
        (("-e", "version=7", "-e", "reason=x"), "there is no version 7 of web"),
    ],
)
def test_what_is_refused_moves_nothing(dest, play, arguments, sentence):
    well, output = play("rollback", *arguments)
    assert not well and sentence in output
    assert os.readlink(dest / "web.qcow2").startswith("web-2-")


def test_a_version_without_signed_evidence_is_not_restored(tmp_path, dest, play):
    key, allowed, run = tmp_path / "key", tmp_path / "allowed", tmp_path / "evidence/web/20261001T000000Z"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    allowed.write_text(f"pipeline@example.org {key.with_suffix('.pub').read_text()}")
    request = [
        "-e",
        "version=1",
        "-e",
        "reason='To be sure'",
        "-e",
        f"evidence_allowed_signers={allowed}",
        "-e",
        f"evidence_signing_key={key}",
    ]
    by_file = ["-e", f"version={next(dest.glob('web-1-*')).name}", *request[2:]]
    well, output = play("rollback", *by_file)
    assert not well and f"SHA-256 {hashlib.sha256(b'1').hexdigest()}" in output, output
    well, output = play("rollback", *request)
    assert not well and "no evidence in" in output and os.readlink(dest / "web.qcow2").startswith("web-2-"), output

    run.mkdir(parents=True)
    digest = hashlib.sha256(b"1").hexdigest()
    manifest = {"ended": "2026-10-01T00:00:00Z", "files": {}, "image": {"sha256": digest}, "verdict": {"outcome": "promoted"}}
    (run / "manifest.json").write_text(json.dumps(manifest))
    well, output = play("rollback", *request)
    assert not well and "manifest.json is not signed" in output and os.readlink(dest / "web.qcow2").startswith("web-2-"), output

    evidence_sign = f"path={run} key={key}"
    ansible = os.path.join(os.path.dirname(sys.executable), "ansible")
    subprocess.run([ansible, "localhost", "-m", "hygeia.golden.evidence_sign", "-a", evidence_sign], check=True, capture_output=True)
    well, output = play("rollback", *request)
    assert well and os.readlink(dest / "web.qcow2").startswith("web-1-"), output

    # The signatures of the run that comes next have time stamps.
    timestamping.authority(tmp_path)
    (tmp_path / "tsa").mkdir()
    trusted = ["-e", f"evidence_timestamp_authorities={tmp_path / 'ca.pem'}"]
    with timestamping.served(tmp_path / "tsa", tmp_path) as address:
        stamped = [*request[2:], *trusted, "-e", f"evidence_timestamp_url={address}", "-e", "evidence_timestamp_required=true"]
        well, output = play("rollback", "-e", "version=1", *stamped)
    # The evidence of the version is not stamped, and stamps are required.
    assert not well and "no signature of manifest.json has a time stamp" in output, output
    newest = max((tmp_path / "evidence/web").iterdir())
    allow = ["-e", f"evidence_allowed_signers={allowed}"]
    well, output = play("verify_evidence", "-e", f"evidence={newest}", *allow, *trusted)
    assert well and "Time stamps: 20" in output, output

    # All runs are in the index, and the evidence of the rollback confirms the history of the image, until somebody cuts it off.
    index, history = tmp_path / "evidence/runs.jsonl", dest / "web.history.jsonl"
    well, output = play("verify_history", "-e", f"history={index}", *allow, *trusted)
    assert well and "Entries: 5, confirmed by signatures up to entry 5" in output, output
    of_image = ["-e", f"history={history}", "-e", f"evidence={tmp_path / 'evidence'}", *allow]
    well, output = play("verify_history", *of_image)
    assert well and "Entries: 3, confirmed by signatures up to entry 3" in output, output
    # The binder of the year has them all, and verifies until somebody changes it.
    binder, year = tmp_path / "binder", time.strftime("%Y", time.gmtime())
    of_year = ["-e", f"evidence={tmp_path / 'evidence'}", "-e", f"period={year}", "-e", f"dest={binder}", "-e", "binder_pdf=false"]
    well, output = play("binder", *of_year, "-e", f"evidence_signing_key={key}", *allow)
    assert well, output
    bound = json.loads((binder / "binder.json").read_text())
    assert "rolled_back" in {known["outcome"] for known in bound["runs"]} and bound["histories"][0]["state"] == "pass"
    assert [entry["about"] for entry in bound["images"]] == ["rolled back by bob: To be sure"]
    well, output = play("verify_evidence", "-e", f"evidence={binder}", *allow)
    assert well, output
    (binder / "binder.html").write_text((binder / "binder.html").read_text().replace("rolled back", "promoted"))
    well, output = play("verify_evidence", "-e", f"evidence={binder}", *allow)
    assert not well and "binder.html differs from the one that manifest.json lists" in output, output

    history.write_text("".join(history.read_text().splitlines(keepends=True)[:2]))
    well, output = play("verify_history", *of_image)
    assert not well and "entry 3 is missing at the end, by the evidence web/" in output, output

    # What the rollback wrote is signed too, and anybody can verify it until somebody changes it.
    newest = max((tmp_path / "evidence/web").iterdir())
    verify = ["-e", f"evidence={newest}", "-e", f"evidence_allowed_signers={allowed}"]
    well, output = play("verify_evidence", *verify)
    assert well and "Signed by: pipeline@example.org" in output, output
    (newest / "results.json").write_text("{}")
    well, output = play("verify_evidence", *verify)
    assert not well and "results.json differs from the one that manifest.json lists" in output, output


# -- a real system ------------------------------------------------------------


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """What a stamp reads of a real Debian 12."""
    bases = sorted((TOP / ".build/cache").glob("base-bookworm-*.tar"), key=os.path.getmtime)
    if not bases:
        pytest.skip("no base of Debian 12 was made yet: make demo makes one")
    place = tmp_path_factory.mktemp("tree")
    wanted = ("./etc/os-release", "./usr/lib/os-release", "./var/lib/dpkg/status", "./usr/share/doc/*/changelog*")
    subprocess.run(["tar", "-xf", bases[-1], "-C", place, "--wildcards", *wanted], check=False, capture_output=True)
    assert (place / "var/lib/dpkg/status").exists()
    return place


def test_a_real_system_is_stamped_and_reported(tree, tmp_path):
    stamped = image_stamp.act(chrooted.host(tree), {"id": "debian-12", "version": "1", "profile": "hipaa"})
    assert len(stamped["packages"]) > 80
    assert stamped["image"]["patch_level"] > "2023-01-01"
    assert image_stamp.act(chrooted.host(tree), {"id": "debian-12", "version": "1", "profile": "hipaa"})["changed"] is False
    found = release_info.detect(chrooted.host(tree, check=True))
    assert (found["image"]["version"], found["changes"]) == ("1", [])
    run, files = evidence.rendered(
        {
            "template": os.path.join(BASELINE, "../../evidence/templates/report.html.j2"),
            "host": "debian-12",
            "profile": "hipaa",
            "severity": "high",
            "origins": [],
            "frameworks": ["hipaa"],
            "policy": [],
            "source": None,
            "image": None,
            "staged": None,
            "boot_skipped": False,
            "boot_required": False,
            "playbook": None,
            "started": None,
            "failure": None,
            "docs": "",
            "path": str(tmp_path),
            "replaces": None,
            **dict.fromkeys(
                ("controls", "checks", "records", "outcomes", "diffs", "changes", "pending", "vulnerabilities", "closed", "feeds"), []
            ),
            "boot": {},
            "rollback": {},
            "isolation": {},
            "groups": [],
            "image_history": {},
            "installed": found["packages"],
            "system": found["system"],
            "release": found["image"],
            "generator": evidence.generator("2.19.0"),
        },
        "2026-10-09T12:00:00Z",
    )
    assert run["release"]["version"] == "1"
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(files["sbom.cdx.json"]) is None
    bill = json.loads(files["sbom.cdx.json"])
    assert {component["name"] for component in bill["components"]} == {package["package"] for package in found["packages"]}
    assert "Source image" in files["report.html"]
