# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a boot loads of the rules' files: as augenrules joins them, up to the line at which auditctl stops."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Union

from ansible_collections.hygeia.golden.plugins.module_utils.system.audit.auditctl import Rule, identity
from ansible_collections.hygeia.golden.plugins.module_utils.system.audit.grammar import ENDING, Grammar, Refused, goes_on, joined
from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of, words_of

DIRECTORY = "/etc/audit/rules.d"
# The names of system calls as ausyscall has them, by the machine that a rule is for.
MACHINES = {"arm64": {"b64": "aarch64", "b32": "arm"}, "x86": {"b64": "x86_64", "b32": "i386"}}
# What augenrules takes out of the order of the files (its awk program), each the last of its kind.
_MOVED = (("e", "-e"), ("D", r"-D{blank}*$"), ("f", "-f"), ("b", "-b"))
# What needs no right to change the rules.
_HARMLESS = ("-c", "-i", "-s", "-l", "-v", "-m")
# What the kernel compares of a rule, and of a line that is none the line.
_Identity = Union[tuple[Union[Rule, str], tuple[str, ...]], str]
_ASK_AWK = 'BEGIN { print match(" #", "^\\\\s*#") }'


@dataclass
class Load:
    """The rules that the kernel has in the end, by what it compares, and the lines that are no rules, as (place, line).

    ``refused`` are (place, line, why), and ``stopped`` is the one of them after which nothing was read any more.
    """

    rules: dict[_Identity, tuple[str, str]] = field(default_factory=dict)
    others: list[tuple[str, str]] = field(default_factory=list)
    refused: list[tuple[str, str, str]] = field(default_factory=list)
    stopped: tuple[str, str, str] | None = None

    @property
    def lines(self) -> list[tuple[str, str]]:
        return [*self.others, *self.rules.values()]


def load(host: Host, machine: str = "x86") -> Load:
    """What ``augenrules --load`` leaves in a kernel that has no rules yet."""
    loaded, grammar = Load(), Grammar(host, _calls(host, machine))
    going_on = locked = False
    for place, line in merged(host):
        if not line.strip(" ") or line.lstrip(" ").startswith("#"):
            continue
        going_on = going_on or goes_on(line)
        try:
            locked = _take(loaded, place, grammar.check(line), locked)
        except Refused as problem:
            loaded.refused.append((place, line.strip(BLANKS), str(problem)))
            if not going_on:
                loaded.stopped = loaded.refused[-1]
                break
    return loaded


def _take(loaded: Load, place: str, found: list[tuple[str, str]], locked: bool) -> bool:
    """Have the kernel take one line; returns whether it is locked then."""
    first = next((option for option, unused in found if option in ENDING), found[0][0])
    line = joined(found)
    if locked and first not in _HARMLESS:
        raise Refused("the rules are locked by then")
    if first == "-D":
        key = dict(found).get("-k")
        loaded.rules = {same: entry for same, entry in loaded.rules.items() if key and key not in _keys(entry[1])}
    elif first in ("-d", "-W"):
        same = _compared({"-d": "-a", "-W": "-w"}[first] + line[2:])
        if same not in loaded.rules:
            raise Refused("there is no such rule to delete")
        del loaded.rules[same]
    elif first in ("-a", "-A", "-w"):
        same = _compared(line)
        if same in loaded.rules:
            raise Refused(f"{loaded.rules[same][0]} has this rule already")
        loaded.rules[same] = (place, line)
    else:
        loaded.others.append((place, line))
    return locked or ("-e", "2") in found


def _keys(line: str) -> list[str]:
    return re.findall(r"(?:-k |-F key=)(\S+)", line, re.A)


def _compared(line: str) -> _Identity:
    """What the kernel looks at when it is given a rule that it has already."""
    try:
        return identity(line)
    except BadSetting:
        return line


def _calls(host: Host, machine: str) -> Callable[[str], set[str]]:
    """The system calls that are known for an arch; none where ausyscall does not tell."""
    known: dict[str, set[str]] = {}

    def ask(arch: str) -> set[str]:
        name = MACHINES[machine].get(arch, arch)
        if name not in known:
            ran = host.run(["ausyscall", name, "--dump"])
            known[name] = {words_of(line)[-1] for line in lines_of(ran.out) if re.match("[0-9]", line)} if ran.ok else set()
        return known[name]

    return ask


# -- what augenrules makes of the files ----------------------------------------------


def merged(host: Host) -> list[tuple[str, str]]:
    """The lines of /etc/audit/audit.rules after augenrules as (place, line), without its first."""
    blank = _blank(host)
    comment = re.compile(f"{blank}*#")
    moved = {name: re.compile(f"{blank}*" + pattern.format(blank=blank)) for name, pattern in _MOVED}
    last, rest = {}, []
    for place, line in _catenated(host):
        if not line or comment.match(line):
            continue
        kind = next((name for name, pattern in moved.items() if pattern.match(line)), None)
        if kind:
            last[kind] = (place, line)
        else:
            rest.append((place, line))
    return [last[kind] for kind in "Dbf" if kind in last] + rest + [last[kind] for kind in "e" if kind in last]


def _blank(host: Host) -> str:
    """What ``\\s`` is for this system's awk: a blank, or with some the letter s."""
    ran = host.run(["awk", _ASK_AWK])
    return "s" if ran.ok and ran.out.strip(BLANKS) == "0" else r"[ \t\r\f\v]"


def _catenated(host: Host) -> Iterator[tuple[str, str]]:
    """Every line of the files as cat strings them together: a file without a last newline runs into the next."""
    begun = None
    for path in paths(host):
        pieces = (host.read(path) or "").split("\n")
        for number, piece in enumerate(pieces, 1):
            if begun:
                piece, place, begun = begun[1] + piece, begun[0], None
            else:
                place = f"{path}:{number}"
            if number < len(pieces):
                yield place, piece
            elif piece:
                begun = (place, piece)
    if begun:
        yield begun


def paths(host: Host) -> list[str]:
    """The files that augenrules reads, in its order; of names with blanks its shell makes several."""
    found = (path for path in host.regular(f"{DIRECTORY}/*.rules") if not re.search(r"\s", path, re.A))
    return sorted(found, key=_version)


def _version(path: str) -> tuple[list[int | list[int]], str]:
    """The order of ``ls -v``: suffixes last, numbers by their size, letters before everything else."""
    name = os.path.basename(path)
    parts = re.split("([0-9]+)", re.sub(r"(\.[A-Za-z~][A-Za-z0-9~]*)*$", "", name))
    return [int(part) if re.match("[0-9]", part) else [*map(_order, part), 0] for part in parts], name


def _order(letter: str) -> int:
    """A tilde comes before the end of a name, and letters before other signs."""
    return -1 if letter == "~" else ord(letter) + (0 if re.match("[A-Za-z]", letter) else 256)
