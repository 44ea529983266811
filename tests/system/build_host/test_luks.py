# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Templates that are encrypted with LUKS, opened with their key on a build host whose kernel has dm-crypt."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.tests.templates import images, luks, lvm

MIB = images.MIB
KEY = "correct-horse-battery"
SCRIPT = "echo changed > /etc/stamp; echo CANARY-file-that-was-here-once-and-is-gone > /gone; sync; rm /gone"
# A container of LUKS1 with a file in it, in place.
FIRST = """
set -e
cd /srv/templates
truncate -s 64M first.raw
printf %s '{key}' | cryptsetup luksFormat --batch-mode --type luks1 --pbkdf-force-iterations 1000 --key-file - first.raw
printf %s '{key}' | cryptsetup open --key-file - first.raw first
dd if=root.raw of=/dev/mapper/first bs=1M conv=fsync status=none
cryptsetup close first
rm root.raw
printf %s '{key}' > /srv/key
chmod 600 /srv/key
"""
# The same from outside, by cryptsetup: clean, with what was written, and without what was deleted.
READ_BACK = """
set -e
cd /srv
qemu-img convert -O raw golden/web.qcow2 out.raw
printf %s '{key}' | cryptsetup open --readonly --key-file - out.raw out
e2fsck -fn /dev/mapper/out >&2
! grep -q CANARY- /dev/mapper/out
debugfs -R 'cat /etc/stamp' /dev/mapper/out
cryptsetup close out
du -m out.raw | cut -f 1
rm -r out.raw golden
"""


@pytest.fixture(scope="module")
def first(guest, tmp_path_factory):
    """LUKS1 that fills the disk, with a plain root in it."""
    place = tmp_path_factory.mktemp("first")
    root = images.filesystem("ext4", place / "root.raw", images.system(place / "tree", "/dev/mapper/root / ext4 defaults 0 1\n"))
    guest.copy(root, to="/srv/templates/")
    guest.run(FIRST.format(key=KEY))
    return "/srv/templates/first.raw"


def test_luks_on_a_disk_goes_the_whole_way(host, first):
    digest = host.run(f"sha256sum {first}")
    session = host.do("open", source=first, luks_key_file="/srv/key")["session"]
    assert session["mounts"] == ["/"] and session["root"]["luks"]
    assert session["encrypted"] == [{"place": "the disk", "version": 1, "uuid": session["root"]["luks"]}]
    host.enter(SCRIPT)
    assert host.call("closed")["msg"] == (
        "the session web holds what is encrypted with LUKS: give its key (luks_key or luks_key_file) here, too"
    )
    host.do("closed", luks_key_file="/srv/key")
    residue = json.loads(host.run("cat /var/lib/hygeia/sessions/web/journal.json"))["residue"]
    assert (residue["not_overwritten"], residue["found"]) == ([], [])
    assert KEY not in host.run("cat /var/lib/hygeia/sessions/web/*.json /var/lib/hygeia/sessions/web/*.log")
    host.do("promoted")
    stamp, size = host.run(READ_BACK.format(key=KEY)).split()
    assert stamp == "changed"
    assert int(size) < 40, "what is free takes no room in the image"
    assert host.run(f"sha256sum {first}") == digest


def test_kills_leave_no_device(host, first):
    """Of the supervisor while the template is open, and of the module when nobody but itself has the device."""
    host.do("open", source=first, luks_key_file="/srv/key")
    assert "hygeia-" in host.run("dmsetup ls")
    supervisor = json.loads(host.run("cat /var/lib/hygeia/sessions/web/journal.json"))["supervisor"]["pid"]
    host.run(f"kill -9 {supervisor}; for i in $(seq 100); do dmsetup ls | grep -q hygeia- || exit 0; sleep .1; done; exit 1")
    host.do("discarded")
    assert host.call("open", environ="KILL_AT=sandbox", source=first, luks_key_file="/srv/key") == {}
    # The next one that opens the template puts away what is left.
    assert host.call("open", source=first, luks_key="wrong")["msg"] == (
        f"{first} cannot be opened because the disk of {first} is encrypted with LUKS, and the key that was given opens none of its key slots: "
        "give the template's own"
    )


