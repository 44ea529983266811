# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The menu by which GRUB starts kernels, and the words of a kernel's command line (kernel-command-line(7))."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of, words_of

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

MENU = "/boot/grub/grub.cfg"
# On Enterprise Linux each entry is a file of its own (the Boot Loader Specification), which may name variables.
BLS_ENTRIES = "/boot/loader/entries/*.conf"
BLS_GRUB = "/boot/grub2"
BLS_ENVIRONMENT = "/boot/grub2/grubenv"
BLS_RESCUE = "-0-rescue"
# An entry with one of these words is for repairing a host at its console and may leave out what others must have.
RECOVERY = {"single", "recovery"}

BLS_OPTIONS = re.compile(r"^(options[ \t]+)(.*)$", re.M)
BLS_KERNEL = re.compile(r"^linux[ \t]+(\S+)", re.M | re.A)
_VARIABLE = re.compile(r"\$(\w+)", re.A)
_SECTION = re.compile(r"### BEGIN (\S+) ###", re.A)
ENTRY = re.compile(r"(?P<start>\s*linux(?:efi|16)?\s+(?P<kernel>\S*/(?:vmlinu[xz]|kernel)\S*))(?P<words>.*)", re.A)
# A word as GRUB and the kernel read it: blanks may stand in quotes.
WORD = re.compile(r"""(?:\\.|"(?:\\.|[^"\\])*"|'[^']*'|[^\s"'\\]|["'\\])+""", re.S | re.A)


@dataclass(frozen=True)
class Start:
    """One way in which a kernel is started: where that is written, the kernel, and the words that it is given."""

    place: str
    kernel: str
    words: tuple[str, ...]

    def value(self, name: str) -> bool | str | None:
        return value(self.words, name)


def starts(host: Host) -> list[Start]:
    """Every entry of the menu that is not for repairs."""
    found = list(_bls(host)) if bls(host) else []
    menu = [entry for entry in entries(host.read(MENU) or "") if not RECOVERY.intersection(entry[2])]
    return found + [Start(f"{MENU}:{number}", kernel, tuple(words)) for number, kernel, words in menu]


def bls(host: Host) -> bool:
    """Does GRUB start this host by boot loader entries?"""
    return host.exists(BLS_GRUB) and bool(host.files(BLS_ENTRIES))


def _bls(host: Host) -> Iterator[Start]:
    for path in [path for path in host.files(BLS_ENTRIES) if BLS_RESCUE not in path]:
        text = host.read(path) or ""
        kernel = BLS_KERNEL.search(text)
        if kernel:
            place, words = bls_words(host, path, text)
            yield Start(place, kernel[1], tuple(words))


def bls_words(host: Host, path: str, text: str) -> tuple[str, list[str]]:
    """The place and the words of an entry's options, with its variables filled in."""
    options = BLS_OPTIONS.search(text)
    if not options:
        return path, []
    variables = dict(line.split("=", 1) for line in host.lines(BLS_ENVIRONMENT) if "=" in line)
    words = words_of(_VARIABLE.sub(lambda match: variables.get(match[1], ""), options[2]))
    return f"{path}:{text.count(chr(10), 0, options.start()) + 1}", words


def entries(menu: str) -> Iterator[tuple[int, str, list[str]]]:
    """Each (line number, kernel, words) of GRUB's menu that starts a kernel of this system."""
    section = ""
    for number, line in enumerate(lines_of(menu), 1):
        begin, entry = _SECTION.match(line), ENTRY.fullmatch(line)
        section = begin[1] if begin else section
        if entry and "os-prober" not in section:
            yield number, entry["kernel"], split(entry["words"])


# -- words -----------------------------------------------------------------------


def split(text: str) -> list[str]:
    """The words of a command line, with their quotes."""
    return WORD.findall(text)


def value(words: Iterable[str], name: str) -> bool | str | None:
    """What the kernel makes of a parameter: the last word counts, and dashes are underscores."""
    found: bool | str | None = None
    for word in map(_bare, words):
        key, equals, text = word.partition("=")
        if key.replace("-", "_") == name.replace("-", "_"):
            found = text if equals else True
    return found


def values(words: Iterable[str], name: str) -> list[str]:
    """Every value of a parameter that may be there several times, such as console."""
    pairs = (word.partition("=") for word in map(_bare, words))
    return [text for key, equals, text in pairs if equals and key.replace("-", "_") == name.replace("-", "_")]


def _bare(word: str) -> str:
    """A word without its quotes."""
    return re.sub(r"""\\(.)|["']""", lambda match: match[1] or "", word)
