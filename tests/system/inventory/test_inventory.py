# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The whole main job over one inventory whose templates have other formats, disks, volumes and firmware each, and each boots."""

from __future__ import annotations

import pytest
from ansible_collections.hygeia.golden.tests.templates import images
from made import BOOTED, DEBIANS, MADE
from main_job import digest

FORMATS = {
    "enterprise": ["qcow2"],
    "plain": ["qcow2"],
    "appliance": ["ova", "qcow2", "qcow2"],
    "two-disks": ["qcow2", "qcow2", "vhdx", "vhdx"],
}


def cat(filesystem, path):
    return images.call("debugfs", "-R", f"cat {path}", filesystem)


@pytest.fixture(params=MADE)
def name(request):
    return request.param


@pytest.fixture(params=DEBIANS)
def debian(request):
    return request.param


def test_each_is_promoted_with_the_evidence_of_a_boot(job, name):
    records = job.records(name)
    assert job.evidence(name, "manifest.json")["verdict"]["outcome"] == "promoted"
    tried = [f"smoke-{each['name']}" for each in job.hosts[name]["verify_smoke"]]
    for check in [*BOOTED, *tried]:
        assert records[check, "boot"]["status"] == "pass", records[check, "boot"]


def test_what_was_promoted_is_patched_hardened_and_whole(job, debian):
    root, *data = job.filesystems(debian)
    assert cat(root, "/usr/share/innocent/version") == "2.0\n"
    assert "PermitRootLogin no" in cat(root, "/etc/ssh/sshd_config.d/00-hygeia.conf")
    assert [cat(each, "/patients") for each in data] == ([] if debian == "plain" else ["of the site\n"])


def test_the_evidence_names_every_disk(job, name):
    manifest = job.evidence(name, "manifest.json")
    source = manifest["source"]
    recorded = {disk["path"]: disk["sha256"] for disk in (source, *source.get("disks", []))}
    assert recorded == {str(path): job.digests[path] for path in job.files(name)}
    assert sorted(file["format"] for file in manifest["image"]["files"]) == FORMATS[name]


def test_the_stamp_names_every_file_of_the_template(job, debian):
    release = dict(line.split("=", 1) for line in cat(job.filesystems(debian)[0], "/etc/image-release").splitlines())
    files = list(job.files(debian))
    for key, path in zip(("SOURCE", "SOURCE_DISK2"), files):
        assert (release[key], release[f"{key}_SHA256"]) == (f'"{path.name}"', f'"{job.digests[path]}"')
    assert ("SOURCE_DISK2" in release) == (len(files) > 1)


def test_nothing_is_left_and_no_template_was_changed(job):
    assert {path: digest(path) for path in job.files()} == job.digests
    assert list((job.place / "sessions").iterdir()) == []


def test_what_hyper_v_gets_is_what_was_promoted(job):
    for number in (1, 2):
        promoted = job.pointer("two-disks", number)
        images.call("qemu-img", "compare", "-f", "qcow2", "-F", "vhdx", promoted, promoted.with_suffix(".vhdx"))