def test_volumes_in_luks_go_the_whole_way_over_ssh(tmp_path, host):
    """As installers lay it out: a boot partition, and a group in a container; the build host has a group of the same name in use."""
    boot = images.filesystem("ext4", tmp_path / "boot.raw", size=8 * MIB, label="boot")
    text = "/dev/mapper/vg-root / ext4 defaults 0 1\nLABEL=boot /boot ext4 defaults 0 2\n/dev/mapper/vg-swap none swap sw 0 0\n"
    tree = images.system(tmp_path / "tree", text, python=True)
    root = images.filesystem("ext4", tmp_path / "root.raw", tree, 60 * MIB)
    (member,) = lvm.group(tmp_path, "vg", 80 * MIB, lambda tools: tools.create("vg", "swap", 8), root=root)
    disk = images.disk("gpt", tmp_path / "disk.raw", [("linux", boot), ("linux", luks.encrypted(member, KEY.encode()))])
    source = host.copy(images.qcow2(disk, tmp_path / "second.qcow2"))
    digest = host.run(f"sha256sum {source}")
    said = played(tmp_path, host.guest, {"template_source": source, "image_luks_key": vaulted(tmp_path)})
    assert KEY not in said and KEY not in "".join(path.read_text(errors="replace") for path in tmp_path.glob("log*"))
    assert host.run(f"sha256sum {source}") == digest
    seen = host.run(READ_VOLUME.format(key=KEY))
    assert re.findall(r"/(sent-\w+)/", seen) == ["sent-here"]


# Unlike a session, cryptsetup shows what it opens to udev, and LVM would activate the group of that name.
READ_VOLUME = """
set -e
cd /srv
echo 'global {{ event_activation = 0 }}' >/etc/lvm/lvmlocal.conf
qemu-img convert -O raw golden/web.qcow2 out.raw
start=$(sfdisk -J out.raw | python3 -c 'import json, sys; print(json.load(sys.stdin)["partitiontable"]["partitions"][1]["start"])')
loop=$(losetup --find --show --read-only --offset $((start * 512)) out.raw)
printf %s '{key}' | cryptsetup open --readonly --key-file - $loop out
dd if=/dev/mapper/out of=root.raw bs=1M skip=1 count=60 status=none
udevadm settle
cryptsetup close out
rm /etc/lvm/lvmlocal.conf
losetup --detach $loop
e2fsck -fn root.raw >&2
debugfs -R 'ls -p /etc' root.raw
rm -r out.raw root.raw golden
"""


def vaulted(place):
    """The key as an inventory has it that is in a vault."""
    (place / "password").write_text("of the vault\n")
    command = [program("ansible-vault"), "encrypt_string", "--vault-password-file", place / "password", KEY]
    done = subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True)
    return {"__ansible_vault": done.stdout.removeprefix("!vault |\n").replace(" ", "")}


def played(place, guest, variables):
    """Run the playbook with everything that it has to say; what it said."""
    inventory = {
        "templates": {
            "hosts": {"web": {**variables, "image_host": "build1"}},
            "vars": {"image_work_dir": "/var/lib/hygeia/sessions", "image_dest": "/srv/golden"},
        },
        "builders": {"hosts": {"build1": guest.variables}},
    }
    (place / "inventory.json").write_text(json.dumps(inventory))
    command = [program("ansible-playbook"), "-vvv", "--vault-password-file", place / "password", "--inventory", place / "inventory.json"]
    environ = {
        **os.environ,
        "ANSIBLE_LOCAL_TEMP": str(place / "tmp"),
        "ANSIBLE_HOST_KEY_CHECKING": "false",
        "ANSIBLE_LOG_PATH": str(place / "log"),
    }
    done = subprocess.run(
        [*map(str, command), str(Path(__file__).parent / "luks.yml")], capture_output=True, text=True, check=False, env=environ, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def program(name):
    return shutil.which(name)
