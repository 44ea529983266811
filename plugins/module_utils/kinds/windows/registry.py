# Copyright (c) hygeia.golden authors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A value of the registry, as ``{HKLM\\SYSTEM\\CurrentControlSet\\Services\\LanmanServer\\Parameters\\SMB1: 0}``.

The path ends with the name of the value, or with nothing behind the last backslash for the default value. A name with a backslash
in it stands behind ``::``, such as ``HKLM\\SOFTWARE\\...\\HardenedPaths::\\\\*\\NETLOGON``. A part of the key may be ``*``: then
each such key must have what is expected, and where there is none the setting means nothing.

What is expected is as kinds/windows/expectation.py says. A number is a ``dword`` or ``qword``, a text any kind of text, unless a
``type`` is given. What binary values and values with the name of a secret hold is never shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.hygeia.golden.plugins.module_utils.kinds.base import Observation
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.base import WindowsKind
from ansible_collections.hygeia.golden.plugins.module_utils.kinds.windows.expectation import Found, presented, problems
from ansible_collections.hygeia.golden.plugins.module_utils.model import result
from ansible_collections.hygeia.golden.plugins.module_utils.model.control import Value
from ansible_collections.hygeia.golden.plugins.module_utils.util.errors import BadSetting
from ansible_collections.hygeia.golden.plugins.module_utils.util.masking import MASK
from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry import values
from ansible_collections.hygeia.golden.plugins.module_utils.windows.registry.registry import HIVES, split

_TEXTS = (values.SZ, values.EXPAND_SZ, values.MULTI_SZ)
_SECRET = re.compile(r"(?i)(password|passwd|pwd|secret|credential|token|privatekey|passphrase|activationkey|productkey)$")
# Where there are secrets under any name.
_VAULTS = ("HKLM\\SECURITY\\POLICY\\SECRETS", "HKLM\\SECURITY\\CACHE", "HKLM\\SAM")
_MOST_SHOWN = 10


class WindowsRegistry(WindowsKind):
    name = "windows_registry"
    types = True

    @classmethod
    def check(cls, name: str, value: Value) -> Mapping[str, Any]:
        key, unused_name = place(name)
        root, rest = split(key)
        if root is None or not rest:
            raise BadSetting(f"{cls.name}: {name} lies in no hive; begin with one of {', '.join(HIVES)}")
        return super().check(name, value)

    def look(self, name: str, wanted: Mapping[str, Any]) -> Observation:
        path, value = place(name)
        found: dict[str, values.Value | None] = {where: key.value(value) for where, key in self.system.registry.keys(path)}
        if not found and "*" in path.split("\\"):
            return Observation(status=result.NOT_APPLICABLE, message=f"there is no key {path}")
        found = found or {path: None}
        wrong = {where: "; it ".join(_problems(wanted, each)) for where, each in found.items()}
        bad = [where for where, sentence in wrong.items() if sentence]
        if any(_is_secret(where, each) for where, each in found.items()):  # the sentence would tell what it is
            wrong = dict.fromkeys(wrong, "must not be there" if wanted.get("absent") else "is not as expected")
        return Observation(
            self._presented(found, bad),
            "; ".join(_shown_place(where, value) for where in bad[:_MOST_SHOWN] or [path]),
            "; ".join(f"{_shown_place(where, value)} {wrong[where]}" for where in bad[:_MOST_SHOWN]),
            result.FAIL if bad else result.PASS,
        )

    @staticmethod
    def _presented(found: Mapping[str, values.Value | None], bad: list[str]) -> Any:
        """The value of the one key there is; of several those that are wrong, or all of them."""
        if len(found) == 1:
            ((where, value),) = found.items()
            return _safe(where, value)
        return {where: _safe(where, found[where]) for where in (bad or list(found))[:_MOST_SHOWN]}


def place(name: str) -> tuple[str, str]:
    """The key and the name of the value that a setting is about."""
    key, mark, value = name.partition("::")
    if mark:
        return key.rstrip("\\"), value
    key, unused_slash, value = name.rpartition("\\")
    return key, value


def _shown_place(key: str, value: str) -> str:
    return f"{key}\\{value or '(default)'}"


def _problems(wanted: Mapping[str, Any], value: values.Value | None) -> list[str]:
    """What is wrong with a value, or with its type, of which Windows takes no other."""
    if value is None or wanted.get("absent"):
        return problems(wanted, None if value is None else value.data)
    sort = wanted.get("type")
    if sort and value.type != sort:
        return [f"has the type {value.type} and not {sort}"]
    if not sort and _numeric(wanted) and value.number is None:
        return [f"has the type {value.type} and not dword"]
    if not sort and not _numeric(wanted) and value.sort not in _TEXTS:
        return [f"has the type {value.type} and not sz"]
    found: Found = value.data
    return problems(wanted, found)


def _numeric(wanted: Mapping[str, Any]) -> bool:
    """Is a number expected, where no type says otherwise?"""
    if "at_least" in wanted or "at_most" in wanted:
        return True
    given = [wanted.get("equals"), *wanted.get("one_of", ()), *wanted.get("none_of", ())]
    return any(isinstance(each, int) for each in given)


def _safe(key: str, value: values.Value | None) -> Any:
    """What may be shown of a value."""
    if value is None:
        return presented(None)
    return MASK if _is_secret(key, value) else presented(value.data)


def _is_secret(key: str, value: values.Value | None) -> bool:
    """Does a value hold what nobody may see? A number switches something on or off."""
    return value is not None and value.number is None and (bool(_SECRET.search(value.name)) or key.upper().startswith(_VAULTS))
