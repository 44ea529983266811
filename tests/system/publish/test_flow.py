# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Images are published to real servers of several platforms in one run, and seen from outside."""

from __future__ import annotations

import hashlib
import os
import subprocess

import pytest

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
STEPS = ("image", "machine", "pointer", "kept")
EVERYWHERE = ("kvm", "openstack", "proxmox")
# Proxmox VE returns nothing of a disk.
UNREAD = ["not_checked"] + ["pass"] * 3
PASSED, FAILED = ["pass"] * 4, ["fail"] + ["not_checked"] * 3


def outcomes(promoted, target):
    records = promoted.records()
    return [records[f"published-{step}-{target}"]["status"] for step in STEPS]


def test_an_image_is_published_verified_and_rolled_back(hypervisor, glance, proxmox, radiology, cloud, cluster, promoted, play):
    first, digest = promoted.promote("1", EVERYWHERE)
    # What an interrupted upload left has the name of the image and nothing else of it.
    hypervisor.virsh("vol-create-as", hypervisor.pool, first.name, "1K", "--format", "raw")
    glance.create(name=first.stem, tags=["hygeia.golden"])
    others = ["web-blue", f"{first.stem[:-1]}z"]
    for name in others:
        glance.create(name=name, tags=["hygeia.golden"])
    proxmox.create(900, first.stem, tags="hygeia-golden")
    proxmox.create(901, "web-blue")
    gone = {**radiology, "name": "lost", "uri": radiology["uri"] + "-of-nobody"}
    chosen = {"machine": {"firmware": "uefi", "disk": "virtio-blk"}}
    well, output = play("publish", [gone, radiology, {**cloud, **chosen}, {**cluster, **chosen}])
    assert not well and "One control of severity high or above failed" in output, output
    assert outcomes(promoted, "radiology") == outcomes(promoted, "cloud") == PASSED, "one target that is lost is not in the way of the next"
    assert outcomes(promoted, "lost") == FAILED and outcomes(promoted, "cluster") == UNREAD
    assert "libvirt cannot be reached" in promoted.records()["published-image-lost"]["message"]
    assert hashlib.sha256((hypervisor.directory / first.name).read_bytes()).hexdigest() == digest
    assert hypervisor.pointed("web") == ("1", digest, [first.name])
    assert glance.pointed("web")[:2] == ("1", digest)
    assert hashlib.sha256(glance.file(glance.pointed("web")[2]).read_bytes()).hexdigest() == digest
    properties = {"hw_firmware_type": "uefi", "hw_disk_bus": "virtio", "hw_vif_model": "virtio", "hw_qemu_guest_agent": "yes"}
    assert properties.items() <= glance.images()["web"][0].items() and sorted(glance.images()) == sorted(["web", *others])

    assert proxmox.pointed("web")[:2] == ("1", digest) and proxmox.uploads() == [(first.name, digest)]
    template = proxmox.machines()["web"][0]
    assert (
        template["bios"] == "ovmf" and template["efidisk0"] and template["net0"].startswith("virtio=") and template["agent"] == "enabled=1"
    )
    assert f"import-from=local:import/{first.name}" in template["virtio0"] and sorted(proxmox.machines()) == ["web", "web-blue"]

    written, uploaded = (hypervisor.directory / first.name).stat(), glance.pointed("web")
    well, output = play("publish", [radiology, {**cloud, "machine": {"firmware": "bios"}}, {**cluster, **chosen}])
    assert well and proxmox.pointed("web")[2] == template["vmid"] and len(proxmox.uploads()) == 1, output
    assert "skipping: [web]" in output.split("Move what consumers use]")[1].split("TASK")[0]
    assert (hypervisor.directory / first.name).stat() == written, "what is there already is only read"
    properties = {"hw_firmware_type": "bios", "hw_disk_bus": "scsi", "hw_scsi_model": "virtio-scsi"}
    assert glance.pointed("web") == uploaded and properties.items() <= glance.images()["web"][0].items(), "only the devices changed"

    # A machine was made on top of the first version, and nobody needs the second.
    machine = hypervisor.directory / "machine.qcow2"
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", hypervisor.directory / first.name, machine], check=True)
    proxmox.clone(902, of=template["vmid"])
    second, _ = promoted.promote("2", EVERYWHERE, disks=2)
    well, output = play("publish", [radiology, cloud, cluster])
    assert not well and "an image of OpenStack is one disk" in promoted.records()["published-image-cloud"]["message"], output
    assert hypervisor.pointed("web")[::2] == ("2", [second.name, second.name.replace(".qcow2", "-disk2.qcow2")])
    assert glance.pointed("web") == uploaded
    (newer,) = proxmox.machines()["web"]
    assert outcomes(promoted, "cluster") == UNREAD and f"import-from=local:import/{second.stem}-disk2.qcow2" in newer["scsi1"]
    third, third_digest = promoted.promote("3", EVERYWHERE)
    well, output = play("publish", [radiology, cloud, cluster], publish_keep=1)
    assert well and outcomes(promoted, "radiology") == outcomes(promoted, "cloud") == PASSED, output
    assert proxmox.pointed("web")[:2] == ("3", third_digest)
    assert sorted(proxmox.machines()) == sorted(["web", first.stem, "viewer", "web-blue"])
    assert hypervisor.volumes() == sorted(["machine.qcow2", first.name, third.name])
    assert glance.pointed("web")[:2] == ("3", third_digest) and sorted(glance.images()) == sorted(["web", *others])

    well, output = play(
        "rollback", [radiology, cloud, {**cluster, **chosen}], "-e", "version=1", "-e", "reason='The viewer does not start'"
    )
    assert well and os.readlink(promoted.dest / "web.qcow2") == first.name, output
    assert hypervisor.pointed("web") == ("1", digest, [first.name])
    assert glance.pointed("web")[:2] == ("1", digest) and third.stem in glance.images()
    assert proxmox.pointed("web") == ("1", digest, template["vmid"]) and outcomes(promoted, "cluster") == UNREAD
    assert promoted.manifests()[-1]["verdict"]["outcome"] == "rolled_back"
    assert outcomes(promoted, "radiology") == outcomes(promoted, "cloud") == PASSED


