# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A template that really boots, and a closed session of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from ansible_collections.hygeia.golden.plugins.module_utils.image.boot import boot_check
from ansible_collections.hygeia.golden.plugins.module_utils.image.disk import inspection
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.life_cycle import Session
from ansible_collections.hygeia.golden.plugins.module_utils.image.session.processes import Process

REPOSITORY = Path(__file__).parents[3]
# A second processor would cost more to emulate than it does.
REQUEST = boot_check.BootRequest(boot_limit=600, settle_limit=600, cpus=1)


def build(output, *options):
    """A bootable template; its packages and its root filesystem come from the cache when they are there."""
    builder = str(REPOSITORY / "tests/templates/build.py")
    subprocess.run([sys.executable, builder, "--cache", str(REPOSITORY / ".build/cache"), "--output", str(output), *options], check=True)
    return output


class Lab:
    """A closed session with a template of its own, and what its boot came to."""

    def __init__(self, place, template, script, *further):
        self.templates = [template, *further]
        self.directory = str(place / "sessions/web")
        opened = self.session
        opened.open(str(template), further=[(str(disk), None) for disk in further])
        try:
            self.run("sh", "-euc", script, check=True)
            opened.close()
        except BaseException:
            opened.discard()
            raise
        self.digests = self.digest()

    @property
    def session(self):
        """The session as it is now: every call of the module looks afresh."""
        return Session(self.directory)

    def digest(self):
        return [inspection.sha256(str(path)) for path in (*self.templates, *self.session.overlays)]

    def boot(self, request=REQUEST):
        return boot_check.start(self.session, request)

    def run(self, *argv, check=False, **options):
        return subprocess.run([f"{self.directory}/enter", *argv], capture_output=True, timeout=300, check=check, **options)

    @property
    def guard(self):
        return Process.load(self.session.journal["guest"])

    def processes(self):
        """Every process that has this session in its command line."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = path.read_text(errors="replace")
            except OSError:
                continue
            if self.directory in words and int(path.parent.name) != os.getpid():
                found.append(words)
        return found
