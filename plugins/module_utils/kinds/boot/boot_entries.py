# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Boot loader entries that are named after the machine-id of one machine, as ``{machine_id: []}``.

kernel-install(8) names an entry after the machine-id, and so are the rescue kernel of Enterprise Linux and GRUB's saved
choice. In a template they get the identifier that the vendors' own images have, for the machines made from it get others.
The list names entries that may keep theirs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Change, Kind, Observation, Observations, Plan, Refusal
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Settings, Value
from ansible_collections.hygeia.golden.plugins.module_utils.system.boot_menu import BLS_ENTRIES, BLS_ENVIRONMENT
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.presentable import shortened

NAME = "machine_id"
# What an image is built with that shall have no identity yet.
NOBODY = "f" * 32
# Other files of /boot that are named after the machine, and that an entry names.
RESCUE = ("/boot/vmlinuz-0-rescue-{machine}", "/boot/initramfs-0-rescue-{machine}.img")
_ENTRY = re.compile(r"/boot/loader/entries/(?P<machine>[0-9a-f]{32})-[^/]+\.conf", re.A)
_SHOWN = 3


class BootEntries(Kind):
    name = "boot_entries"

    def plan(self, wanted: Settings, partial: bool = False) -> Plan:
        plan = Plan()
        found = self._named(wanted)
        for machine in sorted(set(found.values())):
            moves = {old: old.replace(machine, NOBODY) for old in [*self._entries(found, machine), *self._rescue(machine)]}
            taken = [new for new in moves.values() if self.host.exists(new)]
            if taken:
                why = f"{taken[0]} is there already: remove the entry of the kernel that shall not start, or its files"
                plan.refusals.append(Refusal(frozenset([NAME]), why))
                continue
            plan.changes += [change for path in self._texts(found, machine) for change in self._edit(path, machine)]
            plan.changes += [self._move(old, new) for old, new in moves.items()]
        return plan

    def observe(self, wanted: Settings) -> Observations:
        found = sorted(self._named(wanted))
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        verb = "are" if len(found) > 1 else "is"
        message = f"{', '.join(map(shortened, found[:_SHOWN]))}{more} {verb} named after a machine-id" if found else ""
        return {name: Observation(found, os.path.dirname(BLS_ENTRIES), message) for name in wanted}

    def satisfies(self, name: str, wanted: Value, value: Value) -> bool:
        """What is observed is what nobody has allowed."""
        return not value

    def _named(self, wanted: Settings) -> dict[str, str]:
        """Each entry with the machine-id in its name."""
        _check(wanted)
        entries = ((path, _ENTRY.fullmatch(path)) for path in self.host.regular(BLS_ENTRIES))
        found = {path: entry["machine"] for path, entry in entries if entry and path not in wanted.get(NAME, [])}
        return {path: machine for path, machine in found.items() if machine != NOBODY}

    @staticmethod
    def _entries(found: dict[str, str], machine: str) -> Iterator[str]:
        return (path for path in found if found[path] == machine)

    def _rescue(self, machine: str) -> Iterator[str]:
        places = (pattern.format(machine=machine) for pattern in RESCUE)
        return (path for path in places if self.host.exists(path))

    def _texts(self, found: dict[str, str], machine: str) -> list[str]:
        """The files whose text names others by the machine-id; GRUB's environment has a size that must stay, and does."""
        return [*self._entries(found, machine), *([BLS_ENVIRONMENT] if self.host.exists(BLS_ENVIRONMENT) else [])]

    def _edit(self, path: str, machine: str) -> list[Change]:
        text = self.host.read(path) or ""
        return self.edit(path, text.replace(machine, NOBODY), [NAME])

    def _move(self, old: str, new: str) -> Change:
        return Change(old, f"{old}\n", f"{new}\n", frozenset([NAME]), lambda: os.rename(self.host.entry(old), self.host.entry(new)))


def _check(wanted: Settings) -> None:
    """Raise BadSetting for what means nothing."""
    for name, value in wanted.items():
        if name != NAME:
            raise BadSetting(f"boot_entries: there is no {name}; known is {NAME}")
        if not isinstance(value, list) or not all(isinstance(path, str) and path.startswith("/") for path in value):
            raise BadSetting(f"boot_entries: {NAME} is a list of entries that may be named after a machine, not {value!r}")
