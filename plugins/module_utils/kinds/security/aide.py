# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What AIDE has to compare files with (aide.conf(5)), as ``{database: present, audit_tools: covered}``: only observed.

A database is never made here: that reads the whole disk, and must happen on a machine that is as it shall be.
"""

from __future__ import annotations

import re

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation, Observations, Observed
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting

CONFIGURATION = "/etc/aide/aide.conf"
VALUES = {"database": "present", "audit_tools": "covered"}
AUDIT_TOOLS = ("auditctl", "auditd", "augenrules", "aureport", "ausearch", "autrace")

_DATABASE = re.compile(r"^database(?:_in)?\s*=\s*file:(\S+)", re.M | re.A)
_SEEN = re.compile(r"^\[X\] f '([^']+)'", re.M)


class Aide(Observed):
    name = "aide"

    def absent(self) -> str:
        return "" if self.host.which("aide") and self.host.exists(CONFIGURATION) else "AIDE is not installed"

    def check(self, wanted: Settings) -> None:
        for name, value in wanted.items():
            if VALUES.get(name) != value:
                raise BadSetting(f"aide {name}: use {' or '.join(f'{name}: {value}' for name, value in VALUES.items())}")

    def inspect(self, wanted: Settings) -> Observations:
        lookers = {"database": self._database, "audit_tools": self._audit_tools}
        return {name: lookers[name]() for name in wanted}

    def _database(self) -> Observation:
        named = _DATABASE.search(self.host.read(CONFIGURATION) or "")
        path = named[1] if named else "/var/lib/aide/aide.db"
        if self.host.exists(path):
            return Observation("present", path)
        return Observation("absent", path, "there is nothing to compare files with: run aideinit when the machine is as it shall be")

    def _audit_tools(self) -> Observation:
        """AIDE says what it would look at; it is limited to these few files and writes nothing."""
        tools = [path for path in map(self.host.which, AUDIT_TOOLS) if path]
        if not tools:
            return Observation(status=result.NOT_APPLICABLE, message="auditd is not installed")
        limit = f"^({'|'.join(map(re.escape, tools))})$"
        ran = self.host.run(["aide", f"--config={CONFIGURATION}", "--dry-init", f"--limit={limit}"])
        if not ran.ok:
            return Observation(status=result.ERROR, message=f"AIDE does not say what it looks at: {ran.error}")
        seen = set(_SEEN.findall(ran.out))
        left = [tool for tool in tools if tool not in seen]
        return Observation(
            "left out" if left else "covered", "aide --dry-init", f"no rule of AIDE covers {', '.join(left)}" if left else ""
        )
