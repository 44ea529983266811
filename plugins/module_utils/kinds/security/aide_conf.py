# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Groups, options and files of AIDE, as ``{Checksums: sha256+sha512, /usr/sbin/auditd: p+i+sha512}`` (aide.conf(5)).

A group counts from where it is defined, and Debian's rules follow its file, so
the line is edited in place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Kind, Observation, Observations, Plan
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings
from ansible_collections.hygeia.golden.plugins.module_utils.util import logical_lines
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting

PATH = "/etc/aide/aide.conf"
INCLUDED = "/etc/aide/aide.conf.d/*"
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
            found = [old for unused_number, old in logical_lines.active(before, name, _separator(name))]
            if not found or not all(self.meets(name, value, old) for old in found):
                content = logical_lines.put(content, name, _line(name, self.plain(value)), _separator(name))
                edited.append(name)
        return Plan(self.edit(PATH, content, edited) if edited else [])

    def observe(self, wanted: Settings) -> Observations:
        _check(wanted)
        texts = {path: self.host.read(path) or "" for path in (PATH, *sorted(self.host.files(INCLUDED)))}
        return {name: self._observation(name, value, texts) for name, value in wanted.items()}

    def _observation(self, name: str, wanted: str, texts: Mapping[str, str]) -> Observation:
        """Each line must be right: a file that is included may define a group once more, for the rules after it."""
        found = [
            (f"{path}:{number}", value)
            for path, text in texts.items()
            for number, value in logical_lines.active(text, name, _separator(name))
        ]
        if not found:
            return Observation(None, PATH, f"no line of {PATH} sets {name}")
        wrong = [line for line in found if not self.meets(name, wanted, line[1])]
        place, value = (wrong or found)[0]
        return Observation(value, place)


def _separator(name: str) -> str:
    return _BLANKS if name.startswith("/") else _SEPARATOR


def _line(name: str, value: str) -> str:
    return f"{name} {value}" if name.startswith("/") else f"{name} = {value}"


def _check(wanted: Settings) -> None:
    """Raise BadSetting for what is no line of the file."""
    for name, value in wanted.items():
        if not re.fullmatch(r"[A-Za-z]\w*|/[\w/-]+", name, re.A) or not re.fullmatch(r"[^\s#][^\n#]*", str(value), re.A):
            raise BadSetting(f"aide_conf: {name} cannot be written as {value!r}; use a group or an option of aide.conf(5)")
