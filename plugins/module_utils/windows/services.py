# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The services and drivers of a system, from their keys in the current control set."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry.hive import Key
from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry.registry import Registry
from ansible_collections.hygeia.golden.plugins.module_utils.windows.system import SERVICES

# SERVICE_BOOT_START and the others (winnt.h).
DISABLED = "disabled"
STARTS = {0: "boot", 1: "system", 2: "automatic", 3: "manual", 4: DISABLED}
_DRIVERS = 0x0F
_SYSTEM_ACCOUNT = "LocalSystem"


@dataclass(frozen=True)
class Service:
    name: str
    start: str
    account: str
    command: str
    driver: bool


def service(registry: Registry, name: str) -> Service | None:
    key = registry.key(f"{SERVICES}\\{name}")
    return _of(key) if key and key.value("Start") else None


def each(registry: Registry) -> Iterator[Service]:
    """All services and drivers."""
    above = registry.key(SERVICES)
    for key in above.subkeys() if above else ():
        if key.value("Start"):
            yield _of(key)


def _of(key: Key) -> Service:
    numbers = {name: value.number if value else None for name, value in ((name, key.value(name)) for name in ("Start", "Type"))}
    texts = {name: value.text if value else "" for name, value in ((name, key.value(name)) for name in ("ObjectName", "ImagePath"))}
    start, sort = numbers["Start"], numbers["Type"] or 0
    driver = bool(sort & _DRIVERS)
    return Service(
        key.name,
        STARTS.get(-1 if start is None else start, str(start)),
        texts["ObjectName"] or ("" if driver else _SYSTEM_ACCOUNT),
        texts["ImagePath"],
        driver,
    )
