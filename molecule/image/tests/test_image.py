# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Look at the promoted images from outside, with tools that are not ours."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest
import testinfra
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from trestle.oscal import assessment_results, component, poam, profile

DIRECTORY = Path(os.environ["HYGEIA_IMAGE"])
IMAGES = ("debian-12", "debian-13")
# The one that the inventory gives a place in a site.
ZONED = "debian-12"
# The one whose vulnerabilities are known.
KNOWN = "debian-13"


def run(*command):
    return subprocess.run([str(word) for word in command], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()


@pytest.fixture(scope="module", params=IMAGES)
def image(request):
    """The name of an image."""
    return request.param


@pytest.fixture(scope="module")
def pointer(image):
    return DIRECTORY / f"golden/{image}.qcow2"


@pytest.fixture(scope="module")
def promoted(pointer, tmp_path_factory):
    """The root filesystem of the promoted image, mounted without writing to it."""
    directory = tmp_path_factory.mktemp("promoted")
    raw, root = directory / "disk.raw", directory / "root"
    root.mkdir()
    run("qemu-img", "convert", "-O", "raw", pointer, raw)
    table = json.loads(run("sfdisk", "--json", raw))["partitiontable"]
    largest = max(table["partitions"], key=lambda part: part["size"])
    device = run("losetup", "--find", "--show", "--offset", largest["start"] * 512, "--sizelimit", largest["size"] * 512, raw)
    try:
        run("mount", "-o", "ro,noload", device, root)
        try:
            yield testinfra.get_host(str(root), connection="chroot")
        finally:
            run("umount", root)
    finally:
        run("losetup", "--detach", device)
        raw.unlink()


@pytest.fixture(scope="module")
def evidence(image):
    """The directory of the newest evidence."""
    return max(DIRECTORY.glob(f"evidence/{image}/*/manifest.json"), key=lambda path: path.stat().st_mtime).parent


@pytest.fixture(scope="module")
def examined(image):
    """What a second look at the golden image, and at a running copy of it, said."""
    return json.loads((DIRECTORY / f"{image}.json").read_text())


def test_the_template_is_bit_for_bit_what_it_was(image):
    template = DIRECTORY / f"templates/{image}.qcow2"
    before = Path(f"{template}.sha256").read_text().split()[0]
    assert hashlib.sha256(template.read_bytes()).hexdigest() == before


def test_the_pointer_names_an_image_with_its_own_digest(pointer):
    target = os.readlink(pointer)
    digest = hashlib.sha256(pointer.read_bytes()).hexdigest()
    assert "/" not in target and digest.startswith(target.rsplit("-", 1)[1].removesuffix(".qcow2"))


def test_the_image_is_whole_and_stands_alone(pointer):
    run("qemu-img", "check", pointer)
    assert "backing-filename" not in json.loads(run("qemu-img", "info", "--output=json", pointer))


def test_nothing_is_pending(promoted, evidence):
    changes = json.loads((evidence / "manifest.json").read_text())["packages"]["changed"]
    assert changes, "the template had updates waiting"
    for change in changes:
        installed = promoted.package(change["package"].split(":")[0])
        assert not change["to"] or installed.version == change["to"]


def test_every_kernel_has_its_initramfs(promoted):
    kernels = promoted.file("/boot").listdir()
    versions = [name.removeprefix("vmlinuz-") for name in kernels if name.startswith("vmlinuz-")]
    assert versions and all(f"initrd.img-{version}" in kernels for version in versions)


def test_its_identity_is_gone(promoted):
    assert promoted.file("/etc/machine-id").content_string.strip() in ("", "uninitialized")
    assert not [name for name in promoted.file("/etc/ssh").listdir() if name.startswith("ssh_host_")]
    assert not promoted.file("/root/.bash_history").exists


def test_nothing_of_the_work_is_left_inside(promoted):
    assert not promoted.file("/usr/sbin/policy-rc.d").exists
    assert not promoted.file("/root/.ansible").exists
    assert promoted.file("/tmp").listdir() == []
    assert set(promoted.file("/var/lib/apt/lists").listdir()) <= {"auxfiles", "lock", "partial"}
    assert not [name for name in promoted.file("/var/cache/apt/archives").listdir() if name.endswith(".deb")]


def test_the_user_of_the_boot_check_never_was_in_it(promoted):
    assert "hygeia" not in promoted.file("/etc/passwd").content_string


def test_root_cannot_log_in_over_ssh(promoted):
    assert promoted.file("/etc/ssh/sshd_config.d/00-hygeia.conf").contains("PermitRootLogin no")


def test_the_evidence_says_what_happened(evidence):
    records = json.loads((evidence / "results.json").read_text())["records"]
    assert {record["stage"] for record in records} == {"offline", "boot"}
    assert not [record for record in records if record["status"] == "fail" and record["severity"] in ("high", "critical")]
    assert (evidence / "report.html").stat().st_size > 10_000
    assert (evidence / "junit.xml").read_text().startswith("<?xml")


@pytest.fixture(scope="module")
def statuses(evidence):
    """The status of each control and check at each stage."""
    records = json.loads((evidence / "results.json").read_text())["records"]
    return {(record["control"], record["stage"]): record["status"] for record in records}


def test_the_image_with_a_zone_loads_its_packet_filter(image, promoted):
    rules = promoted.file("/etc/nftables.conf")
    assert (rules.exists and rules.contains("table inet segment")) == (image == ZONED)
    if image == ZONED:
        assert promoted.file("/etc/systemd/system/sysinit.target.wants/nftables.service").is_symlink


def test_its_packet_filter_was_tried_and_the_boot_check_got_past_it(image, statuses):
    tried = {control: status for (control, stage), status in statuses.items() if control.startswith("segment-")}
    if image == ZONED:
        assert tried.pop("segment-live-names") == "not_checked"
        assert {"segment-in-clinical", "segment-out-internet", "segment-in-modalities", "segment-default-drop"} <= set(tried)
        assert set(tried.values()) == {"pass"}
    else:
        assert tried == {}
    assert statuses["boot-ssh-login", "boot"] == "pass"


def test_its_isolation_was_looked_at_in_the_image_and_in_the_copy(image, statuses):
    looked = {key: status for key, status in statuses.items() if key[0].startswith("isolation-")}
    if image == ZONED:
        assert looked.pop(("isolation-listeners", "offline")) == "not_checked" and looked["isolation-listeners", "boot"] == "pass"
        assert {stage for control, stage in looked} == {"offline", "boot"} and set(looked.values()) <= {"pass", "not_applicable"}
    else:
        assert looked == {}


@pytest.fixture(scope="module")
def manifest(evidence):
    return json.loads((evidence / "manifest.json").read_text())


@pytest.fixture(scope="module")
def allowed(tmp_path_factory):
    """The file of the signer that the inventory names."""
    path = tmp_path_factory.mktemp("signers") / "allowed_signers"
    path.write_text(f"pipeline@example.org {(DIRECTORY / 'pipeline.pub').read_text()}")
    return path


def test_the_promotion_is_in_a_history_that_its_evidence_confirms(image, allowed, manifest):
    history = DIRECTORY / f"golden/{image}.history.jsonl"
    where = [f"--extra-vars={name}={value}" for name, value in (("history", history), ("evidence", DIRECTORY / "evidence"))]
    said = run("ansible-playbook", "hygeia.golden.verify_history", *where, f"--extra-vars=evidence_allowed_signers={allowed}")
    entries = manifest["history"]["image"]["entries"]
    assert f"Entries: {entries}, confirmed by signatures up to entry {entries}" in said


def test_the_evidence_verifies_for_this_image(evidence, pointer, allowed):
    said = run(
        "ansible-playbook",
        "hygeia.golden.verify_evidence",
        *(
            f"--extra-vars={name}={value}"
            for name, value in (("evidence", evidence), ("image", pointer), ("evidence_allowed_signers", allowed))
        ),
    )
    assert "Signed by: pipeline@example.org" in said and "not compared" not in said


def test_the_evidence_is_exported_as_valid_oscal(evidence, tmp_path):
    run("ansible-playbook", "hygeia.golden.export_oscal", f"-eevidence={evidence}", f"-edest={tmp_path}", "-eprofile=hipaa")
    models = {
        "assessment-results": assessment_results.Model,
        "plan-of-action-and-milestones": poam.Model,
        "component-definition": component.Model,
        "profile": profile.Model,
    }
    assert sorted(path.stem for path in tmp_path.iterdir()) == sorted(models)
    found = {name: model.model_validate_json((tmp_path / f"{name}.json").read_text()) for name, model in models.items()}
    records = json.loads((evidence / "results.json").read_text())["records"]
    (result,) = found["assessment-results"].assessment_results.results
    assert len(result.observations) == len(records) and len(result.findings) > 200


@pytest.fixture(scope="module")
def bill(evidence):
    """The bill of materials, which follows its schema."""
    text = (evidence / "sbom.cdx.json").read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    return json.loads(text)


@pytest.fixture(scope="module")
def installed(promoted):
    """What dpkg has installed in the image, by package and architecture."""
    shown = promoted.check_output("dpkg-query --show --showformat='${db:Status-Status} ${Package} ${Architecture} ${Version}\\n'")
    rows = (line.split() for line in shown.splitlines())
    return sorted([name, architecture, version] for state, name, architecture, version in rows if state == "installed")


def test_the_image_says_which_one_it_is(image, pointer, promoted, manifest):
    said = dict(line.split("=", 1) for line in promoted.file("/etc/image-release").content_string.splitlines())
    said = {name: value.strip('"') for name, value in said.items()}
    template = Path(f"{DIRECTORY}/templates/{image}.qcow2.sha256").read_text().split()[0]
    assert (said["IMAGE_ID"], said["SOURCE"], said["SOURCE_SHA256"]) == (image, f"{image}.qcow2", template)
    assert os.readlink(pointer).startswith(f"{image}-{said['IMAGE_VERSION']}-")
    assert f"{said['PROFILE']} and sealed" == manifest["profile"]["id"]
    assert said["CONTROLS_SHA256"] == manifest["profile"]["sha256"]
    assert (DIRECTORY / "evidence" / said["EVIDENCE"]).is_dir()


def test_the_image_lists_its_packages(promoted, installed):
    assert sorted(json.loads(promoted.file("/usr/share/hygeia/manifest.json").content_string)["packages"]) == installed


def test_the_bill_of_materials_lists_them_too(pointer, bill, installed):
    def architecture(component):
        return next(known["value"] for known in component["properties"] if known["name"] == "hygeia.golden:architecture")

    assert sorted([part["name"], architecture(part), part["version"]] for part in bill["components"]) == installed
    digest = hashlib.sha256(pointer.read_bytes()).hexdigest()
    assert bill["metadata"]["component"]["hashes"] == [{"alg": "SHA-256", "content": digest}]


def test_what_the_updates_closed_and_what_stays_open_is_reported(image, manifest, bill, statuses):
    summary = manifest["vulnerabilities"]
    if image == KNOWN:
        feed = DIRECTORY / "tracker.json"
        known = json.loads(feed.read_text())
        assert summary["stated"] and (summary["closed"], summary["open"]) == (len(known) - 1, 1) and summary["closed"] > 0
        assert [one["sha256"] for one in manifest["feeds"]] == [hashlib.sha256(feed.read_bytes()).hexdigest()]
        assert [one["id"] for one in bill["vulnerabilities"]] == ["CVE-2026-9999"]
        assert {statuses[f"patch-{about}", "offline"] for about in ("feeds", "overdue", "known-exploited")} == {"pass"}
    else:
        assert not summary["stated"] and "vulnerabilities" not in bill


def test_nothing_is_left_on_the_build_host():
    assert not list(DIRECTORY.glob("sessions/*/*"))
    assert str(DIRECTORY / "sessions") not in Path("/proc/mounts").read_text()


@pytest.mark.parametrize("where", ["image", "copy"])
def test_a_second_enforcement_changes_nothing(examined, where):
    enforced = examined[where]
    assert not [outcome for outcome in enforced["outcomes"] if outcome["outcome"] not in ("unchanged", "not_applicable")]
    assert enforced["changed"] is False


def test_the_audit_log_of_a_running_copy_has_what_was_sent_to_it(examined):
    assert [(one["control"], one["status"]) for one in examined["audit"]] == [("logging-audit-proven", "pass")]


def test_apt_works_in_a_running_copy(examined):
    assert examined["greeting"] == "Hello, world!"
