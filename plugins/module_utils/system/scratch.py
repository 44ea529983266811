# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A private directory of a system for a moment, where its own software can read a candidate; in check mode too."""

from __future__ import annotations

import os
import shutil
import tempfile

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host


class Scratch:
    """``with Scratch(host) as scratch``: paths are those that the system's programs see."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.path = ""

    def __enter__(self) -> Scratch:
        for directory in ("/run", "/tmp"):
            try:
                made = tempfile.mkdtemp(prefix=".hygeia-", dir=self.host.path(directory))
            except OSError:
                continue
            self.path = f"{directory}/{os.path.basename(made)}"
            return self
        raise OSError("neither /run nor /tmp can be written, so no program can be shown a candidate; mount a tmpfs there")

    def __exit__(self, *unused_failure: object) -> None:
        shutil.rmtree(self.host.path(self.path), ignore_errors=True)

    def write(self, name: str, text: str) -> str:
        """A file in the directory; its path as the system sees it."""
        path = f"{self.path}/{name}"
        target = self.host.path(path)
        os.makedirs(os.path.dirname(target), mode=0o755, exist_ok=True)
        with open(target, "w", encoding="utf-8", errors="surrogateescape") as stream:
            stream.write(text)
        return path
