# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Settings of the audit daemon, as ``{max_log_file: 50}`` (auditd.conf(5)).

It reads one file and no drop-ins, so the lines of that file are changed in
place; what leaves the profile stays as it is.
"""

from __future__ import annotations

import os
import re

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import BadSetting, Kind, Observation, Plan

PATH = "/etc/audit/auditd.conf"
RUNNING = "/run/auditd.pid"
_LINE = re.compile(r"^\s*(?P<name>\w+)\s*=\s*(?P<value>.*?)\s*$")


class AuditdConf(Kind):
    name = "auditd_conf"

    def absent(self):
        return "" if self.host.packages.installed("auditd") or self.host.exists(PATH) else "auditd is not installed"

    def plan(self, wanted, partial=False):
        text = before = self.host.read(PATH) or ""
        for name, value in wanted.items():
            if before and not re.search(rf"^\W*{re.escape(name)}\s*=", before, re.M):
                raise BadSetting(f"auditd_conf: {PATH} has no {name}, and auditd does not start with a name it does not know")
            if not self.meets(name, value, _values(text).get(name, ("", None))[1]):
                text = _changed(text, name, self.plain(value))
        if text == before:
            return Plan()
        mode = os.stat(self.host.path(PATH)).st_mode & 0o7777 if before else 0o640
        return Plan(self.install(PATH, text, wanted, mode))

    def reload(self, changes):
        """The daemon, when it runs, reads its file again on a signal; it does not let itself be restarted by hand."""
        if not self.host.exists(RUNNING):
            return
        ran = self.host.run(["systemctl", "kill", "--signal=HUP", "--kill-who=main", "auditd.service"])
        if not ran.ok:
            raise RuntimeError(f"auditd did not read {PATH} again: {ran.complaint}")

    def observe(self, wanted):
        values = _values(self.host.read(PATH) or "")
        return {name: self._observation(name, values.get(name)) for name in wanted}

    def _observation(self, name, found):
        if not found:
            return Observation(None, PATH, f"{PATH} does not set {name}")
        number, value = found
        return Observation(value, f"{PATH}:{number}")

    def meets(self, name, wanted, value):
        return value is not None and self.plain(wanted).lower() == self.plain(value).lower()


def _values(text):
    """Every setting with the number of the line that has the last word."""
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = _LINE.match(line)
        if match:
            found[match["name"]] = (number, match["value"])
    return found


def _changed(text, name, value):
    """The text with one setting changed where it stands, or put at its end."""
    line = f"{name} = {value}"
    changed, times = re.subn(rf"^[ \t]*{name}[ \t]*=.*$", lambda unused_match: line, text, flags=re.M)
    return changed if times else f"{text.rstrip()}\n{line}\n".lstrip()
