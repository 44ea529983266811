# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One YAML file of a policy as plain data, with the line of each item for messages."""

from __future__ import annotations

import functools
import math
import os
import stat
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml
from ansible_collections.hygeia.golden.plugins.plugin_utils.policy import bounds, parsed
from yaml.nodes import MappingNode, ScalarNode

# The collection's own files are held to the same bounds when it is tested.
OWN = os.path.normpath(os.path.join(os.path.dirname(__file__), "../../../roles/baseline/files")) + os.sep
LARGEST = 2 * 2**20
_DIGITS = 40
# The most mistakes that are reported at once, and the longest sentence about one.
_MOST, _LONGEST = 500, 2000

# One control, check, profile, framework or waiver, as a document has it.
Entry = dict[str, Any]


class PolicyError(Exception):
    """What is wrong with a policy, one sentence per line; each names file, item and field and says what to do."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(sentences(problems)))


def sentences(problems: Sequence[str]) -> list[str]:
    """Each of the problems once and on one line, whatever names and values are in it; of very many the first."""
    distinct = list(dict.fromkeys(_shortened(problem) for problem in problems))
    more = [f"There are {len(distinct) - _MOST} more errors; fix these first."] if len(distinct) > _MOST else []
    return distinct[:_MOST] + more


def _shortened(problem: str) -> str:
    plain = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in str(problem))
    return plain if len(plain) <= _LONGEST else f"{plain[: _LONGEST // 2]} … {plain[-_LONGEST // 2 :]}"


if TYPE_CHECKING:
    _Fastest = yaml.SafeLoader
else:
    _Fastest = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Fastest):
    """Days and keys stay texts as they are written, and a number has an end."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def flatten_mapping(self, node: MappingNode) -> None:
        super().flatten_mapping(node)
        for key, unused_value in node.value:
            if isinstance(key, yaml.ScalarNode):
                key.tag = "tag:yaml.org,2002:str"


def _number(construct: Callable[[Any, Any], float]) -> Callable[[_Loader, ScalarNode], float]:
    def bounded(self: _Loader, node: ScalarNode) -> float:
        text = str(node.value)
        try:
            value = construct(self, node) if len(text) <= _DIGITS else math.inf
        except (ValueError, OverflowError):
            value = math.inf
        if not math.isfinite(value):
            raise yaml.constructor.ConstructorError(None, None, f"{text[:_DIGITS]} is not a number that can be used", node.start_mark)
        return value

    return bounded


_Loader.add_constructor("tag:yaml.org,2002:int", _number(yaml.SafeLoader.construct_yaml_int))
_Loader.add_constructor("tag:yaml.org,2002:float", _number(yaml.SafeLoader.construct_yaml_float))


@dataclass(frozen=True)
class Document:
    """One file's ``data``; ``lines`` are those on which the items of a list start."""

    path: str
    data: Any
    lines: tuple[int, ...] = ()

    def place(self, index: int | None = None) -> str:
        """Where an item is, for a message: the path as the reader would type it, and the line."""
        here = os.path.relpath(self.path)
        shown = self.path if here.startswith("..") else here
        return shown if index is None or index >= len(self.lines) else f"{shown}:{self.lines[index]}"


def load(path: str) -> Document:
    """Read a YAML file; it is parsed again only when it has changed."""
    try:
        status = os.stat(path)
        return _load(path, status.st_mtime_ns, status.st_size)
    except OSError as problem:
        raise PolicyError(f"{Document(path, None).place()} cannot be read ({problem.strerror}); make it readable.") from problem


@functools.cache
def _load(path: str, time: int, size: int) -> Document:
    ours = path.startswith(OWN)
    known = parsed.recalled(path, time, size) if ours else None
    if known:
        return Document(path, *known)
    found = _parsed(path)
    if ours:
        parsed.remember(path, time, size, found.lines, found.data)
    return found


def _parsed(path: str) -> Document:
    try:
        text = _text(path)
        if not path.startswith(OWN):
            bounds.check(text, _Loader)
        loader = _Loader(text)
        node = loader.get_single_node()
        data = None if node is None else loader.construct_document(node)
    except bounds.Unbounded as problem:
        raise _unusable(path, problem, problem.line) from problem
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        what = getattr(problem, "problem", None) or str(problem).splitlines()[0]
        raise _unusable(path, what, mark and mark.line + 1) from problem
    items = node.value if isinstance(node, yaml.SequenceNode) else ()
    return Document(path, data, tuple(item.start_mark.line + 1 for item in items))


def _text(path: str) -> str:
    """A file's text, when it is an ordinary file of a size that a person could have written."""
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as stream:
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            raise _unusable(path, "it is not a regular file")
        raw = stream.read(LARGEST + 1)
    if len(raw) > LARGEST:
        raise _unusable(path, f"it is larger than {LARGEST >> 20} MiB; spread it over several files")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise _unusable(path, "it is not in UTF-8", raw.count(b"\n", 0, problem.start) + 1) from problem
    odd = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if odd:
        raise _unusable(path, f"it has the control character {odd[0]!r}", text.count("\n", 0, odd.start()) + 1)
    return text


def _unusable(path: str, what: object, line: int | None = None) -> PolicyError:
    """That a file is no YAML that a policy is made of, in one line."""
    place = f"{Document(path, None).place()}{f':{line}' if line else ''}"
    return PolicyError(f"{place}: this is not YAML that can be used: {' '.join(str(what).split()).rstrip('.')}.")
