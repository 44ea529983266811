# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A build host with the device-mapper, whatever the kernel of this machine has: a small guest with Debian's, reached over SSH."""

from __future__ import annotations

import contextlib
import os
import subprocess
import tempfile
from pathlib import Path

import ansible
from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import accelerator
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import wait_until
from ansible_collections.hygeia.golden.tests.templates import roots

# What bindep.txt lists for a build host that opens templates, and LVM of its own.
PACKAGES = """
    systemd-sysv udev openssh-server python3 kmod iproute2 linux-image-cloud-amd64 initramfs-tools zstd
    qemu-utils qemu-system-common fdisk fuse3 lvm2 cryptsetup-bin xfsprogs
""".split()
SETUP = """
printf '[Match]\\nName=en* eth*\\n[Network]\\nAddress=10.0.2.15/24\\n' >etc/systemd/network/80-static.network
printf 'build-host\\n' >etc/hostname
printf 'PermitRootLogin prohibit-password\\nUseDNS no\\n' >etc/ssh/sshd_config.d/test.conf
printf 'fuse\\nloop\\ndm_mod\\ndm_crypt\\n' >etc/modules-load.d/test.conf
printf 'MODULES=list\\n' >etc/initramfs-tools/conf.d/test
printf 'virtio_blk\\nvirtio_pci\\next4\\n' >>etc/initramfs-tools/modules
chroot . systemctl enable systemd-networkd ssh
chroot . systemctl mask systemd-networkd-wait-online apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer
chroot . update-initramfs -u
"""
# All that starts: where nothing else may need the processor, the guest is there in seconds. udev sees what is made from now on.
INIT = """\
#!/bin/sh
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
mountpoint -q /proc || mount -t proc proc /proc
mountpoint -q /sys || mount -t sysfs sysfs /sys
mount -t tmpfs -o mode=755 tmpfs /run
mountpoint -q /dev || mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts /dev/shm /run/sshd; mount -t devpts devpts /dev/pts; mount -t cgroup2 cgroup2 /sys/fs/cgroup
for module in virtio_net fuse loop dm_mod; do modprobe $module; done
/lib/systemd/systemd-udevd --daemon
ip link set lo up
ip link set eth0 up
ip address add 10.0.2.15/24 dev eth0
hostname build-host
echo up
exec /usr/sbin/sshd -D -e -o PermitRootLogin=prohibit-password -o UseDNS=no -o UsePAM=no
"""
SIZE = 3 << 30


class GuestHost:
    """One that runs; ``variables`` are those of an inventory."""

    def __init__(self, variables):
        self.variables = variables

    def run(self, command, **options):
        """A shell command on it; what it printed."""
        return subprocess.run(
            [*self._ssh("ssh", "-p"), "root@127.0.0.1", command], check=True, stdout=subprocess.PIPE, text=True, **options
        ).stdout

    def copy(self, *files, to):
        """Files to a directory of it."""
        subprocess.run([*self._ssh("scp", "-P"), *files, f"root@127.0.0.1:{to}"], check=True)

    def bring_collection(self, directory):
        """The collection, its templates, and as much of Ansible as modules need, below a directory; what is compiled already, too."""
        found = Path(__file__).resolve().parents[2]
        modules = Path(ansible.__file__).resolve().parent
        script = f"""
        mkdir -p ansible ansible_collections/hygeia/golden
        cp --archive {modules}/module_utils {modules}/release.py ansible && touch ansible/__init__.py
        cp --archive {found}/plugins ansible_collections/hygeia/golden
        mkdir -p ansible_collections/hygeia/golden/tests && cp --archive {found}/tests/templates ansible_collections/hygeia/golden/tests
        tar --create .
        """
        with tempfile.TemporaryDirectory() as place, tempfile.TemporaryFile() as archive:
            subprocess.run(["sh", "-ec", script], check=True, cwd=place, stdout=archive)
            archive.seek(0)
            self.run(f"mkdir -p {directory} && tar --extract --directory {directory}", stdin=archive)

    def _ssh(self, program, port):
        return [
            program,
            "-q",
            "-i",
            self.variables["ansible_ssh_private_key_file"],
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-o",
            "ConnectTimeout=60",
            port,
            str(self.variables["ansible_port"]),
        ]


@contextlib.contextmanager
def booted(place, own_disk=64 << 20):
    """The guest, with an empty disk of its own besides its root."""
    root, kernel, initrd = _disk(place)
    own = place / "own.raw"
    with open(own, "wb") as stream:
        stream.truncate(own_disk)
    port = 21000 + os.getpid() % 20000
    command = ["qemu-system-x86_64", *accelerator.arguments("tcg", "qemu-system-x86_64"), "-smp", "2", "-m", "1536"]
    command += [
        "-nodefaults",
        "-no-reboot",
        "-machine",
        "q35,graphics=off",
        "-display",
        "none",
        "-serial",
        "stdio",
        "-device",
        "virtio-rng-pci",
    ]
    command += ["-kernel", kernel, "-initrd", initrd, "-append", "root=/dev/vda rw console=ttyS0 net.ifnames=0 init=/init"]
    for disk in (root, own):
        command += ["-drive", f"file={disk},format=raw,if=virtio,cache=unsafe,discard=unmap"]
    command += ["-netdev", f"user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{port}-:22", "-device", "virtio-net-pci,netdev=net,romfile="]
    with open(place / "console.log", "wb") as log:
        machine = subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    host = GuestHost(
        {
            "ansible_host": "127.0.0.1",
            "ansible_port": port,
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(place / "key"),
            "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_ssh_common_args": "-o UserKnownHostsFile=/dev/null -o LogLevel=ERROR",
            "ansible_ssh_args": "-o ControlMaster=auto -o ControlPersist=60s",
            "ansible_control_path_dir": str(place),
        }
    )
    try:
        assert wait_until(lambda: _answers(host, machine), 600), (place / "console.log").read_text(errors="replace")[-2000:]
        yield host
    finally:
        machine.kill()
        machine.wait()


def _answers(host, machine):
    assert machine.poll() is None, "the guest ended"
    try:
        return host.run("test -e /dev/mapper/control && echo up", timeout=90, stderr=subprocess.DEVNULL) == "up\n"
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        return False


def _disk(place):
    """A root filesystem that lets a new key in, and its kernel with its initramfs."""
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place / "key"], check=True)
    tar = roots.extended("build-host-bookworm", roots.smallest("bookworm"), PACKAGES, script=roots.CLEAN + SETUP)
    with tempfile.TemporaryDirectory(dir=place) as tree:
        subprocess.run(["tar", "--extract", "--file", tar, "--directory", tree, "--numeric-owner"], check=True)
        os.makedirs(f"{tree}/root/.ssh", mode=0o700, exist_ok=True)
        Path(tree, "root/.ssh/authorized_keys").write_bytes((place / "key.pub").read_bytes())
        init = Path(tree, "init")
        init.write_text(INIT)
        init.chmod(0o755)
        for name in ("vmlinuz", "initrd.img"):
            (found,) = Path(tree, "boot").glob(f"{name}-*")
            (place / name).write_bytes(found.read_bytes())
        with open(place / "root.raw", "wb") as stream:
            stream.truncate(SIZE)
        subprocess.run(
            ["mke2fs", "-q", "-t", "ext4", "-E", "lazy_itable_init=1,lazy_journal_init=1", "-d", tree, place / "root.raw"], check=True
        )
    return place / "root.raw", place / "vmlinuz", place / "initrd.img"