def test_what_was_written_to_is_neither_trusted_nor_replaced(hypervisor, glance, radiology, cloud, promoted, play):
    path, digest = promoted.promote("1", EVERYWHERE)
    assert play("publish", [radiology, cloud])[0]
    # The user of QEMU cannot write to an image, so a template that somebody starts does no harm.
    started = hypervisor.start_without_network("web")
    assert started.returncode and "Permission denied" in started.stderr, started
    image = glance.pointed("web")
    for stored in (hypervisor.directory / path.name, glance.file(image[2])):
        with open(stored, "r+b") as stream:
            stream.seek(-1, os.SEEK_END)
            stream.write(b"x")
    well, output = play("replicas", [{**target, "recovery_point": "24h"} for target in (radiology, cloud)])
    assert not well, output
    for target in ("radiology", "cloud"):
        found = promoted.records()[f"replica-image-{target}"]
        assert found["status"] == "fail" and found["observed"]["sha256"] != found["expected"]["sha256"] == [digest], output
        assert promoted.records()[f"replica-recent-{target}"]["status"] == "pass"
    well, output = play("publish", [radiology, cloud])
    assert not well and "was changed after it was published" in output and "domain web uses it" in output, output
    assert outcomes(promoted, "radiology") == outcomes(promoted, "cloud") == FAILED
    assert (hypervisor.directory / path.name).read_bytes().endswith(b"x")
    found = promoted.records()["published-image-cloud"]
    assert found["observed"]["sha256"] == hashlib.sha256(glance.file(image[2]).read_bytes()).hexdigest()
    assert glance.pointed("web") == image


def test_without_its_evidence_an_image_goes_nowhere(hypervisor, glance, radiology, cloud, promoted, play):
    promoted.promote("1", EVERYWHERE)
    (promoted.evidence / "web/1/results.json").write_text("{}")
    well, output = play("publish", [radiology, cloud])
    assert not well and "results.json differs from the one that manifest.json lists" in output, output
    assert promoted.manifests()[-1]["verdict"]["outcome"] == "stopped"
    assert hypervisor.volumes() == [] and glance.images() == {}


def test_what_has_that_name_and_is_not_of_this_collection_is_left_alone(
    hypervisor, glance, proxmox, radiology, cloud, cluster, promoted, play, tmp_path
):
    promoted.promote("1", EVERYWHERE)
    (tmp_path / "web.xml").write_text("<domain type='qemu'><name>web</name><memory>65536</memory><os><type>hvm</type></os></domain>")
    hypervisor.virsh("define", tmp_path / "web.xml")
    glance.create(name="web")
    proxmox.create(900, "web")
    before = hypervisor.virsh("dumpxml", "web"), glance.images(), proxmox.machines()
    well, output = play("publish", [radiology, cloud, cluster], "--check")
    assert well and all(message in output for message in ("the domain web", "nobody could tell them apart", "the virtual machine 900")), (
        output
    )
    assert (hypervisor.virsh("dumpxml", "web"), glance.images(), proxmox.machines()) == before and hypervisor.volumes() == []
