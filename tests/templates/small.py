# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A small Debian with some packages and no kernel, as a tar file for tests that need no disk."""

from __future__ import annotations

import hashlib
import os
import subprocess

from ansible_collections.hygeia.golden.tests.templates import base

# A third of such a tree.
UNREAD = ("doc", "man", "locale")


def make(name, suite, packages):
    """The path of the tar file; built only when no equal one is in the cache, where it takes the place of an older one."""
    command = ["mmdebstrap", "--mode=root", "--format=tar", "--variant=minbase", f"--include={','.join(packages)}"]
    command += [f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in UNREAD]
    tar = base.CACHE / f"{name}-{suite}-{hashlib.sha256(repr(command).encode()).hexdigest()[:12]}.tar"
    if not tar.exists():
        base.CACHE.mkdir(parents=True, exist_ok=True)
        for old in base.CACHE.glob(f"{name}-{suite}-*.tar"):
            old.unlink()
        subprocess.run([*command, suite, f"{tar}.part", f"deb {base.mirrors()['main']} {suite} main"], check=True, capture_output=True)
        os.rename(f"{tar}.part", tar)
    return tar
