# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How chrony keeps the clock, as ``{sources: some, user: _chrony}`` (chrony.conf(5)): only observed.

``sources`` may be a list of the servers and pools that are trusted.
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation, Observations, Observed, unobserved
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of, words_of

CONFIGURATIONS = ("/etc/chrony/chrony.conf", "/etc/chrony.conf")
SOURCES = ("server", "pool", "peer", "refclock")
# Those that a file of a directory of sources can name.
FILED = ("server", "pool", "peer")
BUILT_IN_USER = "_chrony"


class Chrony(Observed):
    name = "chrony"

    def absent(self) -> str:
        return "" if self.host.which("chronyd") else "chrony is not installed"

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        """A list names the sources that are trusted; there must be one."""
        if name == "sources":
            return bool(value) and (wanted == "some" or set(value) <= set(wanted))
        return super().satisfies(name, wanted, value)

    def check(self, wanted: Settings) -> None:
        for name, value in wanted.items():
            right = (isinstance(value, str) and (name == "user" or value == "some")) or (name == "sources" and isinstance(value, list))
            if name not in ("sources", "user") or not right:
                raise BadSetting(f"chrony {name}: use sources with some or a list, or user with a name")

    def inspect(self, wanted: Settings) -> Observations:
        path = next(filter(self.host.exists, CONFIGURATIONS), CONFIGURATIONS[0])
        # It prints all files that it reads, one directive per line, and ends.
        ran = self.host.run(["chronyd", "-p", "-f", path])
        if not ran.ok:
            return unobserved(wanted, result.ERROR, f"chrony does not accept its own configuration: {ran.error}")
        directives = [words_of(line) for line in lines_of(ran.out) if line.strip(BLANKS)]
        lookers = {"sources": self._sources, "user": self._user}
        return {name: lookers[name](directives) for name in wanted}

    def _sources(self, directives: list[list[str]]) -> Observation:
        places = {words[1]: "chronyd -p" for words in directives if words[0].lower() in SOURCES and len(words) > 1}
        for place, words in self._of_directories(directives):
            places.setdefault(words[1], place)
        message = "" if places else "chrony has nobody to ask for the time"
        return Observation(sorted(places), "; ".join(dict.fromkeys(places.values())) or "chronyd -p", message)

    def _of_directories(self, directives: list[list[str]]) -> Iterator[tuple[str, list[str]]]:
        """The sources of files that chronyd reads when it has started, and does not print; a line may name several directories."""
        for directories in (words[1:] for words in directives if words[0].lower() == "sourcedir"):
            paths = [path for directory in reversed(directories) for path in self.host.regular(f"{directory}/*.sources")]
            # Of files with the same name the one in the first directory counts.
            for path in {path.rpartition("/")[2]: path for path in paths}.values():
                for number, line in enumerate(self.host.lines(path), 1):
                    words = words_of(line)
                    if len(words) > 1 and words[0].lower() in FILED:
                        yield f"{path}:{number}", words

    @staticmethod
    def _user(directives: list[list[str]]) -> Observation:
        """The last one counts; without one it is what the distribution built in."""
        named = [words[1] for words in directives if words[0].lower() == "user" and len(words) > 1]
        return Observation(named[-1] if named else BUILT_IN_USER, "chronyd -p")
