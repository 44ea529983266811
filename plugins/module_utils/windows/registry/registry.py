# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The registry of a system that is switched off: its hives under the names that a running Windows gives them.

``HKLM\\SYSTEM\\CurrentControlSet`` is the control set that the next start takes (the key ``Select``).
"""

from __future__ import annotations

from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.windows.errors import Unreadable
from ansible_collections.hygeia.golden.plugins.module_utils.windows.ntfs.volume import Volume
from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry.hive import Hive, Key
from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry.log import replayed
from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry.values import Value
from ansible_collections.hygeia.golden.plugins.module_utils.windows.text import folded

CONFIG = "Windows\\System32\\config"
# Where the keys lie that every system has.
HIVES = {
    "HKLM\\SYSTEM": f"{CONFIG}\\SYSTEM",
    "HKLM\\SOFTWARE": f"{CONFIG}\\SOFTWARE",
    "HKLM\\SECURITY": f"{CONFIG}\\SECURITY",
    "HKLM\\SAM": f"{CONFIG}\\SAM",
    "HKU\\.DEFAULT": f"{CONFIG}\\DEFAULT",
}
_LOGS = (".LOG1", ".LOG2")
# What somebody may have set aside for a hive, and a log.
_LARGEST, _LARGEST_LOG = 512 << 20, 256 << 20
_CURRENT = "CURRENTCONTROLSET"


class Registry:
    """The hives of a volume, each read when it is first asked for."""

    def __init__(self, volume: Volume) -> None:
        self._volume = volume
        self._hives: dict[str, Hive | Unreadable] = {}

    def hive(self, root: str) -> Hive:
        """The hive of one of HIVES; an error where it is not there, or cannot be read, each time it is asked for."""
        if root not in self._hives:
            try:
                self._hives[root] = read(self._volume, HIVES[root])
            except Unreadable as problem:
                self._hives[root] = problem
        found = self._hives[root]
        if isinstance(found, Unreadable):
            raise found
        return found

    def key(self, path: str) -> Key | None:
        """A key by its whole path, such as ``HKLM\\SOFTWARE\\Microsoft``; None where there is none."""
        root, rest = split(path)
        if root is None:
            return None
        hive = self.hive(root)
        return hive.key(self._current(hive, rest) if root == "HKLM\\SYSTEM" else rest)

    def keys(self, path: str) -> Iterator[tuple[str, Key]]:
        """The keys that a path means in which a part may be ``*``, each with its own path."""
        parts = path.split("\\")
        if "*" not in parts:
            found = self.key(path)
            if found:
                yield path, found
            return
        at = parts.index("*")
        above = self.key("\\".join(parts[:at]))
        for below in above.subkeys() if above else ():
            yield from self.keys("\\".join([*parts[:at], below.name, *parts[at + 1 :]]))

    def value(self, path: str, name: str) -> Value | None:
        found = self.key(path)
        return found.value(name) if found else None

    def number(self, path: str, name: str, absent: int = 0) -> int:
        """A number, or ``absent`` where there is none."""
        found = self.value(path, name)
        number = found.number if found else None
        return absent if number is None else number

    def text(self, path: str, name: str) -> str:
        found = self.value(path, name)
        return found.text if found else ""

    def _current(self, hive: Hive, rest: str) -> str:
        """A path below SYSTEM, with the control set that counts."""
        first, slash, after = rest.partition("\\")
        if folded(first) != _CURRENT:
            return rest
        select = hive.key("Select")
        current = select.value("Current") if select else None
        number = current.number if current else None
        if number is None or not 1 <= number <= 999:
            raise hive.damaged("the key Select names no control set")
        return f"ControlSet{number:03}{slash}{after}"


def split(path: str) -> tuple[str | None, str]:
    """Which hive a path lies in, and the path inside it."""
    wanted = folded(path)
    for root in HIVES:
        if wanted == folded(root) or wanted.startswith(folded(root) + "\\"):
            return root, path[len(root) + 1 :]
    return None, path


def read(volume: Volume, path: str) -> Hive:
    """A hive of a volume as Windows would load it, with what its transaction logs have beyond it."""
    data = volume.read(path, _LARGEST)
    if data is None:
        raise Unreadable(f"{volume.name} has no {path}: is the system on it whole?")
    logs = (volume.read(path + log, _LARGEST_LOG) for log in _LOGS)
    name = f"{path} of {volume.name}"
    return Hive(replayed(data, (log for log in logs if log), name), name)
