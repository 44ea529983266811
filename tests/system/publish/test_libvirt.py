# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Images are published to a real libvirtd, seen from outside with virsh."""

from __future__ import annotations

import hashlib
import os
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
GOLDEN = "{https://example.org/hygeia/golden/image}"
STEPS = ("image", "machine", "pointer", "kept")


@pytest.fixture
def target(hypervisor):
    yield {"name": "radiology", "platform": "libvirt", "uri": hypervisor.uri, "pool": hypervisor.pool, "hypervisor": "qemu"}
    hypervisor.virsh("undefine", "web", check=False)
    for volume in hypervisor.volumes():
        hypervisor.virsh("vol-delete", volume, hypervisor.pool)


def pointed(hypervisor):
    """What the template names: the version, the digest and the volumes."""
    domain = ElementTree.fromstring(hypervisor.virsh("dumpxml", "web"))
    image = domain.find(f"./metadata/{GOLDEN}image")
    volumes = [source.get("volume") for source in domain.findall("./devices/disk/source")]
    return image.findtext(f"{GOLDEN}version"), image.findtext(f"{GOLDEN}sha256"), volumes


def outcomes(records, target="radiology"):
    return [records[f"published-{step}-{target}"]["status"] for step in STEPS]


def test_an_image_is_published_verified_and_rolled_back(hypervisor, target, promoted, play):
    first, digest = promoted.promote("1")
    # What an interrupted upload left has the name of the image and nothing else of it.
    hypervisor.virsh("vol-create-as", hypervisor.pool, first.name, "1K", "--format", "raw")
    gone = {**target, "name": "lost", "uri": target["uri"] + "-of-nobody"}
    well, output = play("publish", [gone, target])
    assert not well and "One control of severity high or above failed" in output, output
    assert outcomes(promoted.records()) == ["pass"] * 4, "one target that is lost is not in the way of the next"
    assert outcomes(promoted.records(), "lost") == ["fail"] + ["not_checked"] * 3
    assert "libvirt cannot be reached" in promoted.records()["published-image-lost"]["message"]
    assert hashlib.sha256((hypervisor.directory / first.name).read_bytes()).hexdigest() == digest
    assert pointed(hypervisor) == ("1", digest, [first.name])

    written = (hypervisor.directory / first.name).stat()
    well, output = play("publish", [target])
    assert well, output
    assert "skipping: [web]" in output.split("Move what consumers use]")[1].split("TASK")[0]
    assert (hypervisor.directory / first.name).stat() == written, "what is there already is only read"

    # A machine was made on top of the first version, and nobody needs the second.
    machine = hypervisor.directory / "machine.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", hypervisor.directory / first.name, machine], check=True)
    second, _ = promoted.promote("2", disks=2)
    well, output = play("publish", [target])
    assert well, output
    assert pointed(hypervisor)[::2] == ("2", [second.name, second.name.replace(".qcow2", "-disk2.qcow2")])
    third, _ = promoted.promote("3")
    well, output = play("publish", [target], publish_keep=1)
    assert well and outcomes(promoted.records()) == ["pass"] * 4, output
    assert hypervisor.volumes() == sorted(["machine.qcow2", first.name, third.name])

    well, output = play("rollback", [target], "-e", "version=1", "-e", "reason='The viewer does not start'")
    assert well and os.readlink(promoted.dest / "web.qcow2") == first.name, output
    assert pointed(hypervisor) == ("1", digest, [first.name])
    assert promoted.manifests()[-1]["verdict"]["outcome"] == "rolled_back"
    assert outcomes(promoted.records()) == ["pass"] * 4


def test_what_was_written_to_is_neither_trusted_nor_replaced(hypervisor, target, promoted, play):
    path, digest = promoted.promote("1")
    assert play("publish", [target])[0]
    # The user of QEMU cannot write to an image, so a template that somebody starts does no harm.
    started = hypervisor.start_without_network("web")
    assert started.returncode and "Permission denied" in started.stderr, started
    with open(hypervisor.directory / path.name, "r+b") as stream:
        stream.seek(-1, os.SEEK_END)
        stream.write(b"x")
    replica = {**target, "recovery_point": "24h"}
    well, output = play("replicas", [replica])
    found = promoted.records()["replica-image-radiology"]
    assert not well and found["status"] == "fail" and found["observed"]["sha256"] != found["expected"]["sha256"] == [digest], output
    assert promoted.records()["replica-recent-radiology"]["status"] == "pass"
    well, output = play("publish", [target])
    assert not well and "was changed after it was published" in output and "domain web uses it" in output, output
    assert outcomes(promoted.records()) == ["fail"] + ["not_checked"] * 3
    assert (hypervisor.directory / path.name).read_bytes().endswith(b"x")


def test_without_its_evidence_an_image_goes_nowhere(hypervisor, target, promoted, play):
    promoted.promote("1")
    (promoted.evidence / "web/1/results.json").write_text("{}")
    well, output = play("publish", [target])
    assert not well and "results.json differs from the one that manifest.json lists" in output, output
    assert promoted.manifests()[-1]["verdict"]["outcome"] == "stopped"
    assert hypervisor.volumes() == []


def test_a_machine_of_that_name_is_not_taken_for_a_template(hypervisor, target, promoted, play, tmp_path):
    promoted.promote("1")
    (tmp_path / "web.xml").write_text("<domain type='qemu'><name>web</name><memory>65536</memory><os><type>hvm</type></os></domain>")
    hypervisor.virsh("define", tmp_path / "web.xml")
    before = hypervisor.virsh("dumpxml", "web")
    well, output = play("publish", [target], "--check")
    assert well and "not a template of this collection" in output, output
    assert hypervisor.virsh("dumpxml", "web") == before and hypervisor.volumes() == []


def test_a_guest_is_restored_from_the_image_and_from_a_backup(hypervisor, target, promoted, play, tmp_path):
    path, _digest = promoted.promote("1")
    backup = tmp_path / path.name
    backup.write_bytes(path.read_bytes())
    options = {"publish_restore_target": "radiology", "publish_restore_network": "", "publish_restore_timeout": 120}
    well, output = play("restore", [target], publish_restore_image=str(backup), publish_restore_time="10m", **options)
    records = promoted.records()
    assert well, output
    assert [records[f"restored-{step}-radiology"]["status"] for step in ("image", "start", "time")] == ["pass"] * 3
    assert hypervisor.virsh("domstate", "web-restored").strip() == "running"
    hypervisor.virsh("destroy", "web-restored")
    hypervisor.virsh("undefine", "web-restored")

    # A drill leaves nothing, and one that took too long is a failure.
    assert play("publish", [target])[0]
    hypervisor.virsh("vol-delete", "web-restored-disk1.qcow2", hypervisor.pool)
    well, output = play("restore", [target], publish_restore_time="1s", publish_restore_drill=True, **options)
    records = promoted.records()
    assert not well and [records[f"restored-{step}-radiology"]["status"] for step in ("image", "start", "time")] == [
        "pass",
        "pass",
        "fail",
    ], output
    assert hypervisor.volumes() == [path.name] and "web-restored" not in hypervisor.virsh("list", "--all", "--name")
