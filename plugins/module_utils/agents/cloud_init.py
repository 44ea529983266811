# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""cloud-init of a system, as its files say it."""

from __future__ import annotations

from functools import cached_property

from ansible_collections.hygeia.golden.plugins.module_utils.agents.entries import NotUnderstood
from ansible_collections.hygeia.golden.plugins.module_utils.agents.formats import FORMATS
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

CLOUD_INIT = "/usr/bin/cloud-init"
CONFIGURATION = ("/etc/cloud/cloud.cfg", "/etc/cloud/cloud.cfg.d/*.cfg")


class CloudInit:
    """cloud-init of a system: whether it is there, and what the last word of its files is."""

    def __init__(self, host: Host, besides: str = "") -> None:
        """``besides`` is a file that is not looked at."""
        self.host = host
        self._besides = besides
        self.installed = host.exists(CLOUD_INIT) and not host.exists("/etc/cloud/cloud-init.disabled")
        self.problem = ""

    @cached_property
    def settings(self) -> dict[str, tuple[str, str]]:
        """Each key with its last value and the file that has it; a later list replaces the whole of an earlier one."""
        found: dict[str, tuple[str, str]] = {}
        for path in dict.fromkeys(path for pattern in CONFIGURATION for path in self.host.regular(pattern) if path != self._besides):
            try:
                pairs = [(key, value) for key, value, unused_line in FORMATS["yaml"](self.host.read(path) or "")]
            except NotUnderstood:
                self.problem = f"{path} is not understood: look there yourself"
                continue
            lists = {key.partition(".")[0] for key, unused_value in pairs if key.startswith("datasource_list")}
            found = {key: value for key, value in found.items() if key.partition(".")[0] not in lists}
            found.update({key: (value, path) for key, value in pairs})
        return found

    @property
    def datasources(self) -> tuple[list[str] | None, str]:
        """The datasources that it looks for, or None where it looks for all that it knows; and the file that says so."""
        listed = [(value, path) for key, (value, path) in self.settings.items() if key.startswith("datasource_list")]
        return ([value for value, unused_path in listed], listed[0][1]) if listed else (None, CONFIGURATION[0])
