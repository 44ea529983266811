# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The drivers of one installed kernel: those that it can load, with what each needs, and those that are a part of it.

Both lists are made with the kernel (modules.dep(5)).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ansible_collections.hygeia.golden.plugins.module_utils.system.hardware import plain
from ansible_collections.hygeia.golden.plugins.module_utils.util.places import OddFile
from ansible_collections.hygeia.golden.plugins.module_utils.util.text import BLANKS, lines_of, words_of

if TYPE_CHECKING:
    from ansible_collections.hygeia.golden.plugins.module_utils.system.host import Host

DIRECTORY = "/lib/modules"
# A driver that is a file of a kernel, or a part of it.
_FILE = re.compile(r"(?:^|/)([\w-]{1,60})\.ko(?:\.\w{1,4})?\Z", re.A)


@dataclass(frozen=True)
class Drivers:
    """What a kernel can drive; ``needs`` names for each module those without which it is not loaded."""

    needs: dict[str, frozenset[str]]
    builtin: frozenset[str]

    def has(self, name: str) -> bool:
        return name in self.builtin or name in self.needs

    def all_of(self, names: Iterable[str]) -> frozenset[str]:
        """The modules that must be loaded for these; parts of the kernel are there already."""
        wanted = {name for name in names if name not in self.builtin}
        return frozenset(wanted.union(*(self.needs.get(name, ()) for name in wanted)) - self.builtin)


def releases(host: Host) -> list[str]:
    """The kernels that have modules."""
    return [path.split("/")[3] for path in host.glob(f"{DIRECTORY}/*/modules.dep")]


def of(host: Host, release: str) -> Drivers:
    """The drivers of a kernel; whatever else lies in the place of a list lists nothing."""
    needs = {}
    for line in lines_of(_text(host, f"{DIRECTORY}/{release}/modules.dep")):
        path, unused_colon, others = line.partition(":")
        name = module(path)
        if name:
            needs[name] = frozenset(filter(None, map(module, words_of(others))))
    builtin = map(module, lines_of(_text(host, f"{DIRECTORY}/{release}/modules.builtin")))
    return Drivers(needs, frozenset(filter(None, builtin)))


def inside(release: str, paths: Iterable[str]) -> set[str]:
    """The modules of a kernel among the files of an archive, such as its initramfs."""
    own = f"lib/modules/{release}/"
    return set(filter(None, (module(path) for path in paths if own in path)))


def module(path: str) -> str:
    """The name of the module that a file holds, else nothing."""
    found = _FILE.search(path.rstrip(BLANKS))
    return plain(found[1]) if found else ""


def _text(host: Host, path: str) -> str:
    try:
        return host.read(path) or ""
    except (OSError, OddFile):
        return ""
