# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Two virtualization hosts on one kernel: each a libvirtd with a name, an identity, files and control groups of its own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import wait_until

CONTROLLERS = ("blkio", "cpu", "cpuacct", "cpuset", "devices", "freezer", "memory")
GROUPS = Path("/sys/fs/cgroup")
LIMIT = 60

# $1 is the host's directory, $2 its name, the others are controllers; what is mounted here is seen by this host alone.
START = """
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /run
for name in lib cache log; do mkdir -p /var/$name/libvirt; mount --bind "$1/$name" /var/$name/libvirt; done
mount --bind "$1/images" "$3"
mount --bind "$1/etc" /etc/libvirt
for name in passwd group hosts resolv.conf; do mount --bind "$1/$name" /etc/$name; done
# KVM that is there and does not work would keep libvirtd waiting for ever.
if [ -e /dev/kvm ]; then mount --bind /dev/null /dev/kvm; fi
hostname "$2"
ip link set lo up
# The network devices that libvirt lists are those of this network namespace.
mount -t sysfs sysfs /sys
ip link show br0 >/dev/null 2>&1 || ip link add br0 type bridge
ip link set br0 up
shift 3
mount -t tmpfs tmpfs /sys/fs/cgroup
for name; do mkdir /sys/fs/cgroup/$name; mount -t cgroup -o $name cgroup /sys/fs/cgroup/$name; done
# The shell stays as the first process: it waits for processes whose parent has ended, which libvirtd would not.
libvirtd
exit
"""

QEMU_CONF = """\
security_driver = "none"
namespaces = []
stdio_handler = "file"
user = "root"
group = "root"
remember_owner = 0
migration_address = "0.0.0.0"
migration_port_min = {port}
migration_port_max = {last}
"""
LIBVIRTD_CONF = """\
host_uuid = "{number:08d}-1111-4222-8333-444455556666"
unix_sock_dir = "{place}/run"
auth_unix_ro = "none"
auth_unix_rw = "none"
"""
# Debian's libvirt-daemon-system makes this account; libvirtd looks for it even where guests do not run as it.
ACCOUNT = {"passwd": "libvirt-qemu:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin\n", "group": "libvirt-qemu:x:64055:\n"}


class Host:
    """A running libvirtd; ``images`` is the directory where its guests' disks lie, at a path that both hosts have."""

    def __init__(self, place, number, images, beside=None):
        self.name = f"host{number}"
        self.place = place
        self.images = place / "images"
        self.port = 49200 + 10 * number
        self.uri = f"qemu+unix:///system?socket={place}/run/libvirt-sock"
        self._group = f"hygeia-{os.getpid()}-{self.name}"
        self._files(number)
        self._log = open(place / "libvirtd.log", "wb")
        namespaces = ["unshare", "--mount", "--uts", "--cgroup", "--pid", "--fork", "--kill-child", "--mount-proc"]
        around = ["nsenter", f"--net=/proc/{beside.pid}/ns/net"] if beside else []
        command = [*around, *namespaces, *([] if beside else ["--net"]), "sh", "-c", START, "host", place, self.name, images, *CONTROLLERS]
        self._process = subprocess.Popen(list(map(str, command)), preexec_fn=self._join, stdout=self._log, stderr=subprocess.STDOUT)
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def _files(self, number):
        for name in ("etc", "lib", "cache", "log", "run", "images"):
            (self.place / name).mkdir(parents=True)
        values = {"place": self.place, "number": number, "port": self.port, "last": self.port + 9}
        (self.place / "etc/qemu.conf").write_text(QEMU_CONF.format(**values))
        (self.place / "etc/libvirtd.conf").write_text(LIBVIRTD_CONF.format(**values))
        for name in ("passwd", "group"):
            (self.place / name).write_text(Path("/etc", name).read_text() + ACCOUNT[name])
        (self.place / "hosts").write_text("127.0.0.1 localhost host1 host2\n")
        # Nobody is asked for a name.
        (self.place / "resolv.conf").write_text("")

    def _join(self):
        """This process, and with it the daemon, enters control groups of its own."""
        for name in CONTROLLERS:
            group = self.group(name)
            group.mkdir(exist_ok=True)
            if name == "cpuset":
                for file in ("cpuset.cpus", "cpuset.mems"):
                    (group / file).write_text((group.parent / file).read_text())
            (group / "cgroup.procs").write_text("0")

    def group(self, controller):
        """The control group that this host takes for the root."""
        return GROUPS / controller / self._group

    def machine_group(self, controller, name):
        """The control group of a guest that runs."""
        (found,) = (self.group(controller) / "machine").glob(f"qemu-*-{name}.libvirt-qemu")
        return found

    @property
    def pid(self):
        """The libvirtd itself, below unshare."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        return int(children[0])

    def _wait(self):
        answers = wait_until(lambda: self._process.poll() is not None or self.virsh("version", check=False).returncode == 0, LIMIT)
        if not answers or self._process.poll() is not None:
            raise AssertionError((self.place / "libvirtd.log").read_text()[-3000:])

    def virsh(self, *argv, check=True, timeout=120):
        ran = subprocess.run(["virsh", "-q", "-c", self.uri, *map(str, argv)], text=True, capture_output=True, timeout=timeout, check=False)
        if check and ran.returncode:
            raise AssertionError(f"virsh {' '.join(map(str, argv))}: {ran.stderr}")
        return ran

    def define(self, xml):
        path = self.place / "domain.xml"
        path.write_text(xml)
        self.virsh("define", path)

    def run(self, *argv):
        """A command in the network namespace of both hosts."""
        return subprocess.run(["nsenter", f"--net=/proc/{self.pid}/ns/net", *argv], check=True, text=True, capture_output=True).stdout

    def stop(self):
        """The first process of the process namespace ends, and with it everything in it."""
        self._process.kill()
        self._process.wait()
        self._log.close()
        for name in CONTROLLERS:
            groups = [Path(place) for place, unused_directories, unused_files in os.walk(self.group(name), topdown=False)]
            wait_until(lambda groups=groups: all(not (group / "cgroup.procs").read_text() for group in groups), LIMIT)
            for group in groups:
                group.rmdir()
