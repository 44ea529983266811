# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a package manager says is installed, whichever one it is."""

from __future__ import annotations

from collections.abc import Iterator

INSTALLED = "installed"
# Removed, the first with its configuration left behind (dpkg(1)).
GONE = ("config-files", "not-installed")
# The state of a package, its version, and whether the system needs it.
Entry = tuple[str, str, bool]


class Inventory:
    """Packages by name, with their states and versions.

    A subclass reads them from the database of its package manager; ``source``
    says where that is.
    """

    source = ""

    def __init__(self) -> None:
        self._planned: dict[str, bool] = {}
        self._found: dict[str, Entry] | None = None

    def _read(self) -> Iterator[tuple[str, Entry]]:
        """Each package as ``(name, (state, version, essential))``."""
        raise NotImplementedError

    def listing(self) -> list[dict[str, str]]:
        """Every installed package, of each architecture, with ``package``, ``version``, ``architecture``, ``source`` and ``source_version``."""
        raise NotImplementedError

    def called(self, name: str) -> str:
        """What this system calls the package that controls, which speak of Debian, call by a name."""
        return name

    @property
    def versions(self) -> dict[str, str]:
        """The version of each installed package."""
        return {name: version for name, (state, version, unused_e) in self._all.items() if state == INSTALLED}

    @property
    def unfinished(self) -> dict[str, str]:
        """Packages that were begun to be installed or removed and are not finished, by name with their states."""
        return {name: state for name, (state, unused_v, unused_e) in self._all.items() if state not in (INSTALLED, *GONE)}

    def state(self, name: str) -> str:
        """The state of a package, ``not-installed`` when it is not known."""
        return self._all.get(self.called(name), (GONE[-1], "", False))[0]

    def essential(self, name: str) -> bool:
        """Does the system need it to work at all?"""
        return self._all.get(self.called(name), ("", "", False))[2]

    @property
    def _all(self) -> dict[str, Entry]:
        if self._found is None:
            found: dict[str, Entry] = {}
            for name, entry in self._read():
                # The same package of a second architecture does not hide that the first is installed.
                if name not in found or entry[0] == INSTALLED:
                    found[name] = entry
            self._found = found
        return self._found

    def installed(self, name: str) -> bool:
        """Is it installed, or would it be once the changes that check mode planned were made?"""
        return self._planned.get(self.called(name), self.state(name) == INSTALLED)

    def plan(self, name: str, installed: bool) -> None:
        """Check mode: count a package as installed (or removed) from now on."""
        self._planned[self.called(name)] = installed

    def forget(self) -> None:
        """Read the database again: packages have just been installed or removed."""
        self._found = None
