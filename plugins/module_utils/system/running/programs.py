# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who needs an installed package now: the processes that run its programs, and what is mounted or exported with them."""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import PROGRAM, Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.mounts import exported, mounted
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.processes import Processes
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of

INFO = "/var/lib/dpkg/info"
_HELPER = re.compile(r"(?:/usr)?/s?bin/mount\.(\w+)", re.A)
_EXPORTER = re.compile(r"(?:/usr)?/lib/systemd/system/nfs-server\.service")


class Programs:
    """The files of packages beside the processes of a booted host, which are looked at once."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._processes = Processes(host)

    def need(self, package: str) -> str:
        """Who needs a package, in words that follow its name; else an empty string."""
        files = self._files(package)
        running = self._processes.running(files)
        if running:
            return f"runs as {running[0]}"
        types = {found[1] for found in map(_HELPER.fullmatch, files) if found}
        for mount in mounted(self.host, types):
            return f"mounts {mount.source} on {mount.where}"
        lent = exported(self.host) if any(map(_EXPORTER.fullmatch, files)) else []
        return f"lends {lent[0]} to other machines" if lent else ""

    def _files(self, package: str) -> list[str]:
        """What the package manager installed for a package, of whichever architecture."""
        lists = self.host.glob(f"{INFO}/{package}.list") + self.host.glob(f"{INFO}/{package}:*.list")
        if lists:
            return [line for path in lists for line in self.host.lines(path, PROGRAM)]
        ran = self.host.run(["rpm", "--query", "--list", package])
        return lines_of(ran.out) if ran.ok else []
