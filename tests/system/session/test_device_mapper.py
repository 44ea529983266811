# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Logical volumes in pieces, on a build host whose kernel has the device-mapper and that has a group of the same name itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import images
import pytest
from ansible_collections.hygeia.golden.tests.templates import guest_host, lvm

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")

MIB = images.MIB
# What the build host has for itself: a group named like the template's, mounted and in use.
OWN = """
vgcreate -y vg /dev/vdb && lvcreate -y -L 16m -n root vg && mkfs.ext4 -q /dev/vg/root && mount /dev/vg/root /mnt && echo own > /mnt/whose
mkdir -p /srv/templates
"""
# Everything that a session could leave.
LEFT = "dmsetup ls; losetup --list --noheadings --output NAME,BACK-FILE; ls -A /var/lib/hygeia/sessions 2>/dev/null; mount -t fuse; pvs --noheadings"


@pytest.fixture(scope="module")
def host(tmp_path_factory):
    with guest_host.booted(tmp_path_factory.mktemp("host")) as guest:
        guest.run(OWN)
        yield guest


@pytest.fixture(scope="module")
def template(tmp_path_factory, host):
    """A root that was grown over something else and over a second partition, with traces of a deleted file in all of its pieces."""
    place = tmp_path_factory.mktemp("template")
    tree = images.system(place / "tree", "/dev/mapper/vg-root / ext4 defaults 0 1\n", python=True)
    root = images.filesystem("ext4", place / "root.raw", tree, 160 * MIB)
    images.mounted(root, "{ yes CANARY-deleted | head -c 90000000 > MOUNT/big; sync; rm MOUNT/big; }")

    def divided(tools):
        tools.run("lvremove", "-y", "vg/root")
        tools.create("vg", "root", 40, tools.device("a"))
        tools.create("vg", "swap", 1, tools.device("a"))
        tools.run("lvextend", "-l", "+20", "vg/root", tools.device("a"))
        tools.run("lvextend", "-l", "+100", "vg/root", tools.device("b"))

    members = lvm.group(place, "vg", 180 * MIB, divided, devices="ab", root=root)
    source = images.qcow2(images.disk("gpt", place / "disk.raw", [("lvm", member) for member in members]), place / "web.qcow2")
    host.copy(source, to="/srv/templates/")
    return "/srv/templates/web.qcow2"


def test_a_root_in_pieces_goes_the_whole_way(tmp_path, host, template):
    before, digest = host.run(LEFT), host.run(f"sha256sum {template}")
    inventory = {
        "templates": {
            "hosts": {"web": {"template_source": template, "image_host": "build1"}},
            "vars": {"image_work_dir": "/var/lib/hygeia/sessions", "image_dest": "/srv/golden", "fetched": str(tmp_path / "fetched")},
        },
        "builders": {"hosts": {"build1": host.variables}},
    }
    (tmp_path / "inventory.json").write_text(json.dumps(inventory))
    command = [shutil.which("ansible-playbook"), "--inventory", tmp_path / "inventory.json", Path(__file__).parent / "transaction.yml"]
    environ = {**os.environ, "ANSIBLE_LOCAL_TEMP": str(tmp_path / "tmp"), "ANSIBLE_HOST_KEY_CHECKING": "false"}
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, env=environ, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (host.run(LEFT), host.run(f"sha256sum {template}")) == (before, digest)
    assert host.run("cat /mnt/whose") == "own\n"
    host.run("qemu-img convert -O raw /srv/golden/web.qcow2 /srv/out.raw && ! grep -q CANARY- /srv/out.raw")
    whole = host.run(READ_BACK)
    assert "/sent-0/" in whole and "/sent-1000/" in whole
    host.run("rm -r /srv/out.raw /srv/golden /srv/root")


# The volume put together again from its pieces, as MiB of the disk and how many, and its root as debugfs sees it.
READ_BACK = """
set -e
cd /srv
for piece in "2 40" "43 20" "182 100"; do
  dd if=out.raw of=root bs=1M skip=${piece% *} count=${piece#* } oflag=append conv=notrunc status=none
done
e2fsck -fn root >&2
debugfs -R 'ls -p /etc' root
"""
