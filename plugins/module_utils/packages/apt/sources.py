# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where apt takes packages from: reading sources.list(5) in both of its formats."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of, words_of

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

DIRECTORY = "/etc/apt/sources.list.d"
MAIN = "/etc/apt/sources.list"
# Each of these makes apt believe what nobody signed, or signed badly.
CARELESS = ("trusted", "allow-insecure", "allow-weak", "allow-downgrade-to-insecure")

_TRUE = ("yes", "true", "with", "on", "enable", "1")
_FALSE = ("no", "false", "without", "off", "disable", "0")
_WRITTEN_OUT = "-----BEGIN PGP"
# What comes before a comment; a number sign in brackets begins none.
_SAID = re.compile(r"(?:\[[^]]*\]|[^#])*")
_WORD = re.compile(r' *((?:"[^"]*"|\[[^]]*\]|[^\s"[])*)', re.A)
_QUOTED = re.compile('"|%([0-9A-Fa-f]{2})')


@dataclass(frozen=True)
class Source:
    """One address with one suite; ``options`` have the names of deb822 in lower case."""

    place: str
    uri: str
    suite: str
    options: Mapping[str, str]

    @property
    def name(self) -> str:
        return f"{self.uri} {self.suite}"

    @property
    def keys(self) -> list[str]:
        """The files of keys that it names; a fingerprint or a key that is written out is no file."""
        named = self.options.get("signed-by", "")
        return [] if _WRITTEN_OUT in named else [word for word in re.split(r"[\s,]+", named, flags=re.A) if word.startswith("/")]

    @property
    def careless(self) -> list[str]:
        return [option for option in CARELESS if self.options.get(option, "no").lower() in _TRUE]

    @property
    def checks_validity(self) -> bool:
        """Does apt look until when the archive calls its lists valid?"""
        return self.options.get("check-valid-until", "yes").lower() in _TRUE


def listed(host: Host, directory: str = DIRECTORY, main: str = MAIN) -> Iterator[Source]:
    """Every source that is switched on, in apt's own order."""
    for path in [*([main] if main else []), *host.regular(f"{directory}/*.list"), *host.regular(f"{directory}/*.sources")]:
        yield from read(path, host.read(path) or "")


def read(path: str, text: str) -> Iterator[Source]:
    """The sources of one file; its ending tells its format."""
    return stanzas(path, text) if path.endswith(".sources") else lines(path, text)


def lines(path: str, text: str) -> Iterator[Source]:
    """The sources of a file with one source per line, in the words of apt's ParseQuoteWord."""
    for number, line in enumerate(lines_of(text), 1):
        kind, rest = _word(_SAID.findall(line)[0].strip(BLANKS))
        options, rest = _options(rest)
        uri, rest = _word(rest)
        suite = _word(rest)[0]
        if kind in ("deb", "deb-src") and uri and suite:
            yield Source(f"{path}:{number}", uri, suite, options)


def _word(text: str) -> tuple[str, str]:
    """The first word of a text, without its quotes, and what comes after it; quotes and brackets that do not end end the reading."""
    found = next(_WORD.finditer(text))
    if text[found.end() : found.end() + 1] in ('"', "["):
        return "", ""
    word = _QUOTED.sub(lambda sign: os.fsdecode(bytes([int(sign[1], 16)])) if sign[1] else "", found[1])
    return word, text[found.end() :].lstrip(BLANKS)


def _options(text: str) -> tuple[dict[str, str], str]:
    """The options in brackets at the start of a text, and what comes after them."""
    options: dict[str, str] = {}
    if not text.startswith("["):
        return options, text
    text = text[1:].lstrip(BLANKS)
    while not text.startswith("]"):
        word, rest = _word(text)
        if len(word) < 3:
            return options, ""  # apt does not accept this line
        if word.endswith("]"):  # no blank before the end of the options
            word, rest = word[:-1], text[text.rindex("]", 0, len(text) - len(rest)) :]
        name, unused_sign, value = word.partition("=")
        options[name], text = value, rest
    return options, text[1:].lstrip(BLANKS)


def stanzas(path: str, text: str) -> Iterator[Source]:
    """The sources of a file in deb822's format; a paragraph stands for each of its addresses with each of its suites."""
    text = "\n".join(line for line in lines_of(text) if not line.startswith("#"))
    for paragraph in re.split(r"\n[ \t]*\n", text):
        unfolded = re.sub(r"\n[ \t]+", " ", paragraph.strip("\n"))
        parted = (line.partition(":") for line in lines_of(unfolded))
        fields = {name.strip(BLANKS).lower(): value.strip(BLANKS) for name, colon, value in parted if colon}
        if fields.get("enabled", "yes").lower() in _FALSE:
            continue
        for uri in words_of(fields.get("uris", "")):
            yield from (Source(path, uri, suite, fields) for suite in words_of(fields.get("suites", "")))
