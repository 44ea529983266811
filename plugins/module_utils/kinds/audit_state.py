# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The state of the audit system, as ``{running_rules: as on disk, tools: as packaged}``: to be observed, never to be written.

- ``joined_rules``: ``current`` when augenrules would change nothing in the file that is loaded at boot.
- ``running_rules``: ``as on disk`` when the kernel has the rules of the files, and no others.
- ``tools``: ``as packaged`` when each program of the audit system has the digest that its package states.
"""

from __future__ import annotations

import hashlib

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.audit_rule import FOLDER, AuditRule
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.auditctl import read
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import BadSetting, Observation, Observed
from ansible_collections.hygeia.golden.plugins.module_utils.model import result

AS_ON_DISK = "as on disk"
AS_PACKAGED = "as packaged"
CURRENT = "current"
DIGESTS = "/var/lib/dpkg/info/auditd.md5sums"
PROGRAMS = ("bin/", "sbin/", "usr/bin/", "usr/sbin/")


class AuditState(Observed):
    name = "audit_state"
    names = ("joined_rules", "running_rules", "tools")

    def absent(self):
        return AuditRule(self.host).absent()

    def look(self, wanted):
        lookers = {"joined_rules": self._joined_rules, "running_rules": self._running_rules, "tools": self._tools}
        return {name: lookers[name]() for name in wanted}

    def _joined_rules(self):
        ran = self.host.run(["augenrules", "--check"])
        if not ran.ok:
            return Observation(status=result.ERROR, message=f"augenrules does not say whether it would change something: {ran.complaint}")
        current = "No change" in ran.out
        message = "" if current else f"{FOLDER} has changed since its rules were joined: run augenrules --load or restart"
        return Observation(CURRENT if current else "outdated", "augenrules --check", message)

    def _running_rules(self):
        if not self.host.kernel:
            return Observation(status=result.NOT_APPLICABLE, message="no kernel of this system runs here")
        ran = self.host.run(["auditctl", "-l"])
        if not ran.ok:
            return Observation(status=result.ERROR, message=f"the kernel's audit rules cannot be read: {ran.complaint}")
        running = dict(_rules(ran.out.splitlines()))
        written = dict(_rules(line for unused_path, unused_number, line in AuditRule(self.host).written()))
        told = [f"{line} is in {FOLDER} alone" for rule, line in written.items() if rule not in running]
        told += [f"{line} is in the kernel alone" for rule, line in running.items() if rule not in written]
        more = f" and {len(told) - 3} more" if len(told) > 3 else ""
        return Observation("others" if told else AS_ON_DISK, "auditctl -l", "; ".join(told[:3]) + more)

    def _tools(self):
        digests = [line.split(None, 1) for line in self.host.lines(DIGESTS)]
        tools = {f"/{path}": digest for digest, path in digests if path.startswith(PROGRAMS)}
        if not tools:
            return Observation(status=result.NOT_CHECKED, message=f"{DIGESTS} states no digests")
        altered = [path for path, digest in tools.items() if self._digest(path) != digest]
        return Observation("altered" if altered else AS_PACKAGED, DIGESTS, f"not as packaged: {', '.join(altered)}" if altered else "")

    def _digest(self, path):
        try:
            with open(self.host.path(path), "rb") as stream:
                return hashlib.md5(stream.read(), usedforsecurity=False).hexdigest()
        except FileNotFoundError:
            return ""


def _rules(lines):
    """The lines that are rules, by what the kernel looks at; keys do not matter."""
    for line in lines:
        try:
            unused_option, rule = read(line)
        except BadSetting:
            continue
        if rule:
            yield rule, line
