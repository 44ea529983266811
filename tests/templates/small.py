# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A small Debian with some packages, as a tar file: without a kernel for tests that need no disk, or with few services to boot quickly."""

from __future__ import annotations

from ansible_collections.hygeia.golden.tests.templates import roots

# A third of such a tree.
UNREAD = " ".join(f"-o Dpkg::Options::=--path-exclude=/usr/share/{part}/*" for part in ("doc", "man", "locale"))
# Nor is it anybody's: no identity and no history.
BLANK = """
rm -rf etc/apt/apt.conf.d/99mmdebstrap var/log/apt/* var/log/dpkg.log var/log/alternatives.log
if [ -e etc/machine-id ]; then rm etc/machine-id && : >etc/machine-id; fi
"""


# Enough of a server to be patched, hardened, segmented and sealed.
SERVER = ["python3-minimal", "libpython3-stdlib", "openssh-server", "sudo", "nftables", "systemd"]
# What starts it from a disk or a logical volume, to a login over the network.
BOOTING = ["systemd-sysv", "udev", "kmod", "linux-image-cloud-amd64", "initramfs-tools", "zstd", "lvm2"]
BOOTING += ["grub2-common", "grub-pc-bin", "grub-efi-amd64-bin"]
# Each start unpacks and looks through these: the disks of KVM, VMware and Hyper-V, and no more.
DRIVERS = "virtio_pci virtio_blk virtio_net virtio_scsi vmw_pvscsi ahci nvme hv_vmbus hv_storvsc sd_mod dm_mod ext4"
# On an emulated processor, each unit that starts costs half a second, and none of these is about what is tried.
MASKED = """
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service fstrim.timer getty.target
    blk-availability.service dm-event.socket lvm2-lvmpolld.socket lvm2-monitor.service grub-common.service kmod-static-nodes.service
    dev-hugepages.mount dev-mqueue.mount sys-fs-fuse-connections.mount sys-kernel-config.mount sys-kernel-debug.mount
    sys-kernel-tracing.mount proc-sys-fs-binfmt_misc.automount systemd-binfmt.service modprobe@.service systemd-modules-load.service
    systemd-network-generator.service systemd-networkd-persistent-storage.service systemd-pstore.service systemd-sysctl.service
    systemd-udev-load-credentials.service
""".split()
# Each is a program that runs before anything else starts, and systemd gives up after 90 seconds.
NEEDED_GENERATOR = "systemd-fstab-generator"
START = f"""
rm -rf usr/share/doc/* usr/share/man/* usr/share/locale/* usr/lib/udev/hwdb*
echo MODULES=list >etc/initramfs-tools/conf.d/few
printf '%s\\n' {DRIVERS} >>etc/initramfs-tools/modules
printf '[Match]\\nName=en* eth*\\n[Network]\\nDHCP=ipv4\\n' >etc/systemd/network/80-dhcp.network
printf '[Manager]\\nDefaultDeviceTimeoutSec=20min\\nDefaultTimeoutStartSec=20min\\n' >etc/systemd/system.conf
mkdir -p etc/default/grub.d
echo 'GRUB_CMDLINE_LINUX="$GRUB_CMDLINE_LINUX quiet maxcpus=1"' >etc/default/grub.d/quick.cfg
mkdir -p etc/systemd/system-generators
(cd usr/lib/systemd/system-generators && ls) | grep -vx {NEEDED_GENERATOR} | while read -r name; do
    ln -s /dev/null "etc/systemd/system-generators/$name"
done
chroot . systemctl --quiet enable systemd-networkd.service
chroot . systemctl --quiet mask {" ".join(MASKED)}
unshare --mount chroot . sh -ec 'mount -t proc proc /proc; update-initramfs -u'
touch etc/.updated var/.updated
"""


def server(suite):
    return make("server", suite, SERVER)


def booting(suite):
    """A server that boots; whoever needs another disk, card or volume than virtual machines have makes one of its own."""
    return make("booting", suite, SERVER + BOOTING, START)


def make(name, suite, packages, script=""):
    """The path of the tar file; built only when no equal one is in the cache, where it takes the place of an older one."""
    return roots.extended(f"{name}-{suite}", roots.smallest(suite), packages, options=UNREAD, script=roots.CLEAN + BLANK + script)
