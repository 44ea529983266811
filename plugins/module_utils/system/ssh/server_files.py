# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where sshd_config(5) sets what: every assignment of the main file and of those it includes.

``seen`` is a PendingFiles: the files as they are, or as they would be.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.scratch import Scratch
from ansible_collections.hygeia.golden.plugins.module_utils.util.pending_files import Files, PendingFiles
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import lines_of

MAIN = "/etc/ssh/sshd_config"
DIRECTORY = "/etc/ssh"
DEEPEST = 16  # how far sshd follows includes

# Former names, which sshd still accepts and answers with today's.
_RENAMED = {
    "challengeresponseauthentication": "kbdinteractiveauthentication",
    "dsaauthentication": "pubkeyauthentication",
    "hostbasedacceptedkeytypes": "hostbasedacceptedalgorithms",
    "keepalive": "tcpkeepalive",
    "pubkeyacceptedkeytypes": "pubkeyacceptedalgorithms",
    "skeyauthentication": "kbdinteractiveauthentication",
}
_LINE = re.compile(r"\s*([A-Za-z]\w*)(?:\s*=\s*|\s+)(.*\S)", re.A)


@dataclass(frozen=True)
class Assignment:
    """One keyword with its value; ``block`` is the Match line above it, empty when it holds for everybody."""

    place: str
    keyword: str
    value: str
    block: str


def keyword(name: str) -> str:
    """The name by which sshd tells the effective value."""
    return _RENAMED.get(name.lower(), name.lower())


def assignments(seen: Files, path: str = MAIN, block: str = "", depth: int = 0) -> Iterator[Assignment]:
    """Every assignment, in the order in which sshd reads them; a block ends with the file it stands in."""
    inside = block
    for number, line in enumerate(seen.lines(path), 1):
        match = _LINE.match(line)
        if not match:
            continue
        name, value = match[1].lower(), match[2]
        if name == "match":
            inside = f"{block} and {value}" if block else value
        elif name == "include":
            for included in _included(seen, value) if depth < DEEPEST else ():
                yield from assignments(seen, included, inside, depth + 1)
        else:
            yield Assignment(f"{path}:{number}", keyword(name), value, inside)


def files(seen: Files, path: str = MAIN, block: str = "", depth: int = 0) -> Iterator[tuple[str, str]]:
    """Every file that sshd reads, as ``(path, the Match line it is included under)``."""
    yield path, block
    inside = block
    for line in seen.lines(path):
        match = _LINE.match(line)
        if match and match[1].lower() == "match":
            inside = match[2]
        elif match and match[1].lower() == "include" and depth < DEEPEST:
            for included in _included(seen, match[2]):
                yield from files(seen, included, inside, depth + 1)


def includes(host: Host, path: str, main: str) -> bool:
    """Would a file at ``path`` be read, for everybody, with this text of the main file?"""
    return any(found == path and not block for found, block in files(PendingFiles(host, {path: "", MAIN: main})))


def stage(seen: Files, scratch: Scratch) -> dict[str, str]:
    """A copy of the whole configuration, as ``{path of the copy: path that it stands for}``.

    The main file's copy is the first; line numbers stay, so that an error message about a copy can be read.
    """
    originals: dict[str, str] = {}

    def copy(path: str, depth: int) -> str:
        place = f"{scratch.path}/{len(originals)}.conf"
        originals[place] = path
        text = seen.read(path) or ""
        scratch.write(os.path.basename(place), "".join(f"{edited(line, depth)}\n" for line in lines_of(text)))
        return place

    def edited(line: str, depth: int) -> str:
        match = _LINE.match(line)
        if not match or match[1].lower() != "include" or depth >= DEEPEST:
            return line
        copies = [copy(included, depth + 1) for included in _included(seen, match[2])]
        return f"Include {' '.join(copies)}" if copies else "#"

    copy(MAIN, 0)
    return originals


def _included(seen: Files, value: str) -> list[str]:
    return [path for pattern in shlex.split(value, comments=True) for path in seen.files(os.path.join(DIRECTORY, pattern))]
