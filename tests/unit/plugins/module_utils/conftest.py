# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A configuration tree together with real software that reads it, in a root of its own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult, Host

ACCOUNTS = {
    "/etc/passwd": (
        "root:x:0:0:root:/root:/bin/sh\n"
        "sshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n"
        "nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin\n"
    ),
    "/etc/group": "root:x:0:\nnogroup:x:65534:\n",
    "/dev/null": "",
}


class SoftwareHost(Host):
    """A host whose programs really run, except those that answer from a script (see TreeHost)."""

    def __init__(self, root, answers=None, booted=False, **kwargs):
        super().__init__(str(root), entering=["chroot", str(root)], **kwargs)
        self.answers = answers or {}
        self.booted = booted
        self.container = False
        self.ran = []

    def run(self, argv, stdin=None, timeout=300, pass_fds=()):
        self.ran.append(list(argv))
        answer = self.answers.get(" ".join(argv), self.answers.get(argv[0]))
        if callable(answer):
            answer = answer(argv, stdin)
        if answer is None:
            return super().run(argv, stdin, timeout, pass_fds)
        return answer if isinstance(answer, CommandResult) else CommandResult(0, answer, "")

    @property
    def kernel(self):
        return self.booted


@pytest.fixture(scope="session")
def copies(tmp_path_factory):
    """Copies of programs of this machine with the libraries they need; a test's root links to them."""
    directory = tmp_path_factory.mktemp("software")

    def collect(program):
        found = shutil.which(program, path="/usr/sbin:/usr/bin:/sbin:/bin")
        if not found:
            pytest.skip(f"{program} is not installed on this machine")
        listed = subprocess.run(["ldd", found], capture_output=True, text=True, check=False).stdout
        for path in {found, *re.findall(r"(/\S+) \(0x", listed)}:
            copy = directory / path.lstrip("/")
            if not copy.exists():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, copy)
            yield copy, path

    return collect


@pytest.fixture
def system(tmp_path, copies):
    """Make a host from files and names of programs: ``system({"/etc/x": "..."}, "sshd", booted=True)``."""
    if os.geteuid() != 0:
        pytest.skip("only root can run programs in a root of their own")

    def make(files, *programs, **kwargs):
        for program in programs:
            for copy, path in copies(program):
                place = tmp_path / path.lstrip("/")
                place.parent.mkdir(parents=True, exist_ok=True)
                if not place.exists():
                    os.link(copy, place)
        for path, text in {**ACCOUNTS, **files}.items():
            place = tmp_path / path.lstrip("/")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        for directory in ("run", "tmp"):
            (tmp_path / directory).mkdir(exist_ok=True)
        tmp_path.chmod(0o755)
        return SoftwareHost(tmp_path, **kwargs)

    return make
