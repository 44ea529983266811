# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Root filesystems as tar files in a cache, each made from a smaller one, for unpacking is quicker than installing again."""

from __future__ import annotations

import fcntl
import functools
import hashlib
import os
import subprocess
import tempfile
from pathlib import Path

# What later builds need not make again.
CACHE = Path(__file__).resolve().parents[2] / ".build/cache"
# Install into the tree $0 the packages "$@", with nothing started, and leave what mmdebstrap would leave.
INSTALL = """
mount -t proc proc "$0/proc" && mount -t sysfs -o ro sysfs "$0/sys" || exit
export DEBIAN_FRONTEND=noninteractive
printf '#!/bin/sh\nexit 101\n' >"$0/usr/sbin/policy-rc.d" && chmod 755 "$0/usr/sbin/policy-rc.d"
rm -f "$0/etc/resolv.conf" && cp /etc/resolv.conf "$0/etc/resolv.conf"
chroot "$0" apt-get --quiet=2 --yes --no-install-recommends -o Dpkg::Options::=--force-unsafe-io $OPTIONS install "$@" >&2 || exit
rm -f "$0/usr/sbin/policy-rc.d"
"""
# Nothing that apt fetched stays, nor how quickly it was installed.
CLEAN = """
find var/lib/apt/lists var/cache/apt -type f -delete
rm -rf etc/dpkg/dpkg.cfg.d/99mmdebstrap run/* tmp/*
"""


def smallest(suite, cache=CACHE):
    """The tar file of what debootstrap calls minbase, with apt's lists of the release pocket, so that the mirror is asked for them once."""
    return _cached(f"minimal-{suite}", [mirrors()["main"]], cache, lambda made, unused_work: _bootstrap(suite, made))


def extended(name, tar, packages, cache=CACHE, options="", script=""):
    """The tar file of another one's tree with more packages, and changed by a shell script that has the tree as its directory."""
    return _cached(
        name, [tar.name, packages, options, script], cache, lambda made, work: _install(tar, packages, options, script, made, work)
    )


def _cached(name, recipe, cache, make):
    """The path of a tar file, made only where no equal one is in the cache, by one process at a time."""
    digest = hashlib.sha256((Path(__file__).read_text(encoding="utf-8") + repr(recipe)).encode()).hexdigest()[:12]
    tar = Path(cache) / f"{name}-{digest}.tar"
    tar.parent.mkdir(parents=True, exist_ok=True)
    with open(tar.with_name(f".{name}.lock"), "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not tar.exists():
            with tempfile.TemporaryDirectory(dir=cache) as work:
                made = os.path.join(work, "made.tar")
                make(made, work)
                for old in tar.parent.glob(f"{name}-{'?' * 12}.tar"):
                    old.unlink()
                os.rename(made, tar)
    return tar


def _bootstrap(suite, made):
    command = ["mmdebstrap", "--mode=root", "--variant=minbase", "--skip=cleanup/apt/lists", "--skip=cleanup/reproducible"]
    command += ["--dpkgopt=force-unsafe-io", '--aptopt=Acquire::Languages "none"']
    _run([*command, suite, made, f"deb {mirrors()['main']} {suite} main"])


def _install(tar, packages, options, script, made, work):
    root = os.path.join(work, "root")
    os.mkdir(root)
    _run(["tar", "--extract", "--file", tar, "--directory", root, "--numeric-owner", "--xattrs", "--xattrs-include=*"])
    namespaces = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--propagation", "private"]
    if packages:
        _run([*namespaces, "sh", "-c", INSTALL, root, *packages], env={**os.environ, "OPTIONS": options})
    _run(["sh", "-e", "-c", script], cwd=root)
    _run(["tar", "--create", "--file", made, "--directory", root, "--numeric-owner", "--xattrs", "--xattrs-include=*", "."])


def _run(command, **options):
    """A command whose error is shown when it fails."""
    done = subprocess.run(command, check=False, text=True, errors="replace", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
    if done.returncode:
        raise SystemExit(f"making a root filesystem stopped at {command[0]} ... {command[-1]}: {done.stdout[-2000:]}")


@functools.cache
def mirrors():
    """Where this machine gets Debian's packages and their security updates: the template uses the same mirrors."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(RELEASE) $(COMPONENT) $(REPO_URI)", "Created-By: Packages"],
        check=True,
        text=True,
        stdout=subprocess.PIPE,
    ).stdout.split("\n")
    places = {release: uri for release, component, uri in map(str.split, filter(None, listed)) if component == "main"}
    for release, uri in places.items():
        main = places.get(release[: -len("-security")])
        if release.endswith("-security") and main:
            return {"main": main, "security": uri}
    raise SystemExit("apt on this machine knows no mirror of Debian and its security suite: see sources.list(5)")
