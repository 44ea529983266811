# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The root filesystem of a stand-in for Enterprise Linux 10, as a tar file: Debian 13's programs, in the places of Enterprise Linux.

docs/platforms.md says what it proves. ``setup.sh`` makes one out of the other, and ``files`` are what it brings.
"""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import roots  # pylint: disable=wrong-import-position

HERE = Path(__file__).resolve().parent
# Of the releases of Debian the one whose dnf, systemd, dracut and authselect are nearest to those of Enterprise Linux 10.
SUITE = "trixie"
PACKAGES = """
    systemd-sysv udev dbus libpam-systemd openssh-server sudo python3 ca-certificates iproute2 procps kmod logrotate rsyslog cron
    linux-image-cloud-amd64 dracut zstd grub2-common grub-pc-bin lvm2 xfsprogs
    rpm dnf dnf-plugins-core createrepo-c gnupg
    network-manager firewalld chrony auditd audispd-plugins authselect aide nftables
    libpam-pwquality libpwquality-tools cracklib-runtime wamerican
    selinux-policy-default policycoreutils selinux-utils checkpolicy semodule-utils
""".split()
OPTIONS = " ".join(f"-o Dpkg::Options::=--path-exclude=/usr/share/{part}/*" for part in ("doc", "man", "locale"))
CONTEXTS = "/etc/selinux/targeted/contexts/files/file_contexts"
SETUP = "unshare --mount --pid --fork --kill-child --propagation private sh {here}/setup.sh {here}\n"


def make(cache=roots.CACHE):
    """The path of the tar file; built only when no equal one is in the cache."""
    script = f": {_digest()}\n{SETUP.format(here=HERE)}"
    return roots.extended("enterprise", roots.smallest(SUITE, cache), PACKAGES, cache, options=OPTIONS, script=script)


def _digest():
    """What changes with any of the files that the tree is made by, apart from this one, whose recipe is known."""
    parts = [path.read_bytes() for path in sorted(HERE.rglob("*")) if path.is_file() and path.suffix != ".pyc" and path.name != "tree.py"]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
