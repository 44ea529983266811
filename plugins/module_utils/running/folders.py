# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who would suffer if a filesystem got an option such as noexec: what runs from it, and what lies on it."""

from __future__ import annotations

from ansible_collections.hygeia.golden.plugins.module_utils.running.processes import Processes

PATIENCE = 20  # seconds to look for what rarely lies there; a filesystem of millions of files is not searched to its end

# The images of containers, which are mounted with options of their own.
_PRUNED = ("*/lib/docker", "*/lib/containers")
_SOUGHT = {
    "nosuid": (("-type", "f", "-perm", "/6000"), "would run without its set-user-ID bit"),
    "nodev": (("-type", "b", "-o", "-type", "c"), "would be no device"),
}


class Folders:
    """Folders of a booted host beside its processes, which are looked at once."""

    def __init__(self, host):
        self.host = host
        self._processes = Processes(host)

    def need(self, where, options):
        """Who needs a folder without these options, in one sentence; else an empty string."""
        for process, file in self._processes.beneath(where) if "noexec" in options else ():
            return f"{process} executes {file}"
        for option in (option for option in options if option in _SOUGHT):
            tests, lost = _SOUGHT[option]
            found = self._first(where, tests)
            if found:
                return f"{found} {lost}"
        return ""

    def _first(self, where, tests):
        pruned = [word for path in _PRUNED for word in ("-path", path, "-prune", "-o")]
        ran = self.host.run(["find", where, "-xdev", *pruned, "(", *tests, ")", "-print", "-quit"], timeout=PATIENCE)
        return ran.out.splitlines()[0] if ran.out.strip() else ""
