# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A hypervisor in namespaces of its own: libvirt's files are on a tmpfs, and its network is a bridge without an uplink."""

from __future__ import annotations

import subprocess
from pathlib import Path

from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import wait_until

LIMIT = 60
URI = "qemu:///system"
# Not every machine that runs tests has a security driver or control groups; the rest is what a record is about.
QEMU_CONF = """\
security_driver = "none"
user = "root"
group = "root"
cgroup_controllers = [
]   # of this machine
namespaces = []
stdio_handler = "file"
remember_owner = 0
vnc_password = "Sesame47"
"""
LIBVIRTD_CONF = 'auth_unix_ro = "none"\nauth_unix_rw = "none"\nunix_sock_group = "libvirt"\n'
# $1 is the directory with both files.
START = """
set -e
mount --make-rprivate /
for place in /run /etc/libvirt /var/lib/libvirt /var/log/libvirt /var/cache/libvirt; do
    mkdir -p $place; mount -t tmpfs tmpfs $place
done
cp "$1/qemu.conf" "$1/libvirtd.conf" /etc/libvirt/
# The account that Debian's libvirt-daemon-system makes, and an administrator.
(cat /etc/passwd; echo libvirt-qemu:x:64055:64055::/:/usr/sbin/nologin) > /run/passwd
(cat /etc/group; echo libvirt-qemu:x:64055:; echo libvirt:x:64056:vmadmin) > /run/group
for name in passwd group; do mount --bind /run/$name /etc/$name; done
# KVM that is there and does not work would keep libvirtd waiting for ever.
if [ -e /dev/kvm ]; then mount --bind /dev/null /dev/kvm; fi
# The network devices of /sys are those of this network namespace.
mount -t sysfs sysfs /sys
ip link set lo up
ip link add br0 type bridge
ip link set br0 up
# The shell stays as the first process: it waits for processes whose parent has ended, which libvirtd would not.
/usr/sbin/libvirtd
exit
"""


class Hypervisor:
    """A libvirtd that answers when this is made; commands run beside it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / "qemu.conf").write_text(QEMU_CONF, encoding="utf-8")
        (directory / "libvirtd.conf").write_text(LIBVIRTD_CONF, encoding="utf-8")
        self._log = open(directory / "libvirtd.log", "wb")
        namespaces = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
        self._process = subprocess.Popen([*namespaces, "sh", "-c", START, "sh", directory], stdout=self._log, stderr=subprocess.STDOUT)
        try:
            if not wait_until(lambda: self._process.poll() is not None or self._answers(), LIMIT) or self._process.poll() is not None:
                raise AssertionError((directory / "libvirtd.log").read_text(encoding="utf-8")[-3000:])
        except BaseException:
            self.stop()
            raise

    def _answers(self):
        return self.run("virsh", "--connect", URI, "version", check=False).returncode == 0

    def run(self, *command, check=True, env=None):
        """A command in the namespaces of the hypervisor."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text(encoding="ascii").split()
        beside = ["nsenter", "--mount", "--net", "--pid", f"--target={children[0]}"] if children else []
        ran = subprocess.run(
            [*beside, *command], capture_output=True, text=True, check=False, timeout=300, stdin=subprocess.DEVNULL, env=env
        )
        if check and ran.returncode:
            raise AssertionError(f"{' '.join(map(str, command))}: {ran.stdout}{ran.stderr}")
        return ran

    def virsh(self, *command):
        return self.run("virsh", "--quiet", "--connect", URI, *command).stdout

    def make(self, what, xml):
        """Start or define what an XML describes; ``what`` is the command, such as create or net-create."""
        path = self.directory / "made.xml"
        path.write_text(xml, encoding="utf-8")
        self.virsh(what, path)

    def stop(self):
        self._process.kill()
        self._process.wait()
        self._log.close()
