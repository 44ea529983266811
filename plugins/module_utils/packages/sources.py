# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where apt takes packages from: reading sources.list(5) in both of its formats."""

from __future__ import annotations

import re
from dataclasses import dataclass

FOLDER = "/etc/apt/sources.list.d"
MAIN = "/etc/apt/sources.list"
# Each of these makes apt believe what nobody signed, or signed badly.
CARELESS = ("trusted", "allow-insecure", "allow-weak", "allow-downgrade-to-insecure")

_TRUE = ("yes", "true", "with", "on", "enable", "1")
_WRITTEN_OUT = "-----BEGIN PGP"
_LINE = re.compile(r"deb(?:-src)?\s+(?:\[(?P<options>[^]]*)\]\s*)?(?P<uri>\S+)\s+(?P<suite>\S+)")


@dataclass(frozen=True)
class Source:
    """One address with one suite; ``options`` have the names of deb822 in lower case."""

    place: str
    uri: str
    suite: str
    options: dict

    @property
    def name(self):
        return f"{self.uri} {self.suite}"

    @property
    def keys(self):
        """The files of keys that it names; a fingerprint or a key that is written out is no file."""
        named = self.options.get("signed-by", "")
        return [] if _WRITTEN_OUT in named else [word for word in re.split(r"[\s,]+", named) if word.startswith("/")]

    @property
    def careless(self):
        return [option for option in CARELESS if self.options.get(option, "no").lower() in _TRUE]

    @property
    def checks_validity(self):
        """Does apt look until when the archive calls its lists valid?"""
        return self.options.get("check-valid-until", "yes").lower() in _TRUE


def listed(host, folder=FOLDER, main=MAIN):
    """Every source that is switched on, in apt's own order."""
    for path in [*([main] if main else []), *host.glob(f"{folder}/*.list"), *host.glob(f"{folder}/*.sources")]:
        yield from read(path, host.read(path) or "")


def read(path, text):
    """The sources of one file; its ending tells its format."""
    return stanzas(path, text) if path.endswith(".sources") else lines(path, text)


def lines(path, text):
    """The sources of a file with one source a line."""
    for number, line in enumerate(text.splitlines(), 1):
        found = _LINE.match(line.partition("#")[0].strip())
        if found:
            pairs = (word.split("=", 1) for word in (found["options"] or "").split() if "=" in word)
            yield Source(f"{path}:{number}", found["uri"], found["suite"], {name.lower(): value for name, value in pairs})


def stanzas(path, text):
    """The sources of a file in deb822's format; a paragraph stands for each of its addresses with each of its suites."""
    text = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    for paragraph in re.split(r"\n[ \t]*\n", text):
        unfolded = re.sub(r"\n[ \t]+", " ", paragraph.strip("\n"))
        fields = {name.strip().lower(): value.strip() for name, colon, value in (line.partition(":") for line in unfolded.splitlines()) if colon}
        if fields.get("enabled", "yes").lower() not in _TRUE:
            continue
        for uri in fields.get("uris", "").split():
            yield from (Source(path, uri, suite, fields) for suite in fields.get("suites", "").split())
