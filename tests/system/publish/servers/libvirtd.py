# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A libvirtd of its own: with its own configuration, state and sockets, in namespaces that end with it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from pathlib import Path

# Without KVM and systemd. Guests run as the user that Debian's libvirt gives them, who cannot write to what is root's.
_QEMU = """security_driver = "none"
cgroup_controllers = []
namespaces = []
stdio_handler = "file"
"""
_GOLDEN = "{https://example.org/hygeia/golden/image}"
_OWN = ("/etc/libvirt", "/var/lib/libvirt", "/var/cache/libvirt", "/var/log/libvirt", "/run/libvirt")
_START = """set -e
mount --make-rprivate /
for place in {own} /etc/passwd /etc/group; do mount --bind {state}$place $place; done
# libvirt locks the console of a guest there, by a number that other daemons use too.
mount -t tmpfs locks /run/lock
# KVM that is there and does not work would keep it waiting for ever.
if [ -e /dev/kvm ]; then mount --bind /dev/null /dev/kvm; fi
# The first process of a namespace must reap what others leave, and libvirtd does not.
libvirtd --config {state}/libvirtd.conf --pid-file {state}/pid &
wait
"""


class Hypervisor:
    """A running libvirtd with a storage pool."""

    def __init__(self, state: Path, pool: str) -> None:
        self.uri = f"qemu:///system?socket={state}/sockets/libvirt-sock"
        self.pool = pool
        self.directory = state / "pool"

    def virsh(self, *arguments, check=True):
        done = subprocess.run(
            ["virsh", "-q", "-c", self.uri, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60
        )
        assert not check or done.returncode == 0, done.stderr
        return done.stdout if check else done

    def start_without_network(self, name):
        """Try to start a domain once, of which no network needs to be there."""
        domain = ElementTree.fromstring(self.virsh("dumpxml", name))
        for card in domain.findall("./devices/interface"):
            domain.find("./devices").remove(card)
        definition = self.directory.parent / "once.xml"
        definition.write_text(ElementTree.tostring(domain, encoding="unicode"))
        self.virsh("undefine", name)
        try:
            return self.virsh("create", definition, check=False)
        finally:
            self.virsh("define", definition)

    def pointed(self, name):
        """What a machine is made from: the version, the digest and the volumes."""
        domain = ElementTree.fromstring(self.virsh("dumpxml", name))
        image = domain.find(f"./metadata/{_GOLDEN}image")
        volumes = [source.get("volume") for source in domain.findall("./devices/disk/source")]
        return image.findtext(f"{_GOLDEN}version"), image.findtext(f"{_GOLDEN}sha256"), volumes

    def volumes(self):
        return sorted(line.split()[0] for line in self.virsh("vol-list", self.pool).splitlines() if line.strip())


@contextlib.contextmanager
def running(pool="golden"):
    state = Path(tempfile.mkdtemp(dir="/var/tmp", prefix="hygeia-libvirtd-"))
    state.chmod(0o755)
    for place in _OWN:
        os.makedirs(place, exist_ok=True)
        (state / place[1:]).mkdir(parents=True)
    (state / "etc/libvirt/qemu.conf").write_text(_QEMU)
    (state / "etc/passwd").write_text(Path("/etc/passwd").read_text() + "libvirt-qemu:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin\n")
    (state / "etc/group").write_text(Path("/etc/group").read_text() + "libvirt-qemu:x:64055:\n")
    (state / "sockets").mkdir()
    (state / "pool").mkdir()
    (state / "libvirtd.conf").write_text(f'unix_sock_dir = "{state}/sockets"\nauth_unix_rw = "none"\nlog_outputs = "2:file:{state}/log"\n')
    script = _START.format(own=" ".join(_OWN), state=state)
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script]
    with open(state / "output", "wb") as output:
        daemon = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    hypervisor = Hypervisor(state, pool)
    try:
        _wait(hypervisor, daemon, state)
        hypervisor.virsh("pool-define-as", pool, "dir", "--target", hypervisor.directory)
        hypervisor.virsh("pool-start", pool)
        yield hypervisor
    finally:
        daemon.kill()
        daemon.wait()
        shutil.rmtree(state, ignore_errors=True)


def _wait(hypervisor, daemon, state, limit=60):
    end = time.monotonic() + limit
    while hypervisor.virsh("version", check=False).returncode:
        assert daemon.poll() is None and time.monotonic() < end, "".join(
            path.read_text() for path in (state / "output", state / "log") if path.exists()
        )
        time.sleep(0.1)
