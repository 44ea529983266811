# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Groups, options and files of AIDE, as ``{Checksums: sha256+sha512, /usr/sbin/auditd: p+i+sha512}`` (aide.conf(5)).

A group counts from where it is defined, and Debian's rules follow its file, so
the line is edited in place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Kind, Observation, Observations, Plan
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings
from ansible_collections.hygeia.golden.plugins.module_utils.system import aide_conf
from ansible_collections.hygeia.golden.plugins.module_utils.util import logical_lines
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting

PATH = "/etc/aide/aide.conf"
INCLUDED = "/etc/aide/aide.conf.d/*"
_NOT_RUN = "execution failed"
_SEPARATOR, _BLANKS = r"[ \t]*=[ \t]*", r"[ \t]+"


class AideConf(Kind):
    name = "aide_conf"

    def absent(self) -> str:
        return "" if self.host.exists(PATH) else f"there is no {PATH}"

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        _check(wanted)
        content = before = self.host.read(PATH) or ""
        edited = []
        for name, value in sorted(wanted.items()):
            found = [entry for entry in aide_conf.parse(before) if entry.name == name]
            if not all(self.satisfies(name, value, entry.value) for entry in found):
                content = logical_lines.put(content, name, _line(name, self.plain(value)), _separator(name))
                edited.append(name)
            if all(entry.conditional for entry in found):
                content = logical_lines.appended(content, _line(name, self.plain(value)))
                edited.append(name)
        return Plan(self.edit(PATH, content, edited) if edited else [])

    def observe(self, wanted: Settings) -> Observations:
        _check(wanted)
        refusal = self._refusal()
        if refusal:
            return {name: Observation(None, PATH, f"AIDE refuses its configuration: {refusal}") for name in wanted}
        paths = (PATH, *sorted(self.host.files(INCLUDED)))
        entries = [(f"{path}:{entry.number}", entry) for path in paths for entry in aide_conf.parse(self.host.read(path) or "")]
        return {name: self._observation(name, value, [each for each in entries if each[1].name == name]) for name, value in wanted.items()}

    def _refusal(self) -> str:
        """What AIDE says of a configuration that it does not take; it reads no more than that."""
        if not self.host.which("aide"):
            return ""
        ran = self.host.run(["aide", f"--config={PATH}", "--config-check"])
        # Debian's own files are programs in part, which may want a kernel of their own to answer; what they print is no mistake.
        unasked = _NOT_RUN in ran.error and not self.host.booted
        return "" if ran.ok or unasked else ran.error

    def _observation(self, name: str, wanted: str, found: Sequence[tuple[str, aide_conf.Entry]]) -> Observation:
        """Each line must be right: a file that is included may define a group once more, for the rules after it."""
        wrong = [each for each in found if not self.satisfies(name, wanted, each[1].value)]
        sure = [each for each in found if not each[1].conditional]
        if not wrong and not sure:
            return Observation(None, PATH, f"no line of {PATH} sets {name} without a condition")
        place, entry = (wrong or sure)[0]
        return Observation(entry.value, place)


def _separator(name: str) -> str:
    return _BLANKS if name.startswith("/") else _SEPARATOR


def _line(name: str, value: str) -> str:
    return f"{name} {value}" if name.startswith("/") else f"{name} = {value}"


def _check(wanted: Settings) -> None:
    """Raise BadSetting for what is no line of the file."""
    for name, value in wanted.items():
        if not re.fullmatch(r"[A-Za-z]\w*|/[\w/-]+", name, re.A) or not re.fullmatch(r"[^\s#][^\n#]*", str(value), re.A):
            raise BadSetting(f"aide_conf: {name} cannot be written as {value!r}; use a group or an option of aide.conf(5)")
