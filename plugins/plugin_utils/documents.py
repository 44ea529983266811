# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Policy files as plain data, with the line of each item for messages."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass

import yaml


class PolicyError(Exception):
    """What is wrong with a policy, one sentence a line; each names file, item and field and says what to do."""

    def __init__(self, *problems):
        super().__init__("\n".join(dict.fromkeys(problems)))


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Days stay texts, and a key that is there twice is a mistake instead of a silent choice."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node, deep=False):
        seen = set()
        for key in (key for key, unused_value in node.value if isinstance(key, yaml.ScalarNode)):
            if key.value in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} is there twice", key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


@dataclass(frozen=True)
class Document:
    """One file's ``data``; ``lines`` are those on which the items of a list start."""

    path: str
    data: object
    lines: tuple = ()

    def place(self, index=None):
        """Where an item is, for a message: the path as the reader would type it, and the line."""
        here = os.path.relpath(self.path)
        shown = self.path if here.startswith("..") else here
        return shown if index is None or index >= len(self.lines) else f"{shown}:{self.lines[index]}"


def load(path):
    """Read a YAML file; it is parsed again only when it has changed."""
    try:
        status = os.stat(path)
        return _load(path, status.st_mtime_ns, status.st_size)
    except OSError as problem:
        raise PolicyError(f"{path} cannot be read ({problem.strerror}); make it readable.") from problem


@functools.lru_cache(maxsize=None)
def _load(path, unused_time, unused_size):
    with open(path, "rb") as stream:
        try:
            loader = _Loader(stream)
            node = loader.get_single_node()
            data = None if node is None else loader.construct_document(node)
        except (yaml.YAMLError, UnicodeDecodeError) as problem:
            mark = getattr(problem, "problem_mark", None)
            line = f":{mark.line + 1}" if mark else ""
            what = getattr(problem, "problem", None) or str(problem).splitlines()[0]
            raise PolicyError(f"{Document(path, None).place()}{line}: this is not YAML that can be used: {what}.") from problem
    items = node.value if isinstance(node, yaml.SequenceNode) else ()
    return Document(path, data, tuple(item.start_mark.line + 1 for item in items))
