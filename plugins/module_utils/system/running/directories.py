# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who would suffer if a filesystem got an option such as noexec: what runs from it, and what lies on it."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.running.processes import Processes
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of

PATIENCE = 20  # seconds to look for what rarely lies there; a filesystem of millions of files is not searched to its end

# The images of containers, which are mounted with options of their own.
_PRUNED = ("*/lib/docker", "*/lib/containers")
_SOUGHT = {
    "nosuid": (("-type", "f", "-perm", "/6000"), "would run without its set-user-ID bit"),
    "nodev": (("-type", "b", "-o", "-type", "c"), "would be no device"),
}


class Directories:
    """Directories of a booted host beside its processes, which are looked at once."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._processes = Processes(host)

    def need(self, where: str, options: list[str]) -> str:
        """Who needs a directory without these options, in one sentence; else an empty string."""
        for process, file in self._processes.beneath(where) if "noexec" in options else ():
            return f"{process} executes {file}"
        for option in (option for option in options if option in _SOUGHT):
            tests, lost = _SOUGHT[option]
            found = self._first(where, tests)
            if found:
                return f"{found} {lost}"
        return ""

    def _first(self, where: str, tests: tuple[str, ...]) -> str:
        pruned = [word for path in _PRUNED for word in ("-path", path, "-prune", "-o")]
        ran = self.host.run(["find", where, "-xdev", *pruned, "(", *tests, ")", "-print", "-quit"], timeout=PATIENCE)
        return lines_of(ran.out)[0] if ran.out.strip(BLANKS) else ""
