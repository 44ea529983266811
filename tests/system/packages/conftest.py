# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One system that packages are installed into in several ways. These tests need root and a Debian mirror."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox import program
from ansible_collections.hygeia.golden.plugins.module_utils.image.sandbox.settings import ENVIRONMENT
from ansible_collections.hygeia.golden.tests.templates import small

sys.path.insert(0, str(Path(__file__).parent))

import brought  # pylint: disable=wrong-import-position

SYSTEM = ["dnf", "rpm", "acl", "libcap2-bin", "systemd-sysv", "adduser", "dracut-core"]
# What a chroot has around it when a person works in it; it begins no service, as the sandbox begins none.
PLAIN = """
mount -t proc proc "$0/proc" && mount -t sysfs -o ro sysfs "$0/sys" || exit
mount -t tmpfs -o mode=755 tmpfs "$0/dev" && mount -t tmpfs -o mode=755 tmpfs "$0/run" || exit
for node in null:3 zero:5 full:7 random:8 urandom:9; do mknod -m 666 "$0/dev/${node%:*}" c 1 "${node#*:}"; done
mknod -m 666 "$0/dev/tty" c 5 0
printf '#!/bin/sh\\nexit 101\\n' >"$0/usr/sbin/policy-rc.d" && chmod 755 "$0/usr/sbin/policy-rc.d"
chroot "$0" "$@"
code=$?
rm "$0/usr/sbin/policy-rc.d"
exit $code
"""


def pytest_collection_modifyitems(items):
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="needs root"))


@contextlib.contextmanager
def mounted(image, place):
    """The filesystem in a file, at a place: a copy of it is a copy of the system, quicker made and removed than a copy of its files."""
    place.mkdir()
    subprocess.run(["mount", "-o", "loop", str(image), str(place)], check=True)
    try:
        yield place
    finally:
        # Whoever has copied the mounts meanwhile keeps the filesystem mounted, and what was not written stays unwritten.
        subprocess.run(["sync", "--file-system", str(place)], check=True)
        subprocess.run(["umount", str(place)], check=True)


@pytest.fixture(scope="session")
def base(tmp_path_factory):
    """The system as a filesystem in a file, with packages in its /srv that bring everything a package can bring."""
    image = tmp_path_factory.mktemp("packages") / "base.raw"
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-E", "nodiscard", str(image), "900M"], check=True)
    with mounted(image, image.with_name("base")) as root:
        tar = small.make("packages", "bookworm", SYSTEM)
        subprocess.run(["tar", "--extract", f"--file={tar}", f"--directory={root}", "--xattrs", "--xattrs-include=*"], check=True)
        (root / "etc/resolv.conf").unlink(missing_ok=True)
        (root / "etc/resolv.conf").touch()
        brought.debs(root)
        brought.rpms(root)
    return image


def plain(root):
    """The command line that leads into a chroot."""
    words = [f"{name}={value}" for name, value in ENVIRONMENT.items()]
    return ["env", "-i", *words, "unshare", "--mount", "--propagation", "private", "sh", "-c", PLAIN, str(root)]


def sandbox(isolation):
    return lambda root: program.once_command(program.python(), str(root), isolation, {"hosts": [], "proxy": ""})


WAYS = {"plain": plain, "strong": sandbox("strong"), "reduced": sandbox("reduced")}


@pytest.fixture(scope="session")
def installed(base):
    """The system three times, after the same script in a chroot and in both sandboxes, and what the script printed in each."""
    found = {}
    with contextlib.ExitStack() as held:
        for name, entering in WAYS.items():
            image = base.with_name(f"{name}.raw")
            subprocess.run(["cp", "--sparse=always", str(base), str(image)], check=True)
            root = held.enter_context(mounted(image, base.with_name(name)))
            image.unlink()
            done = subprocess.run(
                [*entering(root), "sh", "-e", "/srv/install"],
                capture_output=True,
                text=True,
                check=False,
                timeout=300,
                stdin=subprocess.DEVNULL,
            )
            assert done.returncode == 0, f"{name}: {done.stdout[-3000:]}{done.stderr[-3000:]}"
            found[name] = (root, done.stdout.partition("PRINTED\n")[2])
        yield found
