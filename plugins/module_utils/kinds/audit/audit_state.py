# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The state of the audit system, as ``{running_rules: as on disk, tools: as packaged}``: to be observed, never to be written.

- ``joined_rules``: ``current`` when augenrules would change nothing in the file that is loaded at boot.
- ``running_rules``: ``as on disk`` when the kernel has the rules of the files, and no others.
- ``tools``: ``as packaged`` when each program of the audit system has the digest that its package states.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.audit.audit_rule import AuditRule
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation, Observations, Observed
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings
from ansible_collections.hygeia.golden.plugins.module_utils.system.audit.auditctl import Rule, read
from ansible_collections.hygeia.golden.plugins.module_utils.system.audit.load import DIRECTORY
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import PROGRAM
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of, words_of

AS_ON_DISK = "as on disk"
AS_PACKAGED = "as packaged"
CURRENT = "current"
DIGESTS = "/var/lib/dpkg/info/auditd.md5sums"
PROGRAMS = ("bin/", "sbin/", "usr/bin/", "usr/sbin/")


class AuditState(Observed):
    name = "audit_state"
    names = ("joined_rules", "running_rules", "tools")

    def absent(self) -> str:
        return AuditRule(self.host).absent()

    def inspect(self, wanted: Settings) -> Observations:
        lookers = {"joined_rules": self._joined_rules, "running_rules": self._running_rules, "tools": self._tools}
        return {name: lookers[name]() for name in wanted}

    def _joined_rules(self) -> Observation:
        ran = self.host.run(["augenrules", "--check"])
        if not ran.ok:
            return Observation(status=result.ERROR, message=f"augenrules does not say whether it would change something: {ran.error}")
        current = "No change" in ran.out
        message = "" if current else f"{DIRECTORY} has changed since its rules were joined: run augenrules --load or restart"
        return Observation(CURRENT if current else "outdated", "augenrules --check", message)

    def _running_rules(self) -> Observation:
        if not self.host.kernel:
            return Observation(status=result.NOT_APPLICABLE, message="no kernel of this system runs here")
        ran = self.host.run(["auditctl", "-l"])
        if not ran.ok:
            return Observation(status=result.ERROR, message=f"the kernel's audit rules cannot be read: {ran.error}")
        running = dict(_rules(lines_of(ran.out)))
        written = dict(_rules(line for unused_place, line in AuditRule(self.host).loads().lines))
        differences = [f"{line} is in {DIRECTORY} alone" for rule, line in written.items() if rule not in running]
        differences += [f"{line} is in the kernel alone" for rule, line in running.items() if rule not in written]
        more = f" and {len(differences) - 3} more" if len(differences) > 3 else ""
        return Observation("others" if differences else AS_ON_DISK, "auditctl -l", "; ".join(differences[:3]) + more)

    def _tools(self) -> Observation:
        digests = [words_of(line, 1) for line in self.host.lines(DIGESTS)]
        tools = {f"/{path}": digest for digest, path in digests if path.startswith(PROGRAMS)}
        if not tools:
            return Observation(status=result.NOT_CHECKED, message=f"{DIGESTS} states no digests")
        altered = [path for path, digest in tools.items() if self._digest(path) != digest]
        return Observation("altered" if altered else AS_PACKAGED, DIGESTS, f"not as packaged: {', '.join(altered)}" if altered else "")

    def _digest(self, path: str) -> str:
        content = self.host.read_bytes(path, PROGRAM)
        return "" if content is None else hashlib.md5(content, usedforsecurity=False).hexdigest()


def _rules(lines: Iterable[str]) -> Iterator[tuple[Rule, str]]:
    """The lines that are rules, by what the kernel looks at; keys do not matter."""
    for line in lines:
        try:
            unused_option, rule = read(line)
        except BadSetting:
            continue
        if rule:
            yield rule, line
