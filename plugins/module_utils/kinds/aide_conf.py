# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Groups and options of AIDE, as ``{Checksums: sha256+sha512}`` (aide.conf(5)).

A group counts from where it is defined, and Debian's rules follow its file, so
the line is edited in place.
"""

from __future__ import annotations

import os
import re

from ansible_collections.hygeia.golden.plugins.module_utils.kinds import lines
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import BadSetting, Kind, Observation, Plan

PATH = "/etc/aide/aide.conf"
INCLUDED = "/etc/aide/aide.conf.d/*"
_SEPARATOR = r"[ \t]*=[ \t]*"


class AideConf(Kind):
    name = "aide_conf"

    def absent(self):
        return "" if self.host.exists(PATH) else f"there is no {PATH}"

    def plan(self, wanted, partial=False):
        _check(wanted)
        content = before = self.host.read(PATH) or ""
        edited = []
        for name, value in sorted(wanted.items()):
            found = [old for unused_number, old in lines.active(before, name, _SEPARATOR)]
            if not found or not all(self.meets(name, value, old) for old in found):
                content = lines.put(content, name, f"{name} = {self.plain(value)}", _SEPARATOR)
                edited.append(name)
        return Plan(self.install(PATH, content, edited, os.stat(self.host.path(PATH)).st_mode & 0o7777) if edited else [])

    def observe(self, wanted):
        _check(wanted)
        texts = {path: self.host.read(path) or "" for path in (PATH, *sorted(self.host.glob(INCLUDED)))}
        return {name: self._observation(name, value, texts) for name, value in wanted.items()}

    def _observation(self, name, wanted, texts):
        """Each line must be right: a file that is included may define a group once more, for the rules after it."""
        found = [(f"{path}:{number}", value) for path, text in texts.items() for number, value in lines.active(text, name, _SEPARATOR)]
        if not found:
            return Observation(None, PATH, f"no line of {PATH} sets {name}")
        wrong = [line for line in found if not self.meets(name, wanted, line[1])]
        place, value = (wrong or found)[0]
        return Observation(value, place)


def _check(wanted):
    """Raise BadSetting for what is no line of the file."""
    for name, value in wanted.items():
        if not re.fullmatch(r"[A-Za-z]\w*", name) or not re.fullmatch(r"[^\s#][^\n#]*", str(value)):
            raise BadSetting(f"aide_conf: {name} cannot be written as {value!r}; use a group or an option of aide.conf(5)")
