# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One run of the main job over an inventory, and what it left."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

from ansible_collections.hygeia.golden.tests.templates import images, lvm
from made import partitions

PROJECT = Path(__file__).parents[3]
BOOT_LIMIT = 1500
# Guests that all start at once would only wait for each other.
SIDE_BY_SIDE = 2


class Job:
    """``hosts`` are the variables of each template, of which ``package_hosts`` serve the updates."""

    def __init__(self, place, hosts, package_hosts):
        self.place, self.hosts, self._filesystems = place, hosts, {}
        self.digests = {path: digest(path) for path in self.files()}
        self._run(package_hosts)

    def _run(self, package_hosts):
        variables = {
            "image_work_dir": self.place / "sessions",
            "image_dest": self.place / "golden",
            "evidence_dir": self.place / "evidence",
            "image_package_hosts": package_hosts,
            "verify_boot_timeout": BOOT_LIMIT,
        }
        inventory = {"templates": {"hosts": self.hosts, "vars": variables}}
        (self.place / "inventory.json").write_text(json.dumps(inventory, default=str))
        program = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
        command = [program, "--forks", SIDE_BY_SIDE, "--inventory", self.place / "inventory.json", PROJECT / "playbooks/golden_image.yml"]
        environment = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(self.place / "tmp"), "ANSIBLE_NOCOLOR": "1"}
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, env=environment)
        print(done.stdout + done.stderr)
        assert done.returncode == 0, (done.stdout + done.stderr)[-6000:]
        assert "Traceback" not in done.stdout + done.stderr

    def files(self, *names):
        """The files of templates, in the order of their disks."""
        for name in names or self.hosts:
            yield self.hosts[name]["template_source"]
            yield from (disk["path"] for disk in self.hosts[name].get("template_disks", []))

    def evidence(self, name, file):
        (path,) = (self.place / "evidence" / name).glob(f"*/{file}")
        return json.loads(path.read_text(encoding="utf-8"))

    def records(self, name):
        """The records of controls and checks, by their name and stage."""
        return {(record["control"], record["stage"]): record for record in self.evidence(name, "results.json")["records"]}

    def pointer(self, name, number=1):
        return self.place / f"golden/{name if number == 1 else f'{name}-disk{number}'}.qcow2"

    def disk(self, name, number=1):
        """The bytes of a disk of the promoted image."""
        return images.raw(self.pointer(name, number), self.place / f"{name}-{number}.raw")

    def filesystems(self, name):
        """The root of the promoted image and what is mounted at /srv, as files with clean filesystems, read once."""
        if name not in self._filesystems:
            self._filesystems[name] = [cut(*piece) for piece in self._places(name)]
        return self._filesystems[name]

    def _places(self, name):
        """Where they are, as the layout of the template has them; LVM itself looks for volumes."""
        first = self.disk(name)
        if name == "plain":
            return [(first, *partitions(first)[-1])]
        second = self.disk(name, 2)
        if name == "two-disks":
            return [(first, *partitions(first)[-1]), (second, *partitions(second)[0])]
        groups = {"a": (first, *partitions(first)[-1]), "b": (second, *partitions(second)[0])}
        with lvm.on(self.place / "lvm", **groups) as tools:
            layout = tools.layout()
        ((root, root_start, root_size),), ((data, data_start, data_size),) = layout["root"], layout["data"]
        assert (root, data) == ("a", "b")
        return [(first, groups["a"][1] + root_start, root_size), (second, groups["b"][1] + data_start, data_size)]


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


def cut(disk, start, size):
    """A part of a disk as a file, whose filesystem is clean."""
    path = disk.with_name(f"{disk.stem}-{start}.ext4")
    start, size = f"skip={start}", f"count={size}"
    images.call("dd", f"if={disk}", f"of={path}", "bs=1M", "iflag=skip_bytes,count_bytes", start, size, "conv=sparse", "status=none")
    images.call("e2fsck", "-fn", path)
    return path
