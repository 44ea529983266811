# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The whole main job over one inventory whose templates have other formats, disks and volumes each.

None of them boots here: tests/system/boot starts several disks, and molecule/image whole systems.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import made
import pytest
from ansible_collections.hygeia.golden.tests.system.patch.archive import Archive, Key, served
from ansible_collections.hygeia.golden.tests.templates import images, lvm, small

PROJECT = Path(__file__).parents[3]
# Where the root lies in the first disk of each, as (MiB, volume).
ROOTS = {"plain": 1, "appliance": None, "two-disks": 1}
FORMATS = {"plain": ["qcow2"], "appliance": ["ova", "qcow2", "qcow2"], "two-disks": ["qcow2", "qcow2", "vhdx", "vhdx"]}


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """One run of the main job over all templates."""
    place = tmp_path_factory.mktemp("inventory")
    key = Key(place / "key")
    archive = Archive(place / "archive", key)
    old = archive.add("innocent", "1.0")
    archive.add("innocent", "2.0")
    archive.publish()
    with served(archive.place) as address:
        root = server(place, old, archive.sources(address))
        hosts = {name: made.make(place, name, root) for name in made.MADE}
        root.unlink()
        job = Job(place, hosts)
        job.run(address.removeprefix("http://"))
    key.end()
    return job


def server(place, package, sources):
    """The root filesystem of a server for which an update waits."""
    tree = place / "tree"
    tree.mkdir()
    subprocess.run(["tar", "--extract", f"--file={small.server('bookworm')}", f"--directory={tree}"], check=True)
    (tree / "root/innocent.deb").write_bytes(package.read_bytes())
    subprocess.run(["chroot", tree, "dpkg", "--install", "/root/innocent.deb"], check=True, capture_output=True)
    (tree / "etc/apt/sources.list").unlink(missing_ok=True)
    (tree / "etc/apt/sources.list.d/tests.sources").write_text(sources)
    root = images.filesystem("ext4", place / "root.raw", tree, made.ROOT)
    subprocess.run(["rm", "-r", tree], check=True)
    return root


class Job:
    def __init__(self, place, hosts):
        self.place, self.hosts, self._filesystems = place, hosts, {}
        self.digests = {path: digest(path) for path in self.files()}

    def files(self, *names):
        """The files of templates, in the order of their disks."""
        for name in names or self.hosts:
            yield self.hosts[name]["template_source"]
            yield from (disk["path"] for disk in self.hosts[name].get("template_disks", []))

    def run(self, package_host):
        inventory = {
            "templates": {
                "hosts": self.hosts,
                "vars": {
                    "image_work_dir": self.place / "sessions",
                    "image_dest": self.place / "golden",
                    "evidence_dir": self.place / "evidence",
                    "image_package_hosts": [package_host],
                    "baseline_tags": ["ssh", "sudo"],
                    "verify_boot": False,
                    "verify_severity": "critical",
                },
            }
        }
        (self.place / "inventory.json").write_text(json.dumps(inventory, default=str))
        program = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
        command = [program, "--forks", "3", "--inventory", self.place / "inventory.json", PROJECT / "playbooks/golden_image.yml"]
        environment = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(self.place / "tmp"), "ANSIBLE_NOCOLOR": "1"}
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, env=environment, timeout=900)
        print(done.stdout + done.stderr)
        assert done.returncode == 0
        assert "Traceback" not in done.stdout + done.stderr

    def manifest(self, name):
        (written,) = (self.place / "evidence" / name).glob("*/manifest.json")
        return json.loads(written.read_text())

    def disk(self, name, number=1):
        """The bytes of a disk of the promoted image."""
        stem = name if number == 1 else f"{name}-disk{number}"
        return images.raw(self.place / f"golden/{stem}.qcow2", self.place / f"{stem}.raw")

    def filesystems(self, name):
        """Those of the promoted image, read once."""
        if name not in self._filesystems:
            self._filesystems[name] = self._read(name)
        return self._filesystems[name]

    def _read(self, name):
        """The root and what is mounted at /srv of the promoted image, as the layout of its template has them; LVM itself looks for volumes."""
        first = self.disk(name)
        if name == "plain":
            return cut(first, 1, made.ROOT >> 20), None
        second = self.disk(name, 2)
        if name == "two-disks":
            return cut(first, 1, made.ROOT >> 20), cut(second, 1, 16)
        size = made.ROOT + 20 * images.MIB
        with lvm.on(self.place / "lvm", a=(first, 9 * images.MIB, size), b=(second, images.MIB, size)) as tools:
            layout = tools.layout()
        ((root, root_start, unused_size),), ((data, data_start, unused_size),) = layout["root"], layout["data"]
        assert (root, data) == ("a", "b")
        return cut(first, 9 + (root_start >> 20), made.ROOT >> 20), cut(second, 1 + (data_start >> 20), 16)


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def cut(disk, start, size):
    """Some MiB of a disk as a file, whose filesystem is clean."""
    path = disk.with_name(f"{disk.stem}-{start}.ext4")
    images.call("dd", f"if={disk}", f"of={path}", "bs=1M", f"skip={start}", f"count={size}", "conv=sparse", "status=none")
    images.call("e2fsck", "-fn", path)
    return path


def cat(filesystem, path):
    return images.call("debugfs", "-R", f"cat {path}", filesystem)


@pytest.fixture(params=made.MADE)
def name(request):
    return request.param


def test_what_was_promoted_is_patched_hardened_and_whole(job, name):
    root, data = job.filesystems(name)
    assert cat(root, "/usr/share/innocent/version") == "2.0\n"
    assert "PermitRootLogin no" in cat(root, "/etc/ssh/sshd_config.d/00-hygeia.conf")
    assert data is None or cat(data, "/patients") == "of the site\n"


def test_the_evidence_names_every_disk(job, name):
    manifest = job.manifest(name)
    assert manifest["verdict"]["outcome"] == "promoted"
    source = manifest["source"]
    recorded = {disk["path"]: disk["sha256"] for disk in (source, *source.get("disks", []))}
    assert recorded == {str(path): job.digests[path] for path in job.files(name)}
    assert sorted(file["format"] for file in manifest["image"]["files"]) == FORMATS[name]


def test_the_stamp_names_every_file_of_the_template(job, name):
    release = dict(line.split("=", 1) for line in cat(job.filesystems(name)[0], "/etc/image-release").splitlines())
    files = list(job.files(name))
    for key, path in zip(("SOURCE", "SOURCE_DISK2"), files):
        assert (release[key], release[f"{key}_SHA256"]) == (f'"{path.name}"', f'"{job.digests[path]}"')
    assert ("SOURCE_DISK2" in release) == (len(files) > 1)


def test_nothing_is_left_and_no_template_was_changed(job):
    assert {path: digest(path) for path in job.files()} == job.digests
    assert list((job.place / "sessions").iterdir()) == []


def test_what_hyper_v_gets_is_what_was_promoted(job):
    for stem in ("two-disks", "two-disks-disk2"):
        images.call(
            "qemu-img", "compare", "-f", "qcow2", "-F", "vhdx", job.place / f"golden/{stem}.qcow2", job.place / f"golden/{stem}.vhdx"
        )
