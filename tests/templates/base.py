# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The root filesystem of a template, as a tar file that every variant of the disk shares."""

from __future__ import annotations

import functools
import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

# What later builds need not make or fetch again.
CACHE = Path(__file__).parents[2] / ".build/cache"
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


def make(suite, cache=CACHE, more=()):
    """The path of the tar file; built only when no equal one is in the cache."""
    with open(__file__, encoding="utf-8") as recipe:
        digest = hashlib.sha256((recipe.read() + repr((mirrors(), list(more)))).encode()).hexdigest()
    tar = os.path.join(cache, f"base-{suite}-{digest[:12]}.tar")
    if not os.path.exists(tar):
        _bootstrap(suite, cache, tar, PACKAGES + list(more))
    return tar


@functools.lru_cache(maxsize=None)
def mirrors():
    """Where this machine gets Debian's packages and their security updates: the template uses the same mirrors."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)", "Created-By: Packages"],
        check=True, text=True, stdout=subprocess.PIPE,
    ).stdout.split("\n")
    places = {release: uri for release, component, uri in map(str.split, filter(None, listed)) if component == "main"}
    for release, uri in places.items():
        main = places.get(release[:-len("-security")])
        if release.endswith("-security") and main:
            return {"main": main, "security": uri}
    raise SystemExit("apt on this machine knows no mirror of Debian and its security suite: see sources.list(5)")


def _bootstrap(suite, cache, tar, packages):
    """mmdebstrap from the release pocket alone; the packages are kept, so that the mirror is asked for them once."""
    archives = os.path.join(cache, f"packages-{suite}")
    os.makedirs(archives, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as work:
        script, made = os.path.join(work, "setup.sh"), os.path.join(work, "base.tar")
        with open(script, "w", encoding="utf-8") as stream:
            stream.write(_customize(suite))
        command = [
            "mmdebstrap", "--mode=root", "--variant=minbase", "--include=" + ",".join(packages),
            '--aptopt=Acquire::Languages "none"',
            "--skip=download/empty", "--skip=essential/unlink", "--skip=cleanup/reproducible",
            '--setup-hook=mkdir -p "$1"/var/cache/apt/archives',
            f"--setup-hook=sync-in '{archives}' /var/cache/apt/archives",
            f"--customize-hook=sync-out /var/cache/apt/archives '{archives}'",
            f"--customize-hook=sh '{script}' \"$1\"",
            suite, made, f"deb {mirrors()['main']} {suite} main",
        ]
        subprocess.run(command, check=True)
        os.rename(made, tar)


def _customize(suite):
    """A shell script that mmdebstrap runs with the new root as its argument."""
    writes = [f'cat >"$1{path}" <<"END"\n{text.format(suite=suite, **mirrors())}END\n' for path, text in FILES.items()]
    return "set -e\n" + "".join(writes) + f'chroot "$1" sh -e <<"END"{SETUP}END\n'
