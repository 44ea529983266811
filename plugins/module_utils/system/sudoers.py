# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What sudoers(5) says, in the words of sudo's own parser, and where it stands.

What is in force is only ever asked of cvtsudoers. The reader here tells in which file and line, and which files there
are. ``seen`` is a PendingFiles: the files as they are, or as they would be.
"""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.system.scratch import Scratch
from ansible_collections.hygeia.golden.plugins.module_utils.util import logical_lines
from ansible_collections.hygeia.golden.plugins.module_utils.util.logical_lines import Line
from ansible_collections.hygeia.golden.plugins.module_utils.util.pending_files import PendingFiles
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS

MAIN = "/etc/sudoers"
DEEPEST = 128

# What the members of a list are called in the parser's output, and how sudoers(5) writes them.
_SIGNS = {"username": "", "userid": "#", "usergroup": "%", "usergid": "%#", "netgroup": "+", "nonunixgroup": "%:", "nonunixgid": "%:#"}

# A backslash before the end of a line goes on with the next one; a comment does not, whatever it ends in. A number sign
# begins none in quotes, behind a backslash, before a number (a user's or a group's) and in #include.
_TOKEN = re.compile(
    r"""(?P<quoted>"(?:\\.|[^"\\\n])*"?)
    |(?P<goes_on>\\[ \t]*\r?\n[ \t]*)
    |(?P<end>\r?\n)
    |(?P<comment>\#(?!-?\d)[^\n]*)
    |\\.|.""",
    re.S | re.X | re.A,
)
_NAME = r'(?:"(?:\\.|[^"\\])*"|(?:\\.|[^\s,"\\])+)'
_DEFAULTS = re.compile(rf"\s*Defaults(?:[@:!>]\s*!*{_NAME}(?:\s*,\s*!*{_NAME})*)?\s+(.*)", re.S | re.A)
_OPTION = re.compile(r'\s*!*[\s!]*(\w+)(?:"(?:\\.|[^"\\])*"|\\.|[^",\\])*(?:,|$)', re.S | re.A)
_INCLUDE = re.compile(r"\s*[@#](include|includedir)[ \t]+(?:\"((?:\\.|[^\"\\])*)\"|((?:\\.|[^\s\\])+))", re.A)
# What cvtsudoers of sudo 1.9.13 writes of CWD= and CHROOT= into a list: a member of an object without its object.
_BARE = re.compile(r'^([ ]*)("(?:runcwd|runchroot)": "(?:\\.|[^"\\])*")(?=,?$)', re.M)


@dataclass(frozen=True)
class Default:
    """One assignment of a default: the name of an option and where it stands."""

    place: str
    name: str


def parsed(host: Host, *options: str, without: str = "") -> dict[str, list[dict[str, Any]]]:
    """The configuration as cvtsudoers tells it, or how it would be ``without`` one file, or a RuntimeError.

    What the boot check injected is not in it. A name with %h in it is a host's. That of a system which does not run is not
    known yet, so that there every such file counts.
    """
    seen = PendingFiles(host, {without: None} if without else {})
    as_it_is = not without and not host.injected
    if as_it_is and (host.booted or not any("%h" in target for unused_path, target in includes(seen))):
        return _converted(host, options, MAIN)
    with Scratch(host) as scratch:
        return _converted(host, options, next(iter(stage(seen, scratch))))


def _converted(host: Host, options: tuple[str, ...], path: str) -> dict[str, list[dict[str, Any]]]:
    ran = host.run(["cvtsudoers", *options, "-f", "json", path])
    if not ran.ok:
        raise RuntimeError(f"sudo's parser cannot read its configuration: {ran.error}")
    try:
        return json.loads(_BARE.sub(r"\1{ \2 }", ran.out) or "{}")  # of a file without rules it prints nothing
    except ValueError as problem:
        raise RuntimeError(f"cvtsudoers tells sudo's configuration in JSON that is none ({problem})") from problem


def member(entry: Mapping[str, int | str]) -> str:
    """A member of a list of users, hosts or commands as sudoers(5) writes it."""
    kind = next(kind for kind in entry if kind != "negated")
    return f"{'!' if entry.get('negated') else ''}{_SIGNS.get(kind, '')}{entry[kind]}"


def defaults(seen: PendingFiles[Host], path: str = MAIN, depth: int = 0) -> Iterator[Default]:
    """Every assignment of a default, in the order in which sudo reads them."""
    for line in logical(seen.read(path) or ""):
        include = _INCLUDE.match(line.text)
        if include:
            for included in _included(seen, path, include) if depth < DEEPEST else ():
                yield from defaults(seen, included, depth + 1)
            continue
        match = _DEFAULTS.match(line.text)
        for option in _OPTION.finditer(match[1].strip(BLANKS)) if match else ():
            yield Default(f"{path}:{line.first}", option[1])


def files(seen: PendingFiles[Host], path: str = MAIN, depth: int = 0) -> Iterator[str]:
    """Every file that sudo reads."""
    yield path
    for line in logical(seen.read(path) or ""):
        include = _INCLUDE.match(line.text)
        for included in _included(seen, path, include) if include and depth < DEEPEST else ():
            yield from files(seen, included, depth + 1)


def includes(seen: PendingFiles[Host]) -> Iterator[tuple[str, str]]:
    """What the files take in, as ``(path, the name as it is written)``."""
    for path in files(seen):
        matches = (_INCLUDE.match(line.text) for line in logical(seen.read(path) or ""))
        yield from ((path, include[2] or include[3]) for include in matches if include)


def stage(seen: PendingFiles[Host], scratch: Scratch) -> dict[str, str]:
    """A copy of the whole configuration, as ``{path of the copy: path that it stands for}``.

    The main file's copy is the first; line numbers stay, so that an error message about a copy can be read.
    """
    originals: dict[str, str] = {}
    directories: list[list[str]] = []

    def copy(path: str, name: str) -> None:
        originals[f"{scratch.path}/{name}"] = path
        text = seen.read(path) or ""
        for line in reversed(logical(text)):
            include = _INCLUDE.match(line.text)
            found = _included(seen, path, include) if include and len(directories) <= DEEPEST else []
            if found:
                text = logical_lines.replaced(text, line, f"@includedir {copies(found)}", *[""] * (line.last - line.first))
        scratch.write(name, text)

    def copies(found: list[str]) -> str:
        directories.append(found)
        directory = f"{len(directories)}"
        for number, included in enumerate(found):
            copy(included, f"{directory}/{number:04}")
        return f"{scratch.path}/{directory}"

    copy(MAIN, "sudoers")
    return originals


def _included(seen: PendingFiles[Host], path: str, include: re.Match[str]) -> list[str]:
    """The files that a line takes in."""
    named = re.sub(r"\\(.)", r"\1", include[2] or include[3])
    target = os.path.join(os.path.dirname(path), named).rstrip("/")
    if include[1] == "include":
        if "%h" in target and not seen.host.booted:
            pattern = "*".join(re.sub(r"([*?[])", r"[\1]", part) for part in target.split("%h"))
            return [found for found in seen.files(pattern) if seen.is_file(found)]
        target = target.replace("%h", platform.node().partition(".")[0])
        return [target] if seen.is_file(target) else []
    names = [os.path.basename(found) for found in seen.files(f"{target}/*")]
    chosen = [name for name in names if "." not in name and not name.endswith("~")]
    return [f"{target}/{name}" for name in chosen if seen.is_file(f"{target}/{name}")]


def logical(text: str) -> list[Line]:
    """The lines as sudo puts them together: Lines without comments and empty ones."""
    found, whole, number, first = [], "", 1, 1
    for token in _TOKEN.finditer(text):
        if token["comment"] and not (not whole.strip(BLANKS) and _INCLUDE.match(token[0])):
            continue
        if token["end"]:
            found += [logical_lines.Line(first, number, whole)] if whole.strip(BLANKS) else []
            whole, first = "", number + 1
        else:
            whole += " " if token["goes_on"] else token[0]
        number += token[0].count("\n")
    return found + ([logical_lines.Line(first, number, whole)] if whole.strip(BLANKS) else [])
