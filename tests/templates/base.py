# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The root filesystem of a template, as a tar file that every variant of the disk shares."""

from __future__ import annotations

import sys
from pathlib import Path

# build.py is a program beside it, and tests import it as a part of the collection.
sys.path.insert(0, str(Path(__file__).parent))

import roots  # pylint: disable=wrong-import-position

# What a small server has; the kernel is the one for virtual machines, which halves the initramfs.
PACKAGES = """
    systemd-sysv udev dbus libpam-systemd systemd-timesyncd
    openssh-server sudo python3 ca-certificates iproute2 procps kmod apparmor logrotate
    linux-image-cloud-amd64 initramfs-tools zstd
    grub2-common grub-pc-bin grub-efi-amd64-bin
""".split()

# The image knows its security suite, although nothing of it is installed yet: this is what patching will find.
SOURCES = """\
Types: deb
URIs: {main}
Suites: {suite} {suite}-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: {security}
Suites: {suite}-security
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
"""

NETWORK = """\
[Match]
Name=en* eth*

[Network]
DHCP=yes
"""

FILES = {
    "/etc/apt/sources.list.d/debian.sources": SOURCES,
    "/etc/systemd/network/80-dhcp.network": NETWORK,
    "/etc/hostname": "template\n",
    "/etc/hosts": "127.0.0.1 localhost\n127.0.1.1 template\n::1 localhost ip6-localhost ip6-loopback\n",
    # A template that a person has worked in: something for sealing to find.
    "/root/.bash_history": "apt-get update\npasswd debian\n",
}

SETUP = """
rm -f /etc/apt/sources.list /etc/resolv.conf
touch /etc/resolv.conf
useradd --create-home --shell /bin/bash --groups sudo debian
systemctl enable systemd-networkd.service
systemd-machine-id-setup
"""


def make(suite, cache=roots.CACHE, more=()):
    """The path of the tar file; built only when no equal one is in the cache."""
    name = "-".join(["base", suite, *more])[:100]
    return roots.extended(name, roots.smallest(suite, cache), PACKAGES + list(more), cache, script=roots.CLEAN + _customize(suite))


def _customize(suite):
    """A shell script that runs in the directory of the new root."""
    writes = [f'cat >".{path}" <<"END"\n{text.format(suite=suite, **roots.mirrors())}END\n' for path, text in FILES.items()]
    return "".join(writes) + f'chroot . sh -e <<"END"{SETUP}END\n'
