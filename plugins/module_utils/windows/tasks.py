# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Scheduled tasks, as the files in Windows\\System32\\Tasks define them (XML, [MS-TSCH] 2.5)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from ansible_collections.hygeia.golden.plugins.module_utils.util.safe_xml import BadXml, tree
from ansible_collections.hygeia.golden.plugins.module_utils.windows.errors import Unreadable
from ansible_collections.hygeia.golden.plugins.module_utils.windows.ntfs.volume import Volume

DIRECTORY = "Windows\\System32\\Tasks"
_MICROSOFT = "Microsoft\\"
_SYSTEM = ("s-1-5-18", "system", "nt authority\\system", "localsystem")
_MOST, _DEEPEST, _LARGEST = 5000, 16, 1 << 20


@dataclass(frozen=True)
class Task:
    """``path`` is that below the directory of tasks; ``password``: does it run with one that is stored?"""

    path: str
    user: str
    password: bool

    @property
    def system(self) -> bool:
        return self.user.lower() in _SYSTEM

    @property
    def foreign(self) -> bool:
        return not self.path.startswith(_MICROSOFT)


def read(volume: Volume) -> list[Task]:
    """All tasks, in the order of their paths."""
    return [_task(volume, path) for path in sorted(_files(volume, "", 0))]


def _files(volume: Volume, below: str, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        raise Unreadable(f"{DIRECTORY} of {volume.name} has directories in each other without an end: copy the template anew")
    for number, entry in enumerate(volume.listed(f"{DIRECTORY}\\{below}")):
        if number > _MOST:
            raise Unreadable(f"{DIRECTORY} of {volume.name} has more than {_MOST} tasks, which is more than is read: report it")
        path = f"{below}\\{entry.name}".lstrip("\\")
        if entry.directory:
            yield from _files(volume, path, depth + 1)
        else:
            yield path


def _task(volume: Volume, path: str) -> Task:
    data = volume.read(f"{DIRECTORY}\\{path}", _LARGEST) or b""
    try:
        root = tree(data)
    except BadXml as problem:
        raise Unreadable(f"the task {path} of {volume.name} {problem}: remove the task in the template") from problem
    principals = [element for element in root.iter() if _local(element) == "Principal"]
    texts = {_local(child): (child.text or "").strip() for principal in principals for child in principal}
    return Task(
        path, texts.get("UserId", texts.get("GroupId", "")), texts.get("LogonType", "") in ("Password", "InteractiveTokenOrPassword")
    )


def _local(element: Element) -> str:
    """The name of an element without its namespace."""
    return str(element.tag).rpartition("}")[2]
