# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether the files of packages are as they were installed, as ``{sudo: unchanged}`` (dpkg(1), rpm(8): --verify): only observed.

What a site may edit (conffiles) does not count. The sums that dpkg and rpm keep lie on the same disk, so they show an
accident or a careless intruder; a careful one replaces them too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation, Observations, Observed, unobserved
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import PROGRAM
from ansible_collections.hygeia.golden.plugins.module_utils.system.packages import rpm
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of

UNCHANGED = "unchanged"
INFO = "/var/lib/dpkg/info"
# A slim image leaves these out on purpose.
_LEFT_OUT = re.compile(r"/usr/share/(doc|man|locale|info|lintian|linda|doc-base|bug)/")
# Both print the same lines. A letter marks what may differ: configuration and, of rpm, what programs write (ghosts).
_LINE = re.compile(r"(?P<what>missing|\S{9})\s+(?:(?P<mark>[a-z])\s+)?(?P<path>/.*?)(?: \((?P<why>.*)\))?$", re.A)
_MAY_DIFFER = ("c", "g")


class PackageFiles(Observed):
    name = "package_files"

    def absent(self) -> str:
        return "" if self.host.which(self._manager) else f"{self._manager} manages no packages here"

    @property
    def _manager(self) -> str:
        return "rpm" if rpm.serves(self.host) else "dpkg"

    def check(self, wanted: Settings) -> None:
        for name, value in wanted.items():
            if value != UNCHANGED:
                raise BadSetting(f"package_files {name} can only be {UNCHANGED}, not {value}")

    def inspect(self, wanted: Settings) -> Observations:
        present = [name for name in wanted if self.host.packages.installed(name)]
        seen = unobserved([name for name in wanted if name not in present], result.NOT_APPLICABLE, "the package is not installed")
        if not present:
            return seen
        options = ["--nodeps", "--noscripts"] if self._manager == "rpm" else []
        ran = self.host.run([self._manager, "--verify", *options, *map(self.host.packages.called, present)])
        if "error:" in ran.err:
            return {**seen, **unobserved(present, result.ERROR, f"{self._manager} cannot compare files: {ran.error}")}
        wrong = dict(filter(None, map(_altered, lines_of(ran.out))))
        return {**seen, **{name: self._observation(name, wrong) for name in present}}

    def _observation(self, name: str, wrong: Mapping[str, str]) -> Observation:
        """One package's part of what was found wrong."""
        files = set(self._files(name)) if wrong else set()
        altered = sorted(f"{path} {problem}" for path, problem in wrong.items() if path in files)
        return Observation("altered" if altered else UNCHANGED, f"{self._manager} --verify", "; ".join(altered))

    def _files(self, name: str) -> list[str]:
        if self._manager == "rpm":
            return lines_of(self.host.run(["rpm", "--query", "--list", self.host.packages.called(name)]).out)
        lists = self.host.glob(f"{INFO}/{name}.list") + self.host.glob(f"{INFO}/{name}:*.list")
        return [line for path in lists for line in self.host.lines(path, PROGRAM)]


def _altered(line: str) -> tuple[str, str] | None:
    """A line as a path and what is wrong with it; None for what may differ."""
    found = _LINE.match(line)
    if not found or found["mark"] in _MAY_DIFFER:
        return None
    if found["what"] == "missing":
        return None if _LEFT_OUT.match(found["path"]) else (found["path"], "is missing")
    return (found["path"], "is not what the package brought") if "5" in found["what"] else None
