# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Kernel parameters, as ``{net.ipv4.ip_forward: 0}`` (sysctl.d(5))."""

from __future__ import annotations

import os

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import NOTICE, DropIn, Observation

# The folders of sysctl.d(5), the first wins where two hold a file of the same name.
FOLDERS = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d", "/lib/sysctl.d")


class Sysctl(DropIn):
    name = "sysctl"
    # Files apply in the order of their names and the last one wins.
    path = "/etc/sysctl.d/zz-hygeia.conf"

    def parse(self, text):
        return {key: value for unused_place, key, value in _assignments(self.path, text)}

    def render(self, settings):
        return NOTICE + "".join(f"{key} = {value}\n" for key, value in sorted(settings.items()))

    def reload(self, changes):
        wanted = self.parse(self.host.read(self.path) or "")
        if self.host.container:
            return  # a container does not own its kernel's parameters
        ran = self.host.run(["sysctl", "--load", self.path])
        if not ran.ok:
            raise RuntimeError(f"the kernel did not take every one of {len(wanted)} parameters: {ran.complaint}")

    def observe(self, wanted):
        configured = self._configured()
        return {name: self._observation(name, wanted[name], configured.get(_dotted(name))) for name in wanted}

    def _observation(self, name, wanted, configured):
        """What boots set, and on a running kernel what is set now: both must be right to be right."""
        place, value = configured or ("/etc/sysctl.d", None)
        message = ""
        if value is None:
            message = f"no file sets {name} at boot"
        elif not self.meets(name, wanted, value) and not place.startswith(self.path):
            message = f"{place} sets {name} and is read after {self.path}"
        if message or not self.host.kernel:
            return Observation(value, place, message)
        live = self.host.read("/proc/sys/" + name.replace(".", "/"))
        if live is None:
            return Observation(None, f"/proc/sys ({name})", f"the running kernel has no {name}", "not_applicable")
        if self.plain(live) != self.plain(value):
            message = f"{place} sets {self.plain(value)}, but the running kernel has {self.plain(live)}"
        return Observation(self.plain(live), f"/proc/sys and {place}", message)

    def _configured(self):
        """Every parameter that is set at boot, with the place that has the last word."""
        found = {}
        for path in self._files():
            for place, key, value in _assignments(path, self.host.read(path) or ""):
                found[key] = (place, value)
        return found

    def _files(self):
        """The files in the order in which systemd-sysctl and ``sysctl --system`` read them."""
        by_name = {}
        for folder in FOLDERS:
            for path in self.host.glob(folder + "/*.conf"):
                by_name.setdefault(os.path.basename(path), path)
        files = [by_name[name] for name in sorted(by_name)]
        # sysctl --system (procps) reads this one last; Debian links it into sysctl.d, where it came already.
        linked = any(self.host.path(path) == self.host.path("/etc/sysctl.conf") for path in files)
        return files if linked or not self.host.exists("/etc/sysctl.conf") else files + ["/etc/sysctl.conf"]


def _dotted(name):
    """A slash in a name stands for a dot when the first separator is one (sysctl.d(5))."""
    return name.replace("/", ".") if "/" in name.split(".", 1)[0] else name


def _assignments(path, text):
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if line.startswith(("#", ";")) or "=" not in line:
            continue
        key, value = line.split("=", 1)
        yield f"{path}:{number}", _dotted(key.strip().lstrip("-")), " ".join(value.split())
