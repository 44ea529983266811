# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Settings of SSH logins that start here, as ``{HashKnownHosts: "yes"}`` (ssh_config(5)).

The truth is what ``ssh -G`` says for a host of which no file knows anything. What
a user writes into a file of his own comes first, and is his own matter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import NOTICE, DropIn, Observation, Observations, Plan
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import CommandResult
from ansible_collections.hygeia.golden.plugins.module_utils.system.scratch import Scratch
from ansible_collections.hygeia.golden.plugins.module_utils.system.ssh import algorithms as ssh_algorithms
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of

MAIN = "/etc/ssh/ssh_config"
SOMEWHERE = "host.invalid"
# ssh spells these two ways.
_SAME = {"true": "yes", "false": "no"}


class SshClient(DropIn):
    name = "ssh_client"
    # The first value of a keyword wins, and Debian includes this directory at the top.
    path = "/etc/ssh/ssh_config.d/00-hygeia.conf"

    def absent(self) -> str:
        installed = self.host.which("ssh") or self.host.packages.installed("openssh-client")
        return "" if installed else "openssh-client is not installed"

    # -- our file -----------------------------------------------------------------

    def parse(self, text: str) -> dict[str, str]:
        return dict(re.findall(r"^    (\w+) (.*)$", text, re.M | re.A))

    def render(self, settings: Mapping[str, str]) -> str:
        return f"{NOTICE}Host *\n" + "".join(f"    {name} {settings[name]}\n" for name in sorted(settings))

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        return super().plan({name: self._written(name, value) for name, value in wanted.items()}, partial)

    def _written(self, name: str, value: Value) -> str:
        text = ",".join(map(self.plain, value)) if isinstance(value, list) else self.plain(value)
        if not re.fullmatch(r"[A-Za-z]\w+", name, re.A) or name.lower() in ("host", "match", "include") or not text:
            raise BadSetting(f"ssh_client: {name} cannot be written as {value!r}")
        return ssh_algorithms.known(self.host, name.lower(), text)

    def validate(self, content: str) -> str:
        if not self.host.which("ssh"):
            return ""  # check mode, before the package is installed
        with Scratch(self.host) as scratch:
            ran = self._ask(scratch.write("candidate", content))
        if not ran.ok:
            error = lines_of(ran.err.strip(BLANKS) or ran.error)[0]
            raise BadSetting(f"ssh_client: ssh does not accept the settings: {error.split(': ', 1)[-1]}")
        return ""

    def _ask(self, path: str) -> CommandResult:
        return self.host.run(["ssh", "-G", "-F", path, SOMEWHERE])

    # -- observing ------------------------------------------------------------------

    def observe(self, wanted: Settings) -> Observations:
        ran = self._ask(MAIN)
        if not ran.ok:
            raise RuntimeError(f"ssh cannot read its configuration: {ran.error}")
        values = dict(line.split(" ", 1) for line in lines_of(ran.out) if " " in line)
        return {name: self._observation(name, wanted[name], values.get(name.lower())) for name in wanted}

    def _observation(self, name: str, wanted: Value, value: str | None) -> Observation:
        message = ""
        if value is None:
            message = f"this ssh does not support {name}"
        elif not self.satisfies(name, wanted, value):
            message = f"ssh takes {value} from {MAIN}, a file that it includes, or its own default"
        return Observation(value, "ssh -G", message)

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        if value is None:
            return False
        if name.lower() in ssh_algorithms.CHOICES:
            return set(value.split(",")) <= set(self._written(name, wanted).split(","))
        goal = self.plain(wanted)
        return _SAME.get(value, value) == _SAME.get(goal, goal)
